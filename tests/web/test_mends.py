"""Each mend alone: it changes what it must, and the reason for it is written down."""

from types import SimpleNamespace

import mends
import pytest
from bs4 import BeautifulSoup
from fontTools.ttLib import TTFont
from katex_math import KaTeX, write_subset
from node_packages import node_package
from PIL import Image
from sphinx.errors import ExtensionError

CASES = {
    "no_icon_script": ('<script src="a/fontawesome.js?x"></script><p></p>', "<p></p>"),
    "icons_are_silent": (
        '<i class="fas fa-bars" title="x"></i>',
        '<i aria-hidden="true" class="fas fa-bars"></i>',
    ),
    "names_as_seen": (
        '<button title="Menu"><i></i></button>',
        '<button aria-label="Menu" title="Menu"><i></i></button>',
    ),
    "sidebar_is_a_landmark": (
        '<div id="pst-primary-sidebar"></div>',
        '<div aria-label="Site" id="pst-primary-sidebar" role="region"></div>',
    ),
    "plain_bibliography": ('<div role="doc-biblioentry"></div>', "<div></div>"),
    "no_fixed_colours": (
        '<div class="cell_output"><pre><b style="font-weight: bold; color: #0f0">1</b></pre></div>',
        '<div class="cell_output"><pre><b style="font-weight: bold;">1</b></pre></div>',
    ),
    "scrollable_by_keyboard": (
        '<div class="highlight"><pre></pre></div>',
        '<div class="highlight"><pre tabindex="0"></pre></div>',
    ),
    "one_main_heading": ('<div id="jb-print-docs-body"><h1>x</h1></div><p></p>', "<p></p>"),
    "edit_the_text": ('<a href="x/edit/a/1.ipynb">x</a>', '<a href="x/edit/a/1.md">x</a>'),
    "search_where_one_searches": ('<script src="a/searchindex.js"></script><p></p>', "<p></p>"),
    "text_before_scripts": (
        "<head><script>theme()</script><script>x()</script></head><body><p></p></body>",
        "<head><script>theme()</script></head><body><p></p><script>x()</script></body>",
    ),
    "no_chain_of_styles": (
        '<link href="../_static/styles/theme.css?digest=1"/>',
        '<link href="../_static/basic.css"/>',
    ),
    "links_say_that_they_leave": ('<a target="_blank">x</a>', "<a>x</a>"),
}


def attributes_in_order(page):
    for element in page.find_all(True):
        element.attrs = dict(sorted(element.attrs.items()))
    return str(page)


@pytest.mark.parametrize("change", mends.MENDS, ids=lambda change: change.__name__)
def test_mend(change):
    before, after = CASES[change.__name__]
    page = BeautifulSoup(before, "html.parser")
    change(page)
    assert attributes_in_order(page) == after
    change(page)
    assert attributes_in_order(page) == after, "a second time changes nothing"
    assert len(change.__doc__) > 40


def test_grey_pictures_are_told_from_coloured_ones():
    picture = Image.new("RGB", (100, 100), "grey")
    assert mends.is_grey(picture)
    picture.paste((0, 114, 178), (40, 40, 60, 60))
    assert not mends.is_grey(picture)


def test_pictures_get_their_size_and_keep_their_pixels(tmp_path):
    source = tmp_path / "a.png"
    Image.linear_gradient("L").crop((0, 0, 30, 20)).save(source)
    page = BeautifulSoup('<article><img src="../_images/a.png"/></article>', "html.parser")
    mends.mend_figures(page, {"a.png": source}, tmp_path / "_images")
    picture = page.img
    assert (picture["width"], picture["height"]) == ("30", "20")
    assert picture["class"] == ["digits"]
    served = Image.open(tmp_path / "_images" / "a.webp").convert("L")
    assert served.tobytes() == Image.open(source).tobytes()


def test_a_row_of_plots_gets_a_box_to_scroll_in(tmp_path):
    for name, width in (("row", 300), ("one", 160)):
        picture = Image.new("RGB", (width, 100), "white")
        picture.paste((0, 114, 178), (40, 40, 60, 60))
        picture.save(tmp_path / f"{name}.png")
    page = BeautifulSoup(
        '<article><img src="_images/row.png"/><img src="_images/one.png"/></article>', "html.parser"
    )
    sources = {f"{name}.png": tmp_path / f"{name}.png" for name in ("row", "one")}
    mends.mend_figures(page, sources, tmp_path / "_images")
    row, one = page.find_all("img")
    assert row.parent.name == "div"
    assert row.parent["tabindex"] == "0"
    assert one.parent.name == "article"


def test_the_search_page_keeps_its_index():
    html = '<script src="searchindex.js"></script><div id="search-results"></div>'
    page = BeautifulSoup(html, "html.parser")
    mends.search_where_one_searches(page)
    assert page.script


@pytest.mark.parametrize(
    ("rule", "needed"),
    [
        ("p{color:red}", True),
        (".here .there-too{color:red}", True),
        (".here .gone{color:red}", False),
        (".gone,.here{color:red}", True),
        ("#gone{color:red}", False),
        (".here:not(.gone, .lost):hover{color:red}", True),
        ('[href=".gone"]{color:red}', True),
        ("@media print{.gone{color:red}.here{color:red}}", True),
        ("@media print{.gone{color:red}}", False),
        ("@font-face{font-family:x}", True),
    ],
)
def test_styles_for_what_no_page_has_are_dropped(rule, needed):
    kept = mends.needed_rules(rule + "b{margin:0}", {"here", "there-too"})
    assert ("red" in kept or "font-face" in kept) == needed
    assert "b{margin:0}" in kept


def test_excerpts_of_the_search_leave_the_second_copy_of_formulas_out(tmp_path):
    script = tmp_path / "_static" / "searchtools.js"
    script.parent.mkdir()
    script.write_text('for (const q of [".headerlink", "script", "style"]) {}')
    app = SimpleNamespace(outdir=tmp_path, builder=SimpleNamespace(format="html"))
    for _ in range(2):  # a second time changes nothing
        mends.formulas_once(app, None)
        assert (
            script.read_text()
            == 'for (const q of [".headerlink", "script", "style", ".katex-mathml"]) {}'
        )
    script.write_text("rewritten")
    with pytest.raises(ExtensionError, match="searchtools.js has changed"):
        mends.formulas_once(app, None)


def test_fonts_of_formulas_hold_what_the_pages_need(tmp_path):
    from helpers.repository import ROOT

    font = node_package(ROOT, "katex") / "dist" / "fonts" / "KaTeX_Main-Regular.ttf"
    target = tmp_path / "font.woff"
    write_subset(font, {ord("x"), ord("\N{N-ARY SUMMATION}")}, target)
    assert {ord("x")} <= set(TTFont(target).getBestCmap()) <= {ord("x"), 0x2211}
    assert target.stat().st_size < font.stat().st_size / 10


def test_formulas_become_html_and_mathml_and_faults_are_named():
    from helpers.repository import ROOT

    katex = KaTeX(node_package(ROOT, "katex"))
    try:
        html = katex.render(r"\min_{\mathbf{V}} \sum_j x_j", display=True)
        assert "<math" in html
        assert "katex-html" in html
        with pytest.raises(ValueError, match="notacommand"):
            katex.render(r"\notacommand", display=False)
    finally:
        katex.close()
