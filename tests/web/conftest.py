"""The built site and the browser, for all tests of the pages."""

import json
import os
from pathlib import Path

import pytest
from filelock import FileLock
from helpers.pages import ADDRESS, build, in_browser, need_browser


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the browser's path."""
    return need_browser()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the pages as they are published: with an address, which stands in _config.yml alone.

    tests/book/built_without_mnist.py looks at a book without one.
    """
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent  # one site for all workers: the first one builds it
    # `make test` calls pytest twice, and names a folder of its own for the site of both.
    shared = Path(os.environ.get("AE_TEST_SITE", shared))
    done = shared / "site.json"
    with FileLock(shared / "site.lock"):
        if not done.is_file():
            done.write_text(json.dumps(str(build(shared, **ADDRESS))), encoding="utf-8")
    return Path(json.loads(done.read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def audit(site: Path, chromium: str) -> dict:
    """Return what `audit.mjs` saw on every page."""
    return in_browser(chromium, "audit.mjs", site)
