"""Each mend alone: it changes what it must, and the reason for it is written down."""

from types import SimpleNamespace

import mends
import numpy as np
import page_figures
import page_styles
import pytest
import site_search
from bs4 import BeautifulSoup
from dark_figures import INK, PAPER, dark_images, dark_plot, digit_colours, image_places, rgb
from fontTools.ttLib import TTFont
from katex_math import KaTeX, write_subset
from node_packages import node_package
from PIL import Image
from sphinx.errors import ExtensionError

from ae_lib.plots import DIGIT_COLOURS

CASES = {
    "no_icon_script": ('<script src="a/fontawesome.js?x"></script><p></p>', "<p></p>"),
    "icons_are_silent": (
        '<i class="fas fa-bars" title="x"></i>',
        '<i aria-hidden="true" class="fas fa-bars"></i>',
    ),
    "names_as_seen": (
        '<button title="Menu"><i></i></button>'
        '<details class="hide"><summary aria-label="Toggle">Show code</summary></details>',
        '<button aria-label="Menu" title="Menu"><i></i></button>'
        '<details class="hide"><summary>Show code</summary></details>',
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
    "summaries_are_tables": (
        '<div class="cell_output"><pre>┏━━━┳━━━┓\n┃ Layer ┃ Shape ┃\n┡━━━╇━━━┩\n'
        "│ dense │ (None, │\n│       │ 20)    │\n├───┼───┤\n│ b     │ x      │\n└───┴───┘"
        "</pre></div>",
        '<div class="cell_output"><div class="pst-scrollable-table-container">'
        '<table class="table summary"><tr><th>Layer</th><th>Shape</th></tr>'
        "<tr><td>dense</td><td>(None, 20)</td></tr><tr><td>b</td><td>x</td></tr>"
        "</table></div></div>",
    ),
    "scrollable_by_keyboard": (
        '<div class="highlight"><pre></pre></div>',
        '<div class="highlight"><pre tabindex="0"></pre></div>',
    ),
    "one_main_heading": ('<div id="jb-print-docs-body"><h1>x</h1></div><p></p>', "<p></p>"),
    "edit_the_text": (
        '<a href="x/edit/a/chapters/pca.ipynb">x</a><a href="x/edit/a/exercises/b.ipynb">x</a>',
        '<a href="x/edit/a/chapters/pca.md">x</a><a href="x/edit/a/masters/b.py">x</a>',
    ),
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
    assert page_figures.is_grey(picture)
    picture.paste((0, 114, 178), (40, 40, 60, 60))
    assert not page_figures.is_grey(picture)


def test_pictures_get_their_size_and_keep_their_pixels(tmp_path):
    source = tmp_path / "a.png"
    Image.linear_gradient("L").crop((0, 0, 30, 20)).save(source)
    page = BeautifulSoup('<article><img src="../_images/a.png"/></article>', "html.parser")
    page_figures.mend_figures(page, {"a.png": source}, tmp_path / "_images")
    picture, twin = page.find_all("img")
    assert (picture["width"], picture["height"]) == ("30", "20")
    assert picture["class"] == ["digits", "only-light"]
    assert (twin["src"], twin["class"]) == ("../_images/a_dark.webp", ["digits", "only-dark"])
    assert (tmp_path / "_images" / "a_dark.webp").is_file()
    served = Image.open(tmp_path / "_images" / "a.webp").convert("L")
    assert served.tobytes() == Image.open(source).tobytes()


def test_plots_get_the_colours_of_the_live_figures_in_the_dark():
    light, dark = digit_colours()["light"], digit_colours()["dark"]
    assert light == list(DIGIT_COLOURS), "scatter.js and plots.py have one palette"
    assert len(dark) == 10
    picture = Image.new("RGB", (12, 1), "white")
    for i, colour in enumerate(light):
        picture.putpixel((i, 0), rgb(colour))
    picture.putpixel((10, 0), (0, 0, 0))
    pixels = np.asarray(dark_plot(picture)).astype(int)[0]
    for i, colour in enumerate(dark[:9]):  # the last is a grey: thinned black
        assert np.abs(pixels[i] - rgb(colour)).max() <= 2, light[i]
    assert np.abs(pixels[10] - INK).max() <= 1
    assert np.abs(pixels[11] - PAPER).max() <= 1


def test_images_of_a_row_keep_their_grey_in_the_dark_and_words_change_sides():
    random = np.random.default_rng(0)
    grey = np.full((120, 200), 255, "u1")
    grey[3:10, 5:7] = 0  # a letter
    images = random.integers(0, 200, (2, 50, 60), "u1")
    for i, left in enumerate((10, 80)):
        grey[20:70, left : left + 60] = images[i]
    assert image_places(grey) == [(slice(20, 70), slice(10, 70)), (slice(20, 70), slice(80, 140))]
    dark = np.asarray(dark_images(Image.fromarray(grey))).astype(int)
    assert (dark[20:70, 10:70] == images[0][..., None]).all()
    assert (dark[20:70, 80:140] == images[1][..., None]).all()
    assert (dark[5, 5] == INK).all()
    assert (dark[100, 100] == PAPER).all()


def test_photographs_keep_their_colours_in_the_dark(tmp_path):
    random = np.random.default_rng(0)
    picture = np.full((90, 200, 3), 255, "u1")
    photo = picture[20:70, 10:70] = random.integers(0, 200, (50, 60, 3), "u1")
    Image.fromarray(picture).save(tmp_path / "a.png")
    page = BeautifulSoup(
        '<article><img class="photos" src="_images/a.png"/></article>', "html.parser"
    )
    page_figures.mend_figures(page, {"a.png": tmp_path / "a.png"}, tmp_path / "_images")
    shown = [np.asarray(Image.open(tmp_path / image["src"])) for image in page.find_all("img")]
    for image in shown:
        assert (image[20:70, 10:70, :3] == photo).all()
    assert (shown[1][80, 100, :3] == PAPER).all()


def test_a_row_of_plots_gets_a_box_to_scroll_in(tmp_path):
    for name, width in (("row", 300), ("one", 160), ("more", 300)):
        picture = Image.new("RGB", (width, 100), "white")
        picture.paste((0, 114, 178), (40, 40, 60, 60))
        picture.save(tmp_path / f"{name}.png")
    page = BeautifulSoup(
        '<article><img src="_images/row.png"/><img src="_images/one.png"/>'
        '<img src="_images/more.png"/></article>',
        "html.parser",
    )
    sources = {f"{name}.png": tmp_path / f"{name}.png" for name in ("row", "one", "more")}
    page_figures.mend_figures(page, sources, tmp_path / "_images")
    row, twin, one, _, more, _ = page.find_all("img")
    assert row.parent is twin.parent
    assert row.parent.name == "div"
    assert row.parent["tabindex"] == "0"
    assert row.parent["role"] == "region"
    assert row.parent["aria-label"] != more.parent["aria-label"], "a screen reader lists both"
    assert one.parent.name == "article"


def test_the_search_page_keeps_its_index():
    html = '<script src="searchindex.js"></script><div id="search-results"></div>'
    page = BeautifulSoup(html, "html.parser")
    mends.search_where_one_searches(page)
    assert page.script


def test_styles_for_what_no_page_has_are_dropped(tmp_path):
    from helpers.repository import ROOT

    styles = tmp_path / "_static" / "styles"
    styles.mkdir(parents=True)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "page.html").write_text(
        '<p class="here there-too">x</p>', encoding="utf-8"
    )
    (tmp_path / "_static" / "set.js").write_text('element.classList.add("later")', encoding="utf-8")
    kept = ["p", ".here .there-too", ".here:not(.gone)", ".later", "p::before"]
    dropped = [".gone", ".here .gone"]
    for name in ("pydata-sphinx-theme", "sphinx-book-theme"):
        rules = "".join(f"{rule}{{color:red}}" for rule in kept + dropped)
        (styles / f"{name}.css").write_text(
            f"{rules}@media print{{.gone{{color:red}}}}", encoding="utf-8"
        )
    app = SimpleNamespace(outdir=tmp_path, confdir=ROOT, builder=SimpleNamespace(format="html"))
    page_styles.only_needed_styles(app, None)
    for style in styles.iterdir():
        assert style.read_text(encoding="utf-8") == "".join(f"{rule}{{color:red}}" for rule in kept)
    (styles / "sphinx-book-theme.css").write_text("p { color: red", encoding="utf-8")
    with pytest.raises(ExtensionError, match="could not cut"):
        page_styles.only_needed_styles(app, None)


def test_while_a_page_is_printed_the_light_theme_holds(tmp_path):
    (tmp_path / "_static" / "styles").mkdir(parents=True)
    style = tmp_path / "_static" / "styles" / "theme.css"
    rules = 'html[data-theme=light]{color:#000}html[data-theme="dark"] p{color:#fff}'
    style.write_text(rules, encoding="utf-8")
    app = SimpleNamespace(outdir=tmp_path, builder=SimpleNamespace(format="html"))
    for _ in range(2):  # a second time changes nothing
        page_styles.paper_is_light(app, None)
    assert style.read_text(encoding="utf-8") == (
        'html:is([data-theme="light"],.printing){color:#000}'
        'html:is([data-theme="dark"]):where(:not(.printing)) p{color:#fff}'
    )


def test_the_search_knows_when_the_script_that_it_changes_is_another_one(tmp_path):
    script = tmp_path / "_static" / "searchtools.js"
    script.parent.mkdir()
    script.write_text("".join(site_search.CHANGES), encoding="utf-8")
    app = SimpleNamespace(outdir=tmp_path, builder=SimpleNamespace(format="html"))
    for _ in range(2):  # a second time changes nothing
        site_search.change_scripts(app, None)
        assert script.read_text(encoding="utf-8") == "".join(site_search.CHANGES.values())
    script.write_text("rewritten", encoding="utf-8")
    with pytest.raises(ExtensionError, match="searchtools.js has changed"):
        site_search.change_scripts(app, None)


def test_the_words_of_the_search_are_numbers_too():
    words = site_search.English({}).split("161,804 parameters, 1,185, or 3,4")
    assert words == ["161804", "parameters", "1185", "or", "3", "4"]


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
