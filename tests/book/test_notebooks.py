"""The pairs of text and notebook: in sync, executed, clean, and with nothing typed by hand."""

import base64
import io
import re

import jupytext
import nbformat
import numpy as np
import pytest
import yaml
from helpers.repository import NOTEBOOKS, ROOT, TEXTS
from PIL import Image

from tools import pairs
from tools.pictures import shrink

PCA = ROOT / "chapters" / "pca.md"


def read(path):
    return nbformat.read(path, as_version=4)


def code_cells(path):
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def tags(cell):
    return cell.metadata.get("tags", [])


def texts_of(cell):
    """Return all text that a code cell has printed or displayed."""
    found = []
    for output in cell.outputs:
        found.append(output.get("text", ""))
        found += [value for kind, value in output.get("data", {}).items() if "text/" in kind]
    return "\n".join(found)


def test_every_text_has_its_notebook_and_is_in_sync():
    assert len(TEXTS) >= 7
    assert pairs.out_of_sync() == []
    assert sorted((ROOT / "chapters").glob("*.ipynb")) == NOTEBOOKS


def test_a_change_in_text_code_or_tags_is_seen(tmp_path, monkeypatch):
    text, notebook = tmp_path / "x.md", tmp_path / "x.ipynb"
    original = PCA.read_text(encoding="utf-8")
    text.write_text(original, encoding="utf-8")
    monkeypatch.setattr(pairs, "CHAPTERS", tmp_path)
    assert pairs.out_of_sync() == ["x"]  # no notebook
    pairs.sync()
    assert pairs.out_of_sync() == []
    for old, new in (
        ("k = 20\n", "k = 21\n"),
        ("[nbval-check-output]", "[]"),
        ("alt: Curve", "alt: Line"),
        ("Why reduce", "Why not reduce"),
    ):
        assert old in original
        text.write_text(original.replace(old, new, 1), encoding="utf-8")
        assert pairs.out_of_sync() == ["x"], old
    assert notebook.is_file()


def test_sync_keeps_the_outputs_of_unchanged_code(tmp_path, monkeypatch):
    text, notebook = tmp_path / "pca.md", tmp_path / "pca.ipynb"
    notebook.write_bytes(PCA.with_suffix(".ipynb").read_bytes())
    changed = PCA.read_text(encoding="utf-8").replace("k = 20\n", "k = 21\n", 1)
    text.write_text(changed.replace("Why reduce the dimension?", "Why?"), encoding="utf-8")
    monkeypatch.setattr(pairs, "CHAPTERS", tmp_path)
    pairs.sync()
    before, after = code_cells(PCA.with_suffix(".ipynb")), code_cells(notebook)
    lost = [b.source for b, a in zip(before, after, strict=True) if b.outputs and not a.outputs]
    assert len(lost) == 1
    assert "k = 20" in lost[0]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_every_cell_was_executed_in_order(path):
    counts = [cell.execution_count for cell in code_cells(path)]
    assert counts == list(range(1, len(counts) + 1))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_stored_outputs_are_clean(path):
    for cell in code_cells(path):
        for output in cell.outputs:
            assert output.output_type != "error", cell.source
            assert output.get("name") != "stderr", cell.source
            assert not any("widget" in kind for kind in output.get("data", {})), cell.source
        text = texts_of(cell)
        assert not re.search(r"/(home|root|tmp|work|usr)/|[A-Z]:\\\\", text), text
        assert "Warning" not in text, text
        assert "━" not in text.replace(summary_lines(text), ""), "a progress bar is stored"
        assert "ms/step" not in text, "a progress bar is stored"
        assert "STAND-IN" not in text, "the stored notebooks are of MNIST"


def summary_lines(text):
    """Return the table of a Keras summary, whose rules look like a progress bar's."""
    return text if "Param #" in text else ""


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_something_is_checked_and_shapes_always_are(path):
    checked = [cell for cell in code_cells(path) if "nbval-check-output" in tags(cell)]
    assert checked
    for cell in checked:
        assert cell.outputs, f"nothing to compare: {cell.source}"
    for cell in code_cells(path):
        if ".summary()" in cell.source or "shape of" in texts_of(cell).lower():
            assert cell in checked, f"not compared: {cell.source}"
        if ".fit(" in cell.source and "batch_size" in cell.source:
            assert not cell.outputs, f"training cells store no numbers: {cell.source}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_every_figure_has_alternative_text(path):
    for cell in code_cells(path):
        if any("image/png" in output.get("data", {}) for output in cell.outputs):
            alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
            assert len(alt) > 40, f"no alternative text: {cell.source}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_stored_pictures_are_small(path):
    for cell in code_cells(path):
        for output in cell.outputs:
            if png := output.get("data", {}).get("image/png"):
                assert base64.b64decode(png)[25] in (0, 3), "grey or with a palette: `make sync`"


def picture(pixels):
    """Return an array as the PNG that matplotlib would write: RGBA, opaque."""
    out = io.BytesIO()
    Image.fromarray(pixels).convert("RGBA").save(out, "PNG", dpi=(120, 120))
    return out.getvalue()


