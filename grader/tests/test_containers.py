"""The second choice: podman and docker make boxes that hold as bubblewrap's do."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hostile import CASES, attack
from samples import SHEET, SOLUTION, Outside, notebook, wait_until

from ae_grade.cli import main
from ae_grade.sandbox import Sandbox, SandboxError, find_sandbox
from ae_grade.sheet import Sheet


@pytest.fixture(scope="module", params=["podman", "docker"])
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    """The gate names those that run on its machine; elsewhere the tests take what there is."""
    try:
        return find_sandbox(request.param)
    except SandboxError as error:
        if request.param in os.environ.get("AE_TEST_CONTAINERS", "").split():
            raise
        pytest.skip(str(error))


@pytest.mark.parametrize("name", CASES)
def test_marks_are_what_the_answers_deserve(
    name: str, sheet: Sheet, sandbox: Sandbox, outside: Outside
) -> None:
    attack(name, sheet, sandbox, outside)


def test_the_doctor_finds_that_the_box_holds(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["doctor", "--sandbox", sandbox.kind])
    said = capsys.readouterr().out
    assert ended.value.code == 0, said
    assert f"Sandbox: {sandbox.kind}" in said
    assert said.count("holds") >= 10


def test_it_is_taken_where_there_is_no_bubblewrap(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = shutil.which(sandbox.kind)
    assert program is not None
    (tmp_path / sandbox.kind).symlink_to(program)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_sandbox() == sandbox


def test_nothing_stays_behind_a_killed_run(tmp_path: Path, sandbox: Sandbox) -> None:
    """Not even a notebook that waits, though neither podman nor docker notice the kill.

    Their programs are not killed here: only the run and its workers, which hold the other ends.
    """
    (tmp_path / "subs").mkdir()
    sleepy = notebook(*SOLUTION, "import time; time.sleep(60)")
    (tmp_path / "subs" / "sleepy.ipynb").write_bytes(sleepy)
    words = [sys.executable, "-m", "ae_grade.cli", "run", str(SHEET), str(tmp_path / "subs")]
    words += ["--out", str(tmp_path / "out"), "--quiet", "--jobs", "1", "--sandbox", sandbox.kind]
    before = containers(sandbox)
    null = subprocess.DEVNULL
    run = subprocess.Popen(words, stdout=null, stderr=null, start_new_session=True)
    wait_until(lambda: containers(sandbox) - before, 30)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    # Sooner than the time limit of the cell would end it.
    wait_until(lambda: not containers(sandbox) - before, 3)


def containers(sandbox: Sandbox) -> set[str]:
    words = [sandbox.kind, "ps", "--all", "--format", "{{.Names}}"]
    listed = subprocess.run(words, capture_output=True, encoding="utf-8", check=True).stdout.split()
    return {name for name in listed if name.startswith("ae-grade-")}
