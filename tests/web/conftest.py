"""The built site and the browser, for all tests of the pages."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "_ext"))

from node_packages import NODE  # noqa: E402


def browser() -> str | None:
    return os.environ.get("CHROMIUM") or shutil.which("chromium")


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the browser's path; without one the tests say how to get it."""
    path = browser()
    if path is None:
        message = "no Chromium: `apt-get install chromium`, or set CHROMIUM to a browser's path"
        # The gate must not pass because it has looked at nothing.
        (pytest.fail if os.environ.get("CI") else pytest.skip)(message)
    if not (ROOT / "node_modules" / "playwright-core").is_dir():
        pytest.fail(f"the node packages are missing; install them with `{NODE.parent / 'npm'} ci`")
    return str(path)


def build(folder: Path, **changes: str) -> Path:
    """Build the committed notebooks in a copy of the book; return the folder of the pages."""
    copy = folder / "book"
    shutil.copytree(
        ROOT,
        copy,
        ignore=shutil.ignore_patterns(
            ".git", ".venv", "_build", "node_modules", "*cache*", "tests"
        ),
    )
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    for old, new in changes.items():
        config = (copy / "_config.yml").read_text()
        assert old in config
        (copy / "_config.yml").write_text(config.replace(old, new, 1))
    builder = Path(sys.executable).parent / "jupyter-book"
    run = subprocess.run(
        [builder, "build", "-q", "-W", "-n", "--keep-going", str(copy)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, f"{run.stdout}{run.stderr}"
    return copy / "_build" / "html"


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the pages as a reader without a public address gets them."""
    return build(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="session")
def audit(site: Path, chromium: str) -> dict:
    """Return what `audit.mjs` saw on every page."""
    run = subprocess.run(
        [NODE, ROOT / "tests" / "web" / "audit.mjs", site],
        env={**os.environ, "CHROMIUM": chromium},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)
