"""With the Tab key alone: every control of every kind of page is reached, and is seen to be."""

import json
import os
import subprocess

import pytest
from helpers.pages import NODE
from helpers.repository import ROOT

PAGES = [
    "index.html",
    "chapters/dense_autoencoder.html",
    "chapters/tsne.html",
    "pages/demo.html",
    "exercises/pca_sheet.html",
    "pages/api.html",
    "search.html",
]


@pytest.fixture(scope="module")
def walked(site, chromium):
    run = subprocess.run(
        [NODE, ROOT / "tests" / "web" / "keyboard.mjs", site, *PAGES],
        env={**os.environ, "CHROMIUM": chromium},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.mark.parametrize("page", PAGES)
def test_every_control_is_reached_and_the_focus_is_seen(walked, page):
    assert walked[page]["controls"] > 5
    assert walked[page]["missed"] == []
    assert walked[page]["unseen"] == []
