"""The command `ae-grade`.

ae-grade build masters/pca_sheet.py                notebooks and tests for students and grader
ae-grade inspect submissions.zip                   who is found in it, and what is left out
ae-grade run pca_sheet submissions/ --out grades/  mark a folder, a Canvas zip or a Moodle zip
ae-grade merge grades/ part1/ part2/ --sheet NAME  join runs over parts, add marks given by hand
ae-grade doctor                                    whether the sandbox is there, and holds
"""

import argparse
import sys
from pathlib import Path

from ae_grade.files import processors
from ae_grade.sandbox import SandboxError, find_sandbox
from ae_grade.text import of_students

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> None:
    """Run the command; every error that a person can mend ends in one sentence, not a traceback."""
    options = parser().parse_args(arguments)
    try:
        status = options.function(options)
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. What was finished is in the log; the same command goes on.")
    except (SandboxError, OSError, ValueError, ImportError) as error:
        sys.exit(f"ae-grade: {error}")
    sys.exit(status)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="ae-grade", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = top.add_subparsers(required=True, metavar="command")

    build = commands.add_parser("build", help="make a sheet's files from its master")
    build.add_argument("master", type=Path, help="for example masters/pca_sheet.py")
    build.add_argument("--seed", type=int, default=0, help="of the course (default 0)")
    build.add_argument(
        "--out", type=Path, default=Path("exercises/dist"), help="default: exercises/dist/"
    )
    build.set_defaults(function=build_command)

    run = commands.add_parser("run", help="mark submissions")
    run.add_argument("sheet", help="the name of a built sheet, or its folder")
    run.add_argument("submissions", type=Path, help="a folder, a Canvas zip or a Moodle zip")
    run.add_argument("--out", type=Path, default=Path("grades"), help="default: grades/")
    run.add_argument("--jobs", type=int, default=processors(), help="default: all processors")
    run.add_argument("--shard", default="1/1", help="mark only the i-th of n parts: i/n")
    run.add_argument(
        "--no-sandbox",
        dest="sandbox",
        action="store_const",
        const="none",
        default="bubblewrap",
        help="run notebooks as ordinary programs: only for submissions that you trust",
    )
    run.add_argument("--quiet", action="store_true", help="no progress bar")
    run.set_defaults(function=run_command)

    inspect = commands.add_parser(
        "inspect", help="show who is found in a folder or zip, without grading"
    )
    inspect.add_argument("submissions", type=Path, help="a folder, a Canvas zip or a Moodle zip")
    inspect.add_argument(
        "--sheet", default="", help="the name of a built sheet, or its folder: knows its notebook"
    )
    inspect.set_defaults(function=inspect_command)

    merge = commands.add_parser("merge", help="join runs over parts; add marks given by hand")
    merge.add_argument("out", type=Path, help="where the joined tables go")
    merge.add_argument("parts", type=Path, nargs="*", help="folders of runs with --shard")
    merge.add_argument("--sheet", required=True, help="the name of the sheet, or its folder")
    merge.add_argument(
        "--marks",
        type=Path,
        help="CSV or .xlsx with a column student or identifier, and one for each question in words",
    )
    merge.set_defaults(function=merge_command)

    doctor = commands.add_parser("doctor", help="try the sandbox of this machine")
    doctor.set_defaults(function=doctor_command)
    return top


def build_command(options: argparse.Namespace) -> int:
    from ae_grade.build import build_sheet

    print(f"Built {build_sheet(options.master, options.out, options.seed)}")
    return 0


def run_command(options: argparse.Namespace) -> int:
    sandbox = find_sandbox(options.sandbox)  # first: elsewhere than on Linux there is no more

    from ae_grade.batch import grade_all, shard
    from ae_grade.collect import collect
    from ae_grade.log import LOG, Log, Roster, write_roster
    from ae_grade.merge import with_kept_marks
    from ae_grade.report import write_reports
    from ae_grade.sheet import load_sheet

    if options.jobs < 1:
        raise ValueError(f"--jobs {options.jobs}; expected at least 1.")
    sheet = load_sheet(options.sheet)
    found = collect(options.submissions, sheet.notebook)
    if not found.submissions:
        raise ValueError(f"{options.submissions} holds no submissions.")
    if found.clashes:
        raise ValueError("\n".join(["Nothing was graded.", *found.clashes]))
    chosen = shard(found.submissions, options.shard)
    data = sheet.course.settle()
    print(f"Sheet {sheet.name}, {f'data set {data}, ' if data else ''}sandbox {sandbox}.")
    if options.sandbox == "none":
        print("No sandbox: these notebooks can read and change what you can.", file=sys.stderr)
    log = Log(options.out / LOG)
    outcome = grade_all(sheet, chosen, log, sandbox, options.jobs, not options.quiet)
    records = with_kept_marks(options.out, sheet, outcome.records)
    students = {key: record["sha256"] for key, record in outcome.records.items()}
    names = {s.key: (s.student, s.identifier) for s in chosen}
    hashes = {**dict.fromkeys(outcome.failed, ""), **students}
    write_roster(options.out, Roster(found.kind, hashes, names))
    table = found.table()
    write_reports(options.out, sheet, records.values(), found.kind, outcome.failed, table)
    print(table)
    for one in sorted(outcome.failed.values()):
        print(f"not graded: {one.called}: {one.why.strip().splitlines()[-1]}", file=sys.stderr)
    print(
        f"{outcome.graded} graded now, {outcome.kept} kept from earlier runs, "
        f"{len(outcome.failed)} not graded. See {options.out / 'grades.csv'} and "
        f"{options.out / 'staff.html'}."
    )
    return 1 if outcome.failed else 0


def inspect_command(options: argparse.Namespace) -> int:
    from ae_grade.collect import collect
    from ae_grade.sheet import load_sheet

    notebook = load_sheet(options.sheet).notebook if options.sheet else ".ipynb"
    found = collect(options.submissions, notebook)
    print(found.table())
    return 1 if found.clashes or not found.submissions else 0


def merge_command(options: argparse.Namespace) -> int:
    from ae_grade.merge import merge
    from ae_grade.sheet import load_sheet

    joined = merge(options.out, options.parts, load_sheet(options.sheet), options.marks)
    for note in joined.notes:
        print(note)
    for called in joined.waiting:
        print(f"not graded yet: {called}", file=sys.stderr)
    print(f"{of_students(joined.students)} in {options.out / 'grades.csv'}.")
    return 1 if joined.waiting else 0


def doctor_command(options: argparse.Namespace) -> int:
    from ae_grade.doctor import examine

    return examine()


if __name__ == "__main__":
    main()
