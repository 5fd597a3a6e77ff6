"""What this book adds to a page: chapter cards, ways to run a notebook, and words for machines.

All addresses are derived from ``repository.url`` in ``_config.yml``. Without one there is no launch
button, no link to edit a page, no sitemap: nothing that would lead nowhere.
"""

import base64
import html
import io
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nbformat
from docutils import nodes
from PIL import Image
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.docutils import SphinxDirective

COLAB = "https://colab.research.google.com"


def site_url(config: Config) -> str:
    """Return where the book is published, with a slash at the end; empty if that is not known.

    It is ``html.baseurl`` of ``_config.yml``, else GitHub Pages' address of ``repository.url``.
    """
    if config.html_baseurl:
        return config.html_baseurl.rstrip("/") + "/"
    match = re.fullmatch(
        r"https://github\.com/([^/]+)/([^/]+?)/?", config.html_theme_options["repository_url"]
    )
    return f"https://{match[1].lower()}.github.io/{match[2]}/" if match else ""


def derive(app: Sphinx, config: Config) -> None:
    """Turn on what needs the public address, and date the book by its last commit."""
    options = config.html_theme_options
    if options.get("repository_url"):
        options["use_repository_button"] = True
        options["use_edit_page_button"] = True
        options["use_issues_button"] = True
        if "github.com/" in options["repository_url"]:
            options["launch_buttons"] = {"colab_url": COLAB}
    git = shutil.which("git")
    if git and not os.environ.get("SOURCE_DATE_EPOCH"):
        log = subprocess.run(
            [git, "log", "-1", "--format=%ct"],
            cwd=app.confdir,
            capture_output=True,
            encoding="utf-8",
            check=False,  # an unpacked archive has no history: its pages have no date,
        )
        if log.returncode == 0 and log.stdout.strip():
            os.environ["SOURCE_DATE_EPOCH"] = log.stdout.strip()
    if os.environ.get("SOURCE_DATE_EPOCH"):
        config.html_last_updated_fmt = "%d %B %Y"
    # The page for addresses that do not exist is shown in folders of any depth.
    root = urlsplit(site_url(config)).path or "/"
    config.notfound_urls_prefix = root
    config.notfound_context = {
        "title": "There is no such page",
        "body": "<h1>There is no such page</h1><p>It may have been renamed. "
        f'<a href="{root}index.html">Start from the first page</a> or '
        f'<a href="{root}search.html">search the course</a>.</p>',
    }


def first_paragraph(doctree: nodes.document) -> str:
    """Return the first sentences of a page that are running text."""
    for paragraph in doctree.findall(nodes.paragraph):
        text = " ".join(paragraph.astext().split())
        if len(text) > 40:
            return text
    return ""


def describe(app: Sphinx, page: str, template: str, context: dict, doctree: Any) -> None:
    """Give each page its description and, where the address is known, its preview."""
    text = first_paragraph(doctree) if doctree else ""
    title = html.unescape(re.sub(r"<[^>]+>", "", context.get("title", page)))
    text = (text or f"{title} of the course {app.config.html_title}.")[:300]
    tags = [("name", "description", text)]
    url = site_url(app.config)
    if url:
        tags += [
            ("property", "og:type", "website"),
            ("property", "og:title", title),
            ("property", "og:description", text),
            ("property", "og:url", f"{url}{page}.html"),
            ("property", "og:site_name", app.config.html_title),
            ("property", "og:image", f"{url}_static/overview.png"),
            ("property", "og:image:alt", "Digits and what five models make of them"),
            ("name", "twitter:card", "summary_large_image"),
        ]
    lines = [
        f'<meta {kind}="{name}" content="{html.escape(value)}"/>' for kind, name, value in tags
    ]
    context["metatags"] = context.get("metatags", "") + "\n".join(lines)


def colab_link(config: Config, page: str) -> str:
    """Return the address that opens a page's notebook in Colab; empty if there is none."""
    options = config.html_theme_options
    match = re.fullmatch(r"https://github\.com/([^/]+/[^/]+?)/?", options["repository_url"])
    branch = options.get("repository_branch") or "main"
    return f"{COLAB}/github/{match[1]}/blob/{branch}/{page}.ipynb" if match else ""


