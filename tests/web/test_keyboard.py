"""With the Tab key alone: every control of every kind of page is reached, and is seen to be."""

import pytest
from helpers.pages import in_browser

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
    return in_browser(chromium, "keyboard.mjs", site, *PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_every_control_is_reached_and_the_focus_is_seen(walked, page):
    assert walked[page]["controls"] > 5
    assert walked[page]["missed"] == []
    assert walked[page]["unseen"] == []
