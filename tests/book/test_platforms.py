"""Other machines than this one: other systems, other Pythons, and a notebook on its own.

What Windows does is tried here with its usual encoding, cp1252; that system and macOS have a job
of their own in .github/workflows/test.yml.
"""

import ast
import errno
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml
from helpers.repository import NOTEBOOKS, ROOT, copy_of_the_repository

from ae_grade.install import install_cell
from tools import machine, python_range, sheets
from tools.results import write_atomically

TRACKED_FOLDERS = ("ae_lib", "ae_grade", "grader", "tools", "tests", "site/_ext", "masters")
SOURCES = sorted(
    path
    for folder in TRACKED_FOLDERS
    for path in (ROOT / folder).rglob("*.py")
    if not {"node_modules", "__pycache__"} & set(path.parts)
)


# -- encodings


def keyword(call, name):
    return next((k.value for k in call.keywords if k.arg == name), None)


def in_text_mode(call, position):
    """Say whether a call like open() is in text mode; its mode stands at `position`."""
    mode = call.args[position] if len(call.args) > position else keyword(call, "mode")
    return mode is None or not (isinstance(mode, ast.Constant) and "b" in str(mode.value))


def leaves_the_encoding_to_the_machine(call):
    """Say whether a call reads or writes text and does not say how it is encoded."""
    if keyword(call, "encoding") or any(k.arg is None for k in call.keywords):
        return False
    if isinstance(call.func, ast.Name):
        return call.func.id == "open" and in_text_mode(call, 1)
    if not isinstance(call.func, ast.Attribute):
        return False
    name = call.func.attr
    owner = call.func.value.id if isinstance(call.func.value, ast.Name) else ""
    if name == "read_text":
        return not call.args
    if name == "write_text":
        return len(call.args) < 2
    if name == "fdopen":
        return in_text_mode(call, 1)
    if name in ("TemporaryFile", "NamedTemporaryFile", "SpooledTemporaryFile"):
        mode = call.args[0] if call.args else keyword(call, "mode")
        return mode is not None and "b" not in str(getattr(mode, "value", ""))
    if owner == "subprocess":
        return any(keyword(call, k) is not None for k in ("text", "universal_newlines"))
    if name == "open":  # of a path; an archive, a picture or a browser opens something else
        others = ("Image", "archive", "os", "tarfile", "webbrowser")
        return owner not in others and in_text_mode(call, 0)
    return False


def unspecified(source):
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return [call.lineno for call in calls if leaves_the_encoding_to_the_machine(call)]


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("path.read_text()", True),
        ("(ROOT / 'x').read_text(encoding='utf-8')", False),
        ("path.write_text('x')", True),
        ("path.write_text('x', 'utf-8')", False),
        ("open('x')", True),
        ("open('x', 'wb')", False),
        ("path.open('w')", True),
        ("path.open('rb')", False),
        ("subprocess.run(words, text=True)", True),
        ("subprocess.run(words, encoding='utf-8')", False),
        ("subprocess.run(words)", False),
        ("tempfile.TemporaryFile('w+')", True),
        ("tempfile.TemporaryFile()", False),
    ],
)
def test_the_rule_for_encodings(code, found):
    assert bool(unspecified(code)) is found


def test_no_encoding_is_left_to_the_machine():
    assert len(SOURCES) > 50
    places = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in SOURCES
        for line in unspecified(path.read_text(encoding="utf-8"))
    ]
    assert not places, f'say encoding="utf-8": {places}'


