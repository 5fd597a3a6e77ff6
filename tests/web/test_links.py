"""Links: inside the site they resolve, outside they are listed, and one address makes the rest."""

import json
import os
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import yaml
from helpers.pages import NODE, REPOSITORY
from helpers.repository import ROOT
from moved_pages import MOVED

# Every other host that pages link to, and why. Tests do not fetch them.
HOSTS = {
    "doi.org": "references: the identifier of a paper",
    "learn.microsoft.com": "how to install WSL, for authors on Windows",
    "www.python.org": "where Python comes from, for students without it",
    "papers.nips.cc": "references: papers without a DOI",
    "www.inference.org.uk": "references: a note of one page, published nowhere else",
    "docs.docker.com": "Docker Desktop, for instructors on macOS and Windows",
    "podman.io": "podman, for the same",
    "dblp.org": "references: a paper of ESANN that has no DOI",
    "mlanthology.org": "references: a paper of ICML that has no DOI",
    "yann.lecun.com": "references: the page of MNIST, with the results that its makers collected",
    "arxiv.org": "references: papers without a DOI",
    "www.jmlr.org": "references: the t-SNE paper",
    "proceedings.mlr.press": "references: a conference's proceedings",
    "colab.research.google.com": "runs a chapter",
    "github.com": "the slides of the lecture, and the course's own repository",
    "blog.keras.io": "references: the tutorial whose loss a chapter reproduces",
    "transformer-circuits.pub": "references: a paper that was published there and nowhere else",
    "creativecommons.org": "the licence of the text",
    "theory.stanford.edu": "instructors: a tool that finds plagiarism",
}


class Page(HTMLParser):
    def __init__(self, path: Path):
        super().__init__()
        self.links, self.anchors = [], set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.anchors |= {attributes[key] for key in ("id", "name") if attributes.get(key)}
        if tag in ("a", "link", "script", "img"):
            self.links += [attributes[key] for key in ("href", "src") if attributes.get(key)]


def pages_of(site):
    """Return all pages but the one for lost readers: its links hold where the site is published."""
    return {
        path: Page(path)
        for path in site.rglob("*.html")
        if not path.relative_to(site).parts[0].startswith("_") and path.name != "404.html"
    }


def external(link):
    return bool(urlsplit(link).scheme) or link.startswith("//")


def test_links_and_anchors_inside_the_site_resolve(site):
    pages = pages_of(site)
    broken = []
    for path, page in pages.items():
        for link in page.links:
            if external(link):
                continue
            parts = urlsplit(link)
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.is_file():
                broken.append((path.name, link))
            elif parts.fragment and target in pages:
                # An empty fragment and #top lead to the top of the page everywhere.
                anchor = unquote(parts.fragment)
                if anchor not in pages[target].anchors | {"top"}:
                    broken.append((path.name, link))
    assert broken == []


def test_links_to_other_hosts_have_a_reason(site):
    for path, page in pages_of(site).items():
        for link in page.links:
            if external(link) and not link.startswith(("mailto:", "data:")):
                assert link.startswith("https://"), (path.name, link)
                assert urlsplit(link).hostname in HOSTS, (path.name, link)


def test_all_links_are_derived_from_the_one_address(site):
    for notebook in (ROOT / "chapters").glob("*.ipynb"):
        name = f"chapters/{notebook.stem}"
        links = Page(site / f"{name}.html").links
        assert (
            "https://colab.research.google.com/github/Someone/a-course/blob/main/"
            f"{name}.ipynb" in links
        )
        assert f"{REPOSITORY}/edit/main/{name}.md" in links
        assert (ROOT / f"{name}.md").is_file()
        assert any(link.startswith(f"{REPOSITORY}/issues/new?") for link in links)
    page = (site / "index.html").read_text(encoding="utf-8")
    assert 'content="https://someone.github.io/a-course/_static/overview.png"' in page
    assert (site / "_static" / "overview.png").is_file()
    for master in (ROOT / "masters").glob("*.py"):
        links = Page(site / "exercises" / f"{master.stem}.html").links
        assert f"{REPOSITORY}/edit/main/masters/{master.name}" in links
    locations = re.findall("<loc>(.*?)</loc>", (site / "sitemap.xml").read_text(encoding="utf-8"))
    assert "https://someone.github.io/a-course/chapters/pca.html" in locations
    for location in locations:
        path = location.removeprefix("https://someone.github.io/a-course/")
        assert (site / path).is_file()


