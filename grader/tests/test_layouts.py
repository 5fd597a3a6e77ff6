"""What instructors hand over, and who is found in it: nobody is lost, everybody is told."""
# ruff: noqa: E501 - a table of names reads best in lines

import re
import zipfile
from pathlib import Path

import pytest
from samples import COUNT, SHEET, notebook, write_zip

from ae_grade.cli import main
from ae_grade.collect import collect

N = notebook()
# Files, and the students found: name, identifier, file, and a word of the problem if there is one.
LAYOUTS: dict[str, tuple[list[str], list[tuple[str, str, str, str]]]] = {
    "a name, a date": (
        ["smith_2026_11_25.ipynb", "jones_2026_11_25.ipynb", "wu_2026_11_24.ipynb"],
        [(f"{n}", "", f"{n}.ipynb", "") for n in ("jones_2026_11_25", "smith_2026_11_25", "wu_2026_11_24")],
    ),
    "a name, a date, alone": (
        ["smith_2026_11_25.ipynb"],
        [("smith_2026_11_25", "", "smith_2026_11_25.ipynb", "")],
    ),
    "a name, a year, the sheet": (
        ["mueller_2027_01_small.ipynb", "schmidt_2027_01_small.ipynb"],
        [(f"{n}_2027_01_small", "", f"{n}_2027_01_small.ipynb", "") for n in ("mueller", "schmidt")],
    ),
    "a name, a time, a day": (
        ["jones_1445_20261126_x.ipynb", "smith_1430_20261125_x.ipynb"],
        [(f"{n}_x", "", f"{n}_x.ipynb", "") for n in ("jones_1445_20261126", "smith_1430_20261125")],
    ),
    "Canvas, one upload with the number of a day": (
        ["ada_101_20261125_small.ipynb", "wu_102_20261199_small.ipynb"],
        [("ada", "101", "small.ipynb", ""), ("wu", "102", "small.ipynb", "")],
    ),
    "a folder of notebooks, zipped": (
        ["submissions/alice.ipynb", "submissions/bob.ipynb"],
        [("alice", "", "alice.ipynb", ""), ("bob", "", "bob.ipynb", "")],
    ),
    "a folder of folders, zipped": (
        ["course/subs/alice/small.ipynb", "course/subs/bob/small.ipynb"],
        [("alice", "", "small.ipynb", ""), ("bob", "", "small.ipynb", "")],
    ),
    "groups with a notebook for each student": (
        ["A/alice.ipynb", "A/bob.ipynb", "B/carol.ipynb", "B/dan.ipynb"],
        [(n, "", f"{n}.ipynb", "") for n in ("alice", "bob", "carol", "dan")],
    ),
    "groups, one with a single notebook": (
        ["Group 1/alice.ipynb", "Group 1/bob.ipynb", "Group 2/carl.ipynb"],
        [(n, "", f"{n}.ipynb", "") for n in ("alice", "bob", "carl")],
    ),
    "groups, one with a single folder": (
        ["Group 1/alice/small.ipynb", "Group 1/bob/small.ipynb", "Group 2/carl/small.ipynb"],
        [(n, "", "small.ipynb", "") for n in ("alice", "bob", "carl")],
    ),
    "students, one with a single notebook": (
        ["ada/draft.ipynb", "ada/final.ipynb", "bob/solution.ipynb"],
        [("ada", "", "ada/draft.ipynb, ada/final.ipynb", "several notebooks"), ("bob", "", "solution.ipynb", "")],
    ),
    "groups with a folder for each student": (
        ["A/alice/small.ipynb", "A/bob/small.ipynb", "B/carol/small.ipynb", "B/dan/x.ipynb"],
        [(n, "", "small.ipynb", "") for n in ("alice", "bob", "carol")] + [("dan", "", "x.ipynb", "")],
    ),
    "Canvas, unzipped and zipped again": (
        ["submissions/loveroada_101_5001_small.ipynb", "submissions/wu_102_5002_small.ipynb"],
        [("loveroada", "101", "small.ipynb", ""), ("wu", "102", "small.ipynb", "")],
    ),
    "Canvas, names with an underscore": (
        ["de_la_cruz_101_5001_small.ipynb", "wu_LATE_102_5002_small.ipynb"],
        [("de_la_cruz", "101", "small.ipynb", ""), ("wu", "102", "small.ipynb", "")],
    ),
    "Canvas, anonymous": (
        ["anon_a1B2c_5001_small.ipynb", "anon_LATE_Zz9y8_5002_small.ipynb"],
        [("anon_a1B2c", "a1B2c", "small.ipynb", ""), ("anon_Zz9y8", "Zz9y8", "small.ipynb", "")],
    ),
    "Canvas, in time and late, and an answer typed in": (
        ["wu_102_5002_small.ipynb", "wu_LATE_102_5003_small-1.ipynb", "ada_103_text.html"],
        [("ada", "103", "text.html", "no notebook"), ("wu", "102", "small.ipynb", "")],
    ),
    "not all names are Canvas's": (
        ["wu_102_5002_small.ipynb", "ada.ipynb"],
        [("ada", "", "ada.ipynb", ""), ("wu_102_5002_small", "", "wu_102_5002_small.ipynb", "")],
    ),
    "Moodle, unzipped and zipped again": (
        ["x/Ada L_77_assignsubmission_file_/small.ipynb", "x/Bo_78_assignsubmission_file_/a.ipynb"],
        [("Ada L", "77", "small.ipynb", ""), ("Bo", "78", "a.ipynb", "")],
    ),
    "Moodle, without the last underscore": (
        ["Ada L_77_assignsubmission_file/small.ipynb", "Bo_78_assignsubmission_file/a.ipynb"],
        [("Ada L", "77", "small.ipynb", ""), ("Bo", "78", "a.ipynb", "")],
    ),
    "what systems add": (
        [".DS_Store", "Thumbs.db", "ada/._small.ipynb", "ada/final.ipynb", "__MACOSX/ada/._f.ipynb",
         "ada/.ipynb_checkpoints/final-checkpoint.ipynb", "bob/small.ipynb", "bob/.DS_Store"],
        [("ada", "", "final.ipynb", ""), ("bob", "", "small.ipynb", "")],
    ),
    "copies beside the notebook": (
        ["a/small.ipynb", "a/small-Copy1.ipynb", "b/small (1).ipynb", "b/small.ipynb", "c/small-1.ipynb",
         "c/scratch.ipynb"],
        [("a", "", "small.ipynb", ""), ("b", "", "small.ipynb", ""), ("c", "", "small-1.ipynb", "")],
    ),
    "two notebooks that nobody can tell apart": (
        ["a/one.ipynb", "a/two.ipynb", "b/small.ipynb"],
        [("a", "", "a/one.ipynb, a/two.ipynb", "several notebooks"), ("b", "", "small.ipynb", "")],
    ),
    "attempts in folders": (
        ["ada/attempt 2/small.ipynb", "ada/attempt 10/small.ipynb", "bob/small.ipynb"],
        [("ada", "", "small.ipynb", ""), ("bob", "", "small.ipynb", "")],
    ),
    "as browsers save them": (
        ["ada.ipynb.json", "bob.ipynb.txt"],
        [("ada", "", "ada.ipynb.json", ""), ("bob", "", "bob.ipynb.txt", "")],
    ),
    "no notebooks": (
        ["ada.py", "bob.html", "carol.pdf", "dan.tar", "eve.zip", "flo/"],
        [("ada", "", "ada.py", "no notebook"), ("bob", "", "bob.html", "no notebook"),
         ("carol", "", "carol.pdf", "no notebook"), ("dan", "", "dan.tar", "no notebook"),
         ("eve", "", "eve.zip", "no notebook"), ("flo", "", "flo", "empty")],
    ),
    "backslashes of Windows": (
        ["subs\\alice\\small.ipynb", "subs\\bob\\small.ipynb"],
        [("alice", "", "small.ipynb", ""), ("bob", "", "small.ipynb", "")],
    ),
    "letters of all kinds": (
        ["Ann\u00a0Lee.ipynb", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645.ipynb", "\U0001f468\u200d\U0001f4bb.ipynb"],
        [("Ann\u00a0Lee", "", "Ann\u00a0Lee.ipynb", ""),
         ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645.ipynb", ""),
         ("\U0001f468\u200d\U0001f4bb", "", "\U0001f468\u200d\U0001f4bb.ipynb", "")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("packed", [True, False], ids=["zip", "folder"])
def test_nobody_is_lost(name: str, packed: bool, tmp_path: Path) -> None:
    files, expected = LAYOUTS[name]
    if packed:
        source = write_zip(tmp_path / "s.zip", dict.fromkeys(files, N))
    else:
        source = tmp_path / "s"
        for file in (f.replace("\\", "/") for f in files):
            path = source / file
            (path if file.endswith("/") else path.parent).mkdir(parents=True, exist_ok=True)
            if not file.endswith("/"):
                path.write_bytes(N)
    found = collect(source, "small.ipynb")
    got = [(s.student, s.identifier, s.file, s.problem) for s in found.submissions]
    assert [g[:3] for g in got] == [e[:3] for e in expected]
    for (*_, problem), (*_, word) in zip(got, expected, strict=True):
        assert word in problem
        assert bool(word) == bool(problem)
    assert found.clashes == []
    table = found.table()
    for student, identifier, file, _ in expected:
        assert all(text in table for text in (student, identifier, file))
    # Each file is somebody's, or left out with a reason.
    names = {file.rstrip("/").replace("\\", "/").rpartition("/")[2] for file in files}
    told = table.replace("\\", "/")
    assert [n for n in names if n.removeprefix("x") not in told and "_" not in n] == []


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("ada.ipynb", "a\u200bda.ipynb"),
        ("ada.ipynb", "ad\u200da.ipynb"),
        ("Ann Lee.ipynb", "Ann\u00a0Lee.ipynb"),
        ("ada.ipynb", "\ufeffada.ipynb"),
        ("m\u00fcller.ipynb", "mu\u0308ller.ipynb"),
        ("ada /small.ipynb", "ada/small.ipynb"),
    ],
)
def test_two_names_that_look_the_same_are_an_error_that_names_both(
    one: str, two: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_zip(tmp_path / "s.zip", {one: notebook(COUNT), two: N, "bob.ipynb": N})
    (clash,) = collect(source, "small.ipynb").clashes
    assert ascii(one) in clash
    assert ascii(two) in clash
    for words in (["inspect"], ["run", str(SHEET)]):
        with pytest.raises(SystemExit) as ended:
            main([*words, str(source), *(["--out", str(tmp_path / "g")] if words[1:] else [])])
        assert ascii(two) in str(ended.value.code) + capsys.readouterr().out
        assert ended.value.code != 0
    assert not (tmp_path / "g" / "grades.csv").exists()


@pytest.mark.parametrize("groups", ["Group 1 Group 2", "A B", "2 10"])
@pytest.mark.parametrize("file", ["{}.ipynb", "{}/small.ipynb"])
def test_two_students_of_one_name_in_two_groups_are_an_error_that_names_both(
    groups: str, file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = re.findall(r"(?:Group )?\w+", groups)
    paths = [f"{one}/{file.format('alice')}", f"{two}/{file.format('alice')}"]
    others = [f"{one}/{file.format('bob')}", f"{two}/{file.format('carl')}"]
    source = write_zip(tmp_path / "s.zip", dict.fromkeys([*paths, *others], N))
    found = collect(source, "small.ipynb")
    (clash,) = found.clashes
    assert all(ascii(path) in clash for path in paths)
    assert [(s.student, bool(s.problem)) for s in found.submissions] == [
        *(("alice", True), ("bob", False), ("carl", False))
    ]
    with pytest.raises(SystemExit, match="would be one student"):
        main(["run", str(SHEET), str(source), "--out", str(tmp_path / "g")])
    with pytest.raises(SystemExit) as ended:
        main(["inspect", str(source)])
    assert ended.value.code == 1
    assert "Several groups have a student of this name" in capsys.readouterr().out
    assert not (tmp_path / "g").exists()


def test_the_same_name_twice_in_a_zip(tmp_path: Path) -> None:
    source = tmp_path / "s.zip"
    with zipfile.ZipFile(source, "w") as archive:
        archive.writestr("ada/small.ipynb", N)
        archive.writestr("bob/small.ipynb", N)
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("ada/small.ipynb", notebook(COUNT))
    found = collect(source, "small.ipynb")
    assert found.submissions[0].read() == notebook(COUNT)
    assert found.left_out == [
        ("ada/small.ipynb", "the zip holds this name again, later: that one counts")
    ]


def test_a_zip_in_a_zip_is_told(tmp_path: Path) -> None:
    source = write_zip(tmp_path / "s.zip", {"submissions.zip": b"PK"})
    with pytest.raises(ValueError, match="nothing but the archive 'submissions.zip'"):
        collect(source, "small.ipynb")


def test_inspect_shows_the_table_and_grades_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"ada/small.ipynb": N, "ada/old.ipynb": N, "bob/essay.pdf": b"%PDF", ".DS_Store": b""}
    source = write_zip(tmp_path / "s.zip", files)
    with pytest.raises(SystemExit) as ended:
        main(["inspect", str(source), "--sheet", str(SHEET)])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert "name of the folder; it has the sheet's name" in said
    assert "ada/old.ipynb: of ada, who also handed in small.ipynb" in said
    assert "no points: There is no notebook (.ipynb), only: essay.pdf." in said
    assert ".DS_Store: written by a system" in said
    assert "2 students, 1 with a notebook." in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s.zip"]
