"""The files around the book: workflows, citations, dependencies, licences."""

import re
import subprocess
import tomllib

import pytest
import yaml
from helpers.repository import NOTEBOOKS, ROOT, TEXTS

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def targets():
    return set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_make_alone_lists_the_targets():
    printed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in targets():
        assert f"make {target}" in printed
    assert {"book", "test", "site", "serve", "chapters", "clean"} <= targets()


def test_readme_gives_the_two_commands_on_the_first_screen():
    first_screen = (ROOT / "README.md").read_text().splitlines()[:40]
    assert "make book" in "\n".join(first_screen)
    assert "make test" in "\n".join(first_screen)


def test_the_gate_runs_the_readmes_test_command():
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert lines[-1] == "make test"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.name)
def test_workflows_call_make_and_nothing_else(path):
    workflow = yaml.safe_load(path.read_text())
    assert workflow["permissions"]
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 120
        for step in job["steps"]:
            if "run" in step:
                assert re.fullmatch(r"make ([a-z-]+)( [A-Z]+=\w+)*", step["run"]), step
                assert re.match(r"make ([a-z-]+)", step["run"])[1] in targets()
            else:
                assert re.fullmatch(r"actions/[\w-]+@v\d+", step["uses"]), step


def test_there_are_four_workflows():
    assert [path.stem for path in WORKFLOWS] == ["gpu", "publish", "test", "versions"]
    gpu = yaml.safe_load(WORKFLOWS[0].read_text())
    assert "schedule" in gpu[True]  # YAML reads the key `on` as true
    assert "workflow_dispatch" in gpu[True]
    assert gpu["jobs"]["gpu"]["env"]["AE_PROFILE"] == "full"
    assert "vars." in gpu["jobs"]["gpu"]["runs-on"]


def test_every_citation_exists_and_every_entry_is_cited():
    pages = [*TEXTS, ROOT / "index.md"]
    cited = set()
    for page in pages:
        for keys in re.findall(r"\{cite:\w+\}`([^`]+)`", page.read_text()):
            cited |= set(keys.split(","))
    bibliography = (ROOT / "pages" / "references.bib").read_text()
    assert set(re.findall(r"^@\w+\{(\w+),", bibliography, re.MULTILINE)) == cited


def test_references_can_be_followed():
    for entry in re.split(r"\n(?=@)", (ROOT / "pages" / "references.bib").read_text()):
        doi = re.search(r"doi = \{(.*)\}", entry)
        assert doi or "url = {https://" in entry or "howpublished" in entry, entry
        assert not doi or re.fullmatch(r"10\.\d{4,9}/\S+", doi[1])


def test_requirements_are_lower_bounds_and_the_lock_is_exact():
    needs = [
        line.split("#")[0].strip()
        for line in (ROOT / "requirements.txt").read_text().splitlines()
        if line.strip() and not line.startswith("#")
    ]
    assert all(re.fullmatch(r"[\w-]+>=[\d.]+(post\d+)?(,<2)?", need) for need in needs), needs
    locked = re.findall(
        r"^([a-z][\w-]*)==", (ROOT / ".ci" / "requirements.lock").read_text(), re.MULTILINE
    )
    for need in needs:
        assert re.split(r">=", need)[0].replace("_", "-").lower() in locked
    for name in ("tensorflow", "keras", "scikit-learn", "matplotlib", "jupytext", "nbval"):
        assert any(need.startswith(name) for need in needs)
    assert any(need.startswith("jupyter-book") and need.endswith("<2") for need in needs)


def test_the_package_asks_for_no_more_than_the_requirements():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needs = (ROOT / "requirements.txt").read_text().splitlines()
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