@pytest.fixture(scope="session")
def cp1252(tmp_path_factory):
    """Return an environment in which Python's default encoding is that of Windows."""
    if shutil.which("localedef") is None or not Path("/usr/share/i18n/locales/en_US").is_file():
        message = "the locales' sources are missing: `apt-get install locales`"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(message)
    folder = tmp_path_factory.mktemp("locales")
    command = ["localedef", "-f", "CP1252", "-i", "en_US", str(folder / "en_US.CP1252")]
    # It warns that the encoding is not one for a terminal, and then writes the locale.
    done = subprocess.run([*command, "--force"], capture_output=True, check=False)
    assert (folder / "en_US.CP1252").is_dir(), done.stderr
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LC_")}
    environment |= {"LOCPATH": str(folder), "LC_ALL": "en_US.CP1252", "PYTHONUTF8": "0"}
    environment.pop("PYTHONIOENCODING", None)
    said = subprocess.run(
        [sys.executable, "-c", "import locale; print(locale.getencoding())"],
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert said.stdout.strip().lower() in ("cp1252", "windows-1252")
    return environment


def contents(folder):
    left_out = {"_build", "__pycache__", "node_modules"}
    return {
        path.relative_to(folder): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not left_out & set(path.parts)
    }


def test_the_tools_write_the_same_under_windows_encoding(cp1252, tmp_path):
    copy = copy_of_the_repository(tmp_path)
    cp1252["PYTHONPATH"] = str(copy)

    def run(words, environment):
        return subprocess.run(
            [sys.executable, "-m", *words],
            cwd=copy,
            env=environment,
            capture_output=True,
            encoding="utf-8" if environment is usual else "cp1252",
            check=False,
        )

    def tool(*words):
        done = run(words, cp1252)
        assert done.returncode == 0, f"{words}: {done.stdout[-2000:]}{done.stderr[-2000:]}"

    usual = {**os.environ, "PYTHONPATH": str(copy), "PYTHONUTF8": "1"}
    writing = (("tools.book", "format"), ("tools.book", "sync"), ("tools.sheets", "sync"))
    for words in writing:
        assert run(words, usual).returncode == 0
    before = contents(copy)
    for words in writing:
        tool(*words)
    for module in ("tools.book", "tools.sheets"):
        theirs, ours = (run((module, "check"), e) for e in (cp1252, usual))
        assert theirs.returncode == ours.returncode
        assert theirs.stderr == ours.stderr  # which notebooks are stale, if any
    after = contents(copy)
    assert [str(name) for name in before if before[name] != after.get(name)] == []
    assert set(after) == set(before)

    # Changed text, with letters that cp1252 has not, is written as everywhere.
    text = copy / "chapters" / "pca.md"
    source = text.read_text(encoding="utf-8") + "\nΣ and ≈ and “quotes”.\n"
    text.write_text(source, encoding="utf-8", newline="\n")
    tool("tools.book", "sync")
    cells = nbformat.reads((copy / "chapters/pca.ipynb").read_bytes().decode(), as_version=4).cells
    assert "Σ and ≈ and “quotes”." in cells[-1].source

    tool("ae_grade.cli", "build", "masters/pca_sheet.py", "--out", str(tmp_path / "built"))
    committed = sheets.ROOT / "exercises" / "pca_sheet.ipynb"
    made = tmp_path / "built" / "pca_sheet" / "student" / "pca_sheet.ipynb"
    assert made.read_bytes() == committed.read_bytes()


# -- processors and Python


def test_processors_are_counted_on_any_system(monkeypatch):
    monkeypatch.delattr(os, "process_cpu_count", raising=False)
    if hasattr(os, "sched_getaffinity"):
        assert machine.processors() == len(os.sched_getaffinity(0))
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)  # macOS and Windows
    assert machine.processors() == os.cpu_count()
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert machine.processors() == 1
    monkeypatch.setattr(os, "process_cpu_count", lambda: 3, raising=False)  # Python 3.13
    assert machine.processors() == 3