def running_time(book: Path, name: str) -> str:
    """Return how long a chapter runs, as it was measured (results/times.json)."""
    record = book / "results" / "times.json"
    times = json.loads(record.read_text(encoding="utf-8")) if record.is_file() else {}
    runs = {preset: times.get(preset, {}).get(name) for preset in ("quick", "full")}
    minutes = {preset: -(-int(run["seconds"] + 0.999) // 60) for preset, run in runs.items() if run}
    stated = [f"{m} minute{'s' * (m > 1)} ({preset})" for preset, m in minutes.items()]
    cores = {run["cores"] for run in runs.values() if run}
    if not stated:
        return ""
    on = "one CPU core" if min(cores) == 1 else f"{min(cores)} CPU cores"
    return f"Running: {', '.join(stated)}, on {on}."


def offer_to_run(app: Sphinx, page: str, template: str, context: dict, doctree: Any) -> None:
    """Say below a notebook's title how to run it."""
    if not doctree or not str(app.env.doc2path(page)).endswith(".ipynb"):
        return
    source = f"{context['pathto']('_sources', 1)}/{context['sourcename']}"
    links = [f'<a href="{html.escape(source)}" download>Download notebook</a>']
    links.append(f'<a href="{context["pathto"]("index")}#run-it-yourself">Run locally</a>')
    if colab := colab_link(app.config, page):
        links.insert(0, f'<a href="{html.escape(colab)}">Open in Colab</a>')
    if time := running_time(Path(app.confdir), Path(page).name):
        links.append(f"<span>{time}</span>")
    bar = f'<p class="notebook-bar">{" ".join(links)}</p>'
    context["body"] = context["body"].replace("</h1>", f"</h1>\n{bar}", 1)


class chapter_cards(nodes.General, nodes.Element):
    """The place of the cards; they are drawn when all chapters have been read."""


class ChapterCards(SphinxDirective):
    """One card a chapter. Each line: the chapter, and which of its pictures stands for it.

    Pictures of a notebook's outputs are counted from 0.
    """

    has_content = True

    def run(self) -> list[nodes.Node]:
        return [chapter_cards("", lines=list(self.content))]


def pictures(notebook: Path) -> Iterator[Image.Image]:
    """Yield the pictures among a notebook's outputs."""
    for cell in nbformat.read(notebook, as_version=4).cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                yield Image.open(io.BytesIO(base64.b64decode(output.data["image/png"])))


def thumbnail(notebook: Path, number: int, target: Path) -> None:
    """Write one of a notebook's pictures, cut to a card's shape."""
    found = list(pictures(notebook))
    if number >= len(found):
        raise ValueError(f"{notebook.name} has {len(found)} pictures; none has number {number}.")
    picture = found[number].convert("RGB")
    width = min(picture.width, int(picture.height * 1.9))
    picture = picture.crop((0, 0, width, int(width / 1.9)))
    picture.thumbnail((480, 480), Image.Resampling.LANCZOS)
    card = Image.new("RGB", (480, 252), "white")
    card.paste(picture, ((480 - picture.width) // 2, (252 - picture.height) // 2))
    target.parent.mkdir(parents=True, exist_ok=True)
    card.save(target, quality=80)


def needed(app: Sphinx, chapter: nodes.document) -> str:
    """Return which chapters another one needs: those that its "You need ..." links to.

    What follows a semicolon there helps, and is not needed.
    """
    numbers = []
    for paragraph in chapter.findall(nodes.paragraph):
        if not paragraph.astext().startswith("You need"):
            continue
        for child in paragraph.children:
            if isinstance(child, nodes.Text) and ";" in child:
                break
            if target := child.attributes.get("reftarget") if child.children else None:
                numbers.append(app.env.toc_secnumbers[target][""][0])
        break
    if not numbers:
        return ""
    *first, last = map(str, sorted(set(numbers)))
    return f"Needs chapters {', '.join(first)} and {last}." if first else f"Needs chapter {last}."


def draw_cards(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Put the cards in their place: title, promise and times are the chapters' own words."""
    for place in list(doctree.findall(chapter_cards)):
        cards = []
        for line in place["lines"]:
            name, picture = line.split()
            number = app.env.toc_secnumbers[name][""][0]
            chapter = app.env.get_doctree(name)
            paragraphs = [p.astext() for p in chapter.findall(nodes.paragraph)]
            promise, times = paragraphs[0], " ".join(paragraphs[1].split())
            if "Reading:" not in times:
                raise ValueError(f"{name} does not say in its second paragraph how long it takes.")
            times += " " + running_time(Path(app.confdir), Path(name).name)
            times = f"{needed(app, chapter)} {times}".strip()
            title = html.escape(app.env.titles[name].astext())
            if app.builder.format == "html":
                target = Path(app.outdir) / "_images" / f"card_{Path(name).name}.webp"
                thumbnail(Path(app.env.doc2path(name)), int(picture), target)
                cards.append(
                    f'<li><img src="_images/{target.name}" width="480" height="252" alt=""'
                    ' loading="lazy" class="card-picture"/>'
                    f'<a href="{app.builder.get_relative_uri(page, name)}">{number}. {title}</a>'
                    f"<p>{html.escape(promise)}</p><p><small>{html.escape(times)}</small></p></li>"
                )
        place.replace_self(
            nodes.raw("", f'<ul class="chapter-cards">{"".join(cards)}</ul>', format="html")
        )


def list_pages(app: Sphinx, exception: Exception | None) -> None:
    """Write the sitemap, which must hold whole addresses."""
    url = site_url(app.config)
    if exception is not None or not url or app.builder.name != "html":
        return
    entries = "".join(
        f"<url><loc>{url}{app.builder.get_target_uri(page)}</loc></url>\n"
        for page in sorted(app.env.found_docs)
    )
    out = Path(app.outdir)
    (out / "sitemap.xml").write_text(
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{entries}</urlset>\n',
        encoding="utf-8",
    )
    robots = f"User-agent: *\nAllow: /\nSitemap: {url}sitemap.xml\n"
    (out / "robots.txt").write_text(robots, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_node(chapter_cards)
    app.add_directive("chapter-cards", ChapterCards)
    # Before the theme reads its options.
    app.connect("config-inited", derive, priority=100)
    app.connect("doctree-resolved", draw_cards)
    app.connect("html-page-context", describe)
    app.connect("html-page-context", offer_to_run)
    app.connect("build-finished", list_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