def test_a_link_that_names_a_chapter_by_its_number_leads_there():
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    numbered = [page["file"] for part in contents["parts"] for page in part["chapters"]]
    names = [file.removeprefix("chapters/") for file in numbered if file.startswith("chapters/")]
    found = []
    for folder in ("chapters", "pages", "exercises", "masters"):
        for path in [*(ROOT / folder).glob("*.md"), *(ROOT / folder).glob("*.py")]:
            text = path.read_text(encoding="utf-8")
            links = (
                r"\[[^\]]*?\b[Cc]hapter (\d+)(?:'s)?\]\((?:\.\./chapters/)?(\w+)\.(?:ipynb|html)"
            )
            found += [(path.name, int(n), name) for n, name in re.findall(links, text)]
    assert len(found) > 60
    assert [link for link in found if names.index(link[2]) + 1 != link[1]] == []


def test_a_card_says_which_earlier_chapters_are_needed(site):
    page = (site / "index.html").read_text(encoding="utf-8")
    cards = re.findall(r">(\d+)\. [^<]+</a><p>.*?<small>(.*?)</small>", page)
    assert len(cards) > 10
    needs = {int(n): re.findall(r"\d+", text.split("Reading:")[0]) for n, text in cards}
    assert list(needs) == sorted(needs), "the cards stand in the order of the contents"
    assert needs[1] == [], "the first chapter needs no other"
    for number, others in needs.items():
        assert bool(others) == (number > 1)
        assert all(int(other) < number for other in others), f"chapter {number} needs a later one"


def test_old_addresses_lead_to_the_pages_that_have_moved(site):
    for old, new in MOVED.items():
        path = site / f"{old}.html"
        text = path.read_text(encoding="utf-8")
        targets = re.findall(r'(?:url=|replace\(")([^"]+)"', text)
        assert len(targets) == 2
        for target in targets:
            assert (path.parent / target).resolve() == (site / f"{new}.html").resolve()


def test_in_a_folder_of_any_depth_a_lost_reader_finds_the_way(site, chromium):
    paths = ["nope.html", "chapters/nope.html", "a/b/c/nope", "chapters/01_pca.html#pca"]
    run = subprocess.run(
        [NODE, ROOT / "tests" / "web" / "lost.mjs", site, "/a-course/", *paths],
        env={**os.environ, "CHROMIUM": chromium},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert run.returncode == 0, run.stderr
    *lost, moved = json.loads(run.stdout)
    for path, page in zip(paths, lost, strict=False):
        assert page["bad"] == [path], "the page itself is missing, and nothing else"
        assert page["title"].startswith("There is no such page")
        assert len(page["links"]) > 20
        for link in {*page["links"]} - {path}:  # that one is "skip to the main content"
            assert (site / link).is_file(), link
    assert moved["bad"] == []
    assert moved["at"] == "chapters/pca.html#pca", "the place within the page is kept"


def test_every_notebook_can_be_downloaded_and_is_the_executed_one(site):
    for notebook in (ROOT / "chapters").glob("*.ipynb"):
        page = site / "chapters" / f"{notebook.stem}.html"
        match = re.search(
            r'<a download="?"? ?href="([^"]+)">Download notebook', page.read_text(encoding="utf-8")
        )
        match = match or re.search(
            r'href="([^"]+)"[^>]*>Download notebook', page.read_text(encoding="utf-8")
        )
        assert match, page.name
        assert (page.parent / match[1]).read_bytes() == notebook.read_bytes()


def test_the_search_index_holds_the_terms_of_the_glossary(site):
    index = (site / "searchindex.js").read_text(encoding="utf-8").lower()
    for term in ("bottleneck", "denoising autoencoder", "perplexity", "trustworthiness"):
        assert f'"{term}"' in index, term


def test_pages_of_ae_lib_are_there(site):
    anchors = Page(site / "pages" / "api.html").anchors
    for name in ("data.load_mnist", "models.dense_autoencoder", "plots.plot_embedding", "pca.PCA"):
        assert f"ae_lib.{name}" in anchors