def test_linux_alone_is_asked_where_there_is_a_sandbox_only():
    """Calls that macOS or Windows lack stand in `machine.py`, or where bubblewrap is needed."""
    linux = re.compile(
        r"os\.(sched_getaffinity|getuid|geteuid|fork|pidfd_open)\b|^import (fcntl|resource)"
    )
    places = [
        str(path.relative_to(ROOT))
        for folder in ("ae_lib", "tools", "site/_ext")
        for path in (ROOT / folder).rglob("*.py")
        if linux.search(path.read_text(encoding="utf-8"))
    ]
    assert places == ["tools/machine.py"]


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ((3, 10, 14), "This is Python 3.10; the course needs Python 3.11 to 3.13."),
        ((3, 14, 0), "This is Python 3.14, for which TensorFlow has no packages yet;"),
    ],
)
def test_make_names_the_versions_of_python_that_work(version, said, tmp_path):
    """A Python that says it is another version stops before anything is made."""
    fake = tmp_path / "python"
    code = (
        f"import runpy, sys; sys.version_info = {version}; sys.argv = sys.argv[1:]; "
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    fake.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{code}" "$@"\n', encoding="utf-8")
    fake.chmod(0o755)
    done = subprocess.run(
        ["make", "book", f"PYTHON={fake}", f"VENV={tmp_path / 'venv'}"],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode != 0
    assert said in done.stderr
    assert "make PYTHON=python3.12" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_the_range_of_python_is_said_once_and_everything_agrees():
    first, end = python_range.supported()
    assert [python_range.problem((3, minor, 0)) for minor in range(first, end)] == [""] * (
        end - first
    )
    span = f"Python 3.{first} to 3.{end - 1}"
    for page in ("README.md", "index.md", "exercises/about.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        assert span in text, page
        assert not re.search(r"3\.\d+ or newer", text), page
    gate = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8"))
    tried = gate["jobs"]["gate"]["strategy"]["matrix"]["python"]
    assert tried == [f"3.{minor}" for minor in range(first, end)]


# -- a full disk, a folder that cannot be written


@pytest.mark.parametrize(
    ("number", "advice"),
    [(errno.ENOSPC, "Make room on that disk"), (errno.EROFS, "Copy the course's folder")],
)
def test_a_file_that_cannot_be_written_is_named(number, advice, tmp_path, monkeypatch):
    path = tmp_path / "record.json"
    write_atomically(path, "old")

    def fails(self, *arguments, **options):
        self.touch()
        raise OSError(number, os.strerror(number))  # without a name, as write() does

    monkeypatch.setattr(Path, "write_text", fails)
    with pytest.raises(SystemExit) as stopped, machine.explained():
        write_atomically(path, "new")
    assert str(path) in str(stopped.value)
    assert advice in str(stopped.value)
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_other_errors_are_not_explained_away():
    with pytest.raises(FileNotFoundError), machine.explained():
        raise FileNotFoundError(errno.ENOENT, "No such file", "x")


# -- the first cell of a notebook that was downloaded alone

RUN_CELL = """
import json, pathlib, sys
from IPython.core.interactiveshell import InteractiveShell

# A student's machine: everything but the course.
sys.path[:] = [p for p in sys.path if not (pathlib.Path(p or ".") / "ae_lib").is_dir()]
shell = InteractiveShell.instance()
calls = []
shell.register_magic_function(lambda line: calls.append(line), magic_name="pip")
result = shell.run_cell(sys.stdin.read(), store_history=False)
error = result.error_before_exec or result.error_in_exec
print(json.dumps({"pip": calls, "kind": type(error).__name__, "message": str(error)}))
"""


def run_cell(source, folder, **environment):
    """Run a cell in `folder` where ae_lib is missing; return pip's commands and the error."""
    inherited = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", RUN_CELL],
        cwd=folder,
        env={**inherited, "IPYTHONDIR": str(folder / ".ipython"), **environment},
        input=source,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_a_lone_notebook_without_an_address_says_what_to_do(tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "my-thesis"\nversion = "0.1"\n', encoding="utf-8"
    )
    below = tmp_path / "notebooks"
    below.mkdir()
    for folder in (tmp_path, below):  # alone, and below a project of the student's
        found = run_cell(install_cell(""), folder)
        assert found["kind"] == "ModuleNotFoundError"
        assert "FOLDER[tensorflow]" in found["message"]
        assert found["pip"] == [], "nothing may be installed from wherever the notebook lies"


def test_a_lone_notebook_with_an_address_installs_from_there(tmp_path):
    found = run_cell(install_cell("git@github.com:example/course.git", "2027"), tmp_path)
    (line,) = found["pip"]
    assert '"ae-lib[tensorflow] @ git+https://github.com/example/course@2027"' in line
    # This pip has installed nothing, as one without a network would.
    assert found["kind"] == "ModuleNotFoundError"
    assert "what pip says above is the reason" in found["message"]


def test_a_missing_git_is_named(tmp_path):
    found = run_cell(
        install_cell("https://github.com/example/course"), tmp_path, PATH=str(tmp_path)
    )
    assert found["kind"] == "ModuleNotFoundError"
    assert "Install git" in found["message"]
    assert found["pip"] == []


@pytest.mark.parametrize(
    ("url", "installed"),
    [
        ("https://github.com/example/course", "https://github.com/example/course@main"),
        ("https://gitlab.com/group/sub/course.git/", "https://gitlab.com/group/sub/course@main"),
        ("ssh://git@example.org:22/group/course", "https://example.org/group/course@main"),
    ],
)
def test_addresses_become_https(url, installed):
    assert f"git+{installed}" in install_cell(url)


@pytest.mark.parametrize(
    "url", ["course", "https://", "ftp://example.org/course", "https://a.b/c d"]
)
def test_an_address_that_nobody_can_use_is_named(url):
    with pytest.raises(ValueError, match="_config.yml"):
        install_cell(url)


def test_chapters_and_sheets_have_names_of_their_own():
    """In one folder of downloads none overwrites another."""
    names = [path.name for path in [*NOTEBOOKS, *(ROOT / "exercises").glob("*.ipynb")]]
    assert len(set(names)) == len(names)
