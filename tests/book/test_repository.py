"""The files around the book: workflows, citations, dependencies, licences."""

import re
import subprocess
import tomllib

import pytest
import yaml
from helpers.repository import NOTEBOOKS, ROOT, TEXTS

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def targets():
    return set(
        re.findall(
            r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
        )
    )


def test_make_alone_lists_the_targets():
    printed = subprocess.run(
        ["make"], cwd=ROOT, capture_output=True, encoding="utf-8", check=True
    ).stdout
    for target in targets():
        assert f"make {target}" in printed
    assert {"book", "test", "site", "serve", "chapters", "clean"} <= targets()


def test_readme_gives_the_two_commands_on_the_first_screen():
    first_screen = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:40]
    assert "make book" in "\n".join(first_screen)
    assert "make test" in "\n".join(first_screen)


def test_the_gate_runs_the_commands_of_the_readme():
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    without = lines.index("unset AE_DATA_DIR")
    assert "make test" in lines[:without]
    book = next(i for i, line in enumerate(lines) if line.startswith("make book"))
    assert book > without
    assert "tests/book/built_without_mnist.py" in lines[-1]
    assert "-m pytest" in lines[-1]  # whose last lines are the gate's


def steps(path):
    """Return the jobs of a workflow and their steps: (name of the job, step)."""
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [(name, step) for name, job in workflow["jobs"].items() for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.name)
def test_workflows_call_what_people_call_and_nothing_else(path):
    """Targets of make and the gate; where there is no make, the commands of README."""
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"]
    assert all(job["timeout-minutes"] <= 120 for job in workflow["jobs"].values())
    for job, step in steps(path):
        if "run" not in step:
            assert re.fullmatch(r"actions/[\w-]+@v\d+", step["uses"]), step
        elif job == "students":
            assert re.match(r"python -m (pip install|pytest) ", step["run"]), step
        elif step["run"] != ".ci/run":
            called = re.fullmatch(r"make ([a-z-]+)( [A-Z]+=\w+)*", step["run"])
            assert called, step
            assert called[1] in targets(), step


def test_the_gate_runs_on_each_push_with_what_it_needs():
    workflow = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8"))
    assert {"push", "pull_request"} <= set(workflow[True])  # YAML reads the key `on` as true
    run = [step["run"] for step in workflow["jobs"]["gate"]["steps"] if "run" in step]
    assert run == ["make setup-ci", ".ci/run"]


def test_students_systems_are_tried_without_make():
    """On Windows and macOS: install as README says, the package's tests, a chapter."""
    workflow = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8"))
    job = workflow["jobs"]["students"]
    assert job["strategy"]["matrix"]["system"] == ["windows-latest", "macos-latest"]
    assert job["env"] == {"AE_PROFILE": "quick"}
    install, *tests = [step["run"] for step in job["steps"] if "run" in step]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"\n{install}\n" in readme, "README gives another command"
    assert tests == [
        "python -m pytest tests/ae_lib",
        "python -m pytest chapters/dense_autoencoder.ipynb",
    ]


def test_other_versions_and_backends_run_every_chapter():
    jobs = yaml.safe_load((ROOT / ".github/workflows/versions.yml").read_text(encoding="utf-8"))
    without_mnist = jobs["jobs"].pop("standin")
    assert without_mnist["env"] == {"AE_DATASET": "standin"}
    assert [step["run"] for step in without_mnist["steps"][-2:]] == ["make setup-ci", "make test"]
    called = {
        step["run"] for job in jobs["jobs"].values() for step in job["steps"] if "run" in step
    }
    assert called == {f"make test-{name}" for name in ("jax", "torch", "oldest", "newest")}
    for target in called:
        command = ["make", "--dry-run", "--always-make", target.split()[1]]
        said = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
        (pytest_line,) = (
            x for x in said.stdout.replace("\\\n", "").splitlines() if " pytest " in x
        )
        assert " chapters " in pytest_line, target