def test_grey_values_are_kept_exactly():
    grey = np.random.default_rng(0).integers(0, 256, (40, 50), dtype=np.uint8)
    small = shrink(picture(grey))
    kept = Image.open(io.BytesIO(small))
    np.testing.assert_array_equal(np.asarray(kept), grey)
    assert kept.info["dpi"] == pytest.approx((120, 120), abs=0.1)
    assert len(small) < len(picture(grey))
    assert shrink(small) == small


def test_colours_stay_close_and_transparent_pictures_as_they_are():
    ramp = np.linspace(0, 255, 300).astype(np.uint8)
    colours = np.stack([np.tile(ramp, (30, 1)), np.tile(ramp[::-1], (30, 1))] * 2, axis=-1)[..., :3]
    kept = np.asarray(Image.open(io.BytesIO(shrink(picture(colours)))).convert("RGB"))
    assert np.abs(kept.astype(int) - colours).max() <= 4
    clear = Image.fromarray(colours).convert("RGBA")
    clear.putalpha(100)
    out = io.BytesIO()
    clear.save(out, "PNG")
    assert shrink(out.getvalue()) == out.getvalue()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_cells_are_short_and_the_first_installs(path):
    first, *others = code_cells(path)
    assert tags(first) == ["install", "remove-cell"]
    assert first.source == pairs.install_cell("")
    for cell in others:
        if "remove-cell" in tags(cell):
            continue  # claims, which no page shows
        lines = [line for line in cell.source.splitlines() if line.strip()]
        assert len(lines) <= 26, cell.source


def test_the_install_cell_with_a_public_address():
    source = pairs.install_cell("https://example.org/course")
    assert '"ae-lib[tensorflow] @ git+https://example.org/course@main"' in source


def test_the_address_stands_in_one_place():
    url = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"]
    for path in NOTEBOOKS:
        assert code_cells(path)[0].source == pairs.install_cell(url)


NUMBER = re.compile(r"(?<![\w.,-])\d[\d,]*\.?\d*(?![\w])")
SMALL = {str(n) for n in range(13)} | {"100", "28", "784"}


def numbers(text):
    return {match.rstrip(".,").replace(",", "") for match in NUMBER.findall(text)} - SMALL


def prose(markdown):
    """Return the text without times, code, formulas, links, citations and HTML."""
    for pattern in (
        r"(?m)^(Reading|Running on).*$",
        r"```.*?```",
        r"\[[Cc]hapter \d+(?:'s)?(?=\]\()",  # test_links.py looks where it leads
        r"\$\$.*?\$\$",
        r"\$.*?\$",
        r"\]\(.*?\)",
        r"\{[\w:]+\}`.*?`",
        r"<[^>]+>",
        r"`.*?`",
    ):
        markdown = re.sub(pattern, " ", markdown, flags=re.DOTALL)
    return markdown


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_every_number_in_prose_is_in_a_cell(path):
    cells = read(path).cells
    known = set()
    for cell in cells:
        if cell.cell_type == "code":
            known |= numbers(cell.source.replace("_", "")) | numbers(texts_of(cell))
    stated = set()
    for cell in cells:
        if cell.cell_type == "markdown":
            stated |= numbers(prose(cell.source))
    assert stated - known == set()


@pytest.mark.parametrize("page", ["index.md", "pages/glossary.md", "README.md"])
def test_every_number_on_other_pages_is_in_a_chapter(page):
    known = set()
    for path in NOTEBOOKS:
        for cell in code_cells(path):
            known |= numbers(cell.source.replace("_", "")) | numbers(texts_of(cell))
    text = prose((ROOT / page).read_text(encoding="utf-8"))
    allowed = {"8000", "3.11", "3.12", "3.13", "3.14", "2.0", "4.0", "583", "360", "70000"}
    assert numbers(text) - known - allowed == set()


def test_what_diffusion_quotes_of_the_variational_autoencoder_is_its_output():
    outputs = {
        name: "".join(
            output.get("text", "")
            for cell in code_cells(ROOT / "chapters" / f"{name}.ipynb")
            for output in cell.outputs
        )
        for name in ("diffusion", "variational_autoencoder")
    }
    (quoted,) = re.findall(r"chapter 10, 4000 images: (.*)", outputs["diffusion"])
    vae, vae_apart, pca, pca_apart = re.findall(r"[\d.]+%?", quoted.replace("20 numbers", ""))
    for name, distance, apart in (("VAE", vae, vae_apart), ("PCA", pca, pca_apart)):
        assert re.search(
            rf"^{name} +{distance} +{apart}$", outputs["variational_autoencoder"], re.M
        )


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_every_chapter_says_how_long_it_is_to_read(path):
    head = "\n".join(cell.source for cell in read(path).cells[:2])
    assert re.search(r"^Reading: \d+ minutes\.$", head, re.MULTILINE)


def test_the_text_is_the_source_of_jupytext_pairs():
    for text in TEXTS:
        assert jupytext.read(text).metadata.kernelspec.name == "python3"
