"""The built site and the browser, for all tests of the pages."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from built_site import ROOT, build
from filelock import FileLock

sys.path.insert(0, str(ROOT / "_ext"))

from node_packages import NODE


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


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the pages as a reader without a public address gets them."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent  # one site for all workers: the first one builds it
    done = shared / "site.json"
    with FileLock(shared / "site.lock"):
        if not done.is_file():
            done.write_text(json.dumps(str(build(tmp_path_factory.mktemp("site")))))
    return Path(json.loads(done.read_text()))


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
