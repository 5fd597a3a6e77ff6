"""Every page in a real browser: self-contained, silent, accessible, light, and steady."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from moved_pages import MOVED

VISITS = ["http 360", "http 1280", "file"]


def test_every_page_was_visited(audit, site):
    pages = {path.relative_to(site).as_posix() for path in site.rglob("*.html")}
    pages = {name for name in pages if not name.startswith(("_static", "_sources"))}
    moved = {f"{old}.html" for old in MOVED}
    assert set(audit) == pages - moved - {"404.html"}
    assert {"index.html", "chapters/pca.html", "search.html", "genindex.html"} <= pages


def visited(audit, visit):
    """Return what was seen on each page; as files only pages of each kind are opened."""
    found = {name: page[visit] for name, page in audit.items() if visit in page}
    assert len(found) > 5
    return found


@pytest.mark.parametrize("visit", VISITS)
def test_nothing_is_asked_of_other_hosts_and_nothing_fails(audit, visit):
    for name, page in visited(audit, visit).items():
        assert page["foreign"] == [], name
        assert page["failed"] == [], name


@pytest.mark.parametrize("visit", VISITS)
def test_the_console_is_silent(audit, visit):
    for name, page in visited(audit, visit).items():
        loud = [line for line in page["console"] if not line.startswith(("log", "debug"))]
        assert loud == [], name


@pytest.mark.parametrize("look", ["light 360", "light 1280", "dark 360", "dark 1280"])
def test_axe_finds_nothing(audit, look):
    looked = {name: page["axe"][look] for name, page in audit.items() if look in page["axe"]}
    assert "index.html" in looked
    assert {name: found for name, found in looked.items() if found} == {}


def test_axe_has_seen_every_page_in_both_themes_and_at_both_widths(audit):
    for name, page in audit.items():
        assert {"dark 360", "light 1280"} <= set(page["axe"]), name


def test_nothing_jumps_and_nothing_is_wider_than_the_screen(audit):
    for name, page in audit.items():
        assert max(page["shift"].values()) < 0.05, name
        assert max(page["wide"].values()) <= 0, name


def test_no_code_and_no_table_is_cut_on_a_desktop_and_no_output_on_a_phone(audit):
    for name, page in audit.items():
        assert page["cut"]["1280"] == [], name
        assert [text for kind, text in page["cut"]["360"] if kind != "DIV"] == [], name


def test_pages_are_light(audit):
    for name, page in audit.items():
        # "Draw a digit" stands on two pages and may add 500 KiB of weights and sample digits.
        demo = 500 if name.removesuffix(".html") in ("index", "pages/demo") else 0
        # The visit with 360 pixels scrolls to the end: what loads late is counted, too.
        weight = max(page["http 1280"]["bytes"], page["http 360"]["bytes"])
        assert weight < (400 + demo) * 1024, name


def test_every_page_has_the_style_of_the_book(audit, site):
    for name in audit:
        assert "_static/course.css?v=" in (site / name).read_text(encoding="utf-8"), name


class Pictures(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        if tag == "img":
            self.found.append(dict(attributes))


def test_pictures_have_a_size_and_say_what_they_show(site):
    for page in site.glob("chapters/*.html"):
        parser = Pictures()
        parser.feed(page.read_text(encoding="utf-8"))
        # Figures, and what stands for a demo on paper.
        own = [found for found in parser.found if re.search("_images/|/demo-", found["src"])]
        others = [picture["src"] for picture in parser.found if picture not in own]
        assert {Path(source).name for source in others} <= {"logo_colab.png"}, page.name
        for picture in own:
            assert picture.get("width"), (page.name, picture["src"])
            assert picture.get("height"), (page.name, picture["src"])
            assert len(picture["alt"]) > 20, (page.name, picture["src"])


def test_no_file_of_the_pages_names_a_cdn(site):
    hosts = re.compile(
        rb"(cdn\.jsdelivr|unpkg\.com|cdnjs\.|mathjax@|googleapis\.com|plausible\.io)"
    )
    for path in site.rglob("*"):
        if path.suffix in {".html", ".css", ".js"}:
            assert not hosts.search(path.read_bytes()), path.relative_to(site)