def test_the_environment_is_made_again_for_a_new_lock_only(tmp_path):
    """A rule of ruff more in pyproject.toml does not cost minutes."""
    venv = tmp_path / "venv"
    venv.mkdir()
    for name in (".locked", ".ready"):
        (venv / name).touch()

    def said(*changed):
        touched = [f"--what-if={name}" for name in changed]
        command = ["make", "--dry-run", f"VENV={venv}", *touched, "sync"]
        return subprocess.run(
            command, cwd=ROOT, capture_output=True, encoding="utf-8", check=True
        ).stdout

    assert "pip install" not in said()
    assert "venv --clear" in said(".ci/requirements.lock")
    assert "venv --clear" not in said("pyproject.toml")
    assert "--no-deps --no-build-isolation -e ." in said("pyproject.toml")


def test_there_are_four_workflows():
    assert [path.stem for path in WORKFLOWS] == ["gpu", "publish", "test", "versions"]
    gpu = yaml.safe_load(WORKFLOWS[0].read_text(encoding="utf-8"))
    assert "schedule" in gpu[True]  # YAML reads the key `on` as true
    assert "workflow_dispatch" in gpu[True]
    assert gpu["jobs"]["gpu"]["env"]["AE_PROFILE"] == "full"
    assert "vars." in gpu["jobs"]["gpu"]["runs-on"]


def test_every_citation_exists_and_every_entry_is_cited():
    pages = [*TEXTS, ROOT / "index.md"]
    cited = set()
    for page in pages:
        for keys in re.findall(r"\{cite:\w+\}`([^`]+)`", page.read_text(encoding="utf-8")):
            cited |= set(keys.split(","))
    bibliography = (ROOT / "pages" / "references.bib").read_text(encoding="utf-8")
    assert set(re.findall(r"^@\w+\{(\w+),", bibliography, re.MULTILINE)) == cited


def test_references_can_be_followed():
    for entry in re.split(
        r"\n(?=@)", (ROOT / "pages" / "references.bib").read_text(encoding="utf-8")
    ):
        doi = re.search(r"doi = \{(.*)\}", entry)
        assert doi or "url = {https://" in entry or "howpublished" in entry, entry
        assert not doi or re.fullmatch(r"10\.\d{4,9}/\S+", doi[1])


def test_requirements_are_lower_bounds_and_the_lock_is_exact():
    needs = [
        line.split("#")[0].strip()
        for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
        if line.strip() and not line.startswith("#")
    ]
    assert all(re.fullmatch(r"[\w-]+>=[\d.]+(post\d+)?(,<\d+)?", need) for need in needs), needs
    locked = re.findall(
        r"^([a-z][\w-]*)==",
        (ROOT / ".ci" / "requirements.lock").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    for need in needs:
        assert re.split(r">=", need)[0].replace("_", "-").lower() in locked
    for name in ("tensorflow", "keras", "scikit-learn", "matplotlib", "jupytext", "nbval"):
        assert any(need.startswith(name) for need in needs)
    assert any(need.startswith("jupyter-book") and need.endswith("<2") for need in needs)


def test_the_graders_lock_is_a_part_of_the_courses():
    all_of_it, part = (
        set(
            re.findall(
                r"^[a-z][\w.-]*==\S+", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE
            )
        )
        for name in (".ci/requirements.lock", "grader/requirements.lock")
    )
    assert part < all_of_it
    assert {"tensorflow", "otter-grader", "hatchling"} <= {line.split("==")[0] for line in part}


def test_the_package_asks_for_no_more_than_the_requirements():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needs = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    extras = [need for group in project["optional-dependencies"].values() for need in group]
    assert set(project["dependencies"] + extras) <= set(needs)


def test_no_data_and_no_large_file():
    for path in [
        *NOTEBOOKS,
        *(ROOT / "ae_lib").rglob("*"),
        *(ROOT / "site" / "_static").rglob("*"),
    ]:
        if path.is_file():
            assert path.stat().st_size < 2_000_000, path
            assert not path.name.startswith("mnist")
