"""The Sphinx extension that puts the demos into pages."""

import dataclasses
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import embed_demo
import numpy as np
from PIL import Image

import ae_lib.data

ROOT = Path(__file__).resolve().parents[2]


def two_pages(folder, setting=""):
    """Write a site with a plain page and one with a demo; return where it is rendered."""
    (folder / "conf.py").write_text(
        f"import sys; sys.path.insert(0, {str(ROOT / 'site' / '_ext')!r})\n"
        f"extensions = ['embed_demo']\nroot_doc = 'plain'\n{setting}",
        encoding="utf-8",
    )
    (folder / "plain.rst").write_text(
        "Plain\n=====\n\n.. toctree::\n\n   deep/drawn\n", encoding="utf-8"
    )
    (folder / "deep").mkdir()
    (folder / "deep" / "drawn.rst").write_text(
        'Drawn\n=====\n\n.. raw:: html\n\n   <div data-demo="draw"></div>\n',
        encoding="utf-8",
    )
    return folder / "out"


def render(folder):
    command = [sys.executable, "-m", "sphinx", "-q", "-W", str(folder), str(folder / "out")]
    nowhere = {"AE_DATA_DIR": str(folder), "KERAS_HOME": str(folder)}  # no MNIST at hand
    run = subprocess.run(
        command,
        env={**os.environ, **nowhere},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert run.returncode == 0, run.stderr


def test_only_pages_with_a_demo_load_its_files(tmp_path):
    out = two_pages(tmp_path)
    render(tmp_path)
    drawn = (out / "deep" / "drawn.html").read_text(encoding="utf-8")
    (folder,) = (out / "_static").glob("demo*")
    assert f'src="../_static/{folder.name}/mount.js?v=' in drawn
    assert f'href="../_static/{folder.name}/demo.css?v=' in drawn
    assert "demo" not in (out / "plain.html").read_text(encoding="utf-8").replace("deep/drawn", "")
    copied = {path.name for path in folder.rglob("*") if path.is_file()}
    own = {path.name for path in (ROOT / "site" / "demo").rglob("*") if path.is_file()}
    made = {"train.json", "training_images.png", "training_labels.bin"}
    assert copied == own | made
    described = json.loads((folder / "data" / "train.json").read_text(encoding="utf-8"))
    assert described["dataset"] == "standin"


def test_a_changed_demo_reaches_the_pages_of_a_site_that_was_there(tmp_path):
    """Sphinx writes only pages whose text has changed: these would name a folder that is gone."""
    source = tmp_path / "demo"
    (source / "data").mkdir(parents=True)
    for name in ("mount.js", "demo.css"):
        (source / name).write_text("one", encoding="utf-8")
    setting = f"import pathlib, embed_demo; embed_demo.SOURCE = pathlib.Path({str(source)!r})\n"
    out = two_pages(tmp_path, setting)
    render(tmp_path)
    (source / "mount.js").write_text("two", encoding="utf-8")
    render(tmp_path)
    (folder,) = (out / "_static").glob("demo*")
    drawn = (out / "deep" / "drawn.html").read_text(encoding="utf-8")
    assert f'src="../_static/{folder.name}/mount.js?v=' in drawn
    assert set(re.findall("demo-[0-9a-f]{12}", drawn)) == {folder.name}


def test_a_page_that_trains_loads_its_style(tmp_path):
    small = '<div data-demo="train-small" data-preset="pca"></div>'
    for body, wanted in ((small, True), ('<div data-demo="draw"></div>', False)):
        asked = []
        app = SimpleNamespace(
            builder=SimpleNamespace(name="html"),
            demo_folder="demo-1",
            add_js_file=lambda name, **options: None,
            add_css_file=asked.append,
        )
        context = {"body": body, "pathto": lambda path, resource: path}
        embed_demo.add_to_page(app, "page", "page.html", context, None)
        assert ("demo-1/train/train.css" in asked) == wanted


def test_a_figure_without_a_twin_in_the_chapter_has_a_picture():
    app = SimpleNamespace(
        builder=SimpleNamespace(name="html"),
        demo_folder="demo-1",
        add_js_file=lambda name, **options: None,
        add_css_file=lambda name: None,
    )
    context = {
        "body": '<div data-demo="layers"></div><div data-demo="noise"></div>',
        "pathto": lambda path, resource: f"../{path}",
    }
    embed_demo.add_to_page(app, "page", "page.html", context, None)
    (source, width, height) = re.findall(r'(?:src|width|height)="([^"]+)"', context["body"])
    assert context["body"].startswith('<div data-demo="layers"></div><img class="demo-static" ')
    picture = ROOT / "site" / "demo" / source.removeprefix("../_static/demo-1/")
    with Image.open(picture) as image:
        assert image.size == (int(width), int(height))


def test_a_site_built_where_mnist_lies_holds_its_images(tmp_path, monkeypatch):
    images = np.random.default_rng(0).random((200, 28, 28), dtype="f4")
    data = dataclasses.replace(ae_lib.data.load_mnist(), x_test=images, name="mnist")
    monkeypatch.setattr(ae_lib.data, "local_mnist", lambda reasons: Path("mnist.npz"))
    monkeypatch.setattr(ae_lib.data, "load_mnist", lambda: data)
    app = SimpleNamespace(outdir=tmp_path, builder=SimpleNamespace(name="html"))
    embed_demo.copy_files(app)
    folder = tmp_path / "_static" / app.demo_folder / "data"
    before = json.loads((ROOT / "site" / "demo" / "data" / "maps.json").read_text(encoding="utf-8"))
    after = json.loads((folder / "maps.json").read_text(encoding="utf-8"))
    assert after == {**before, "images": "test_images.png"}
    with Image.open(folder / "test_images.png") as picture:
        pixels = np.asarray(picture.convert("L")) / 255
    assert pixels.shape == (56, 2800)
    assert np.abs(pixels[28:, 84:112] - images[103]).max() <= 0.5 / 15 + 1e-6
    assert np.abs(pixels[:28, :28] - images[103]).max() > 0.5
    described = json.loads((folder / "train.json").read_text(encoding="utf-8"))
    # The page that trains uses the same picture: the site holds it once.
    assert described["images"] == "test_images.png"
    assert described["dataset"] == "mnist"
    assert (folder / described["labels"]).read_bytes() == data.y_test.tobytes()


def test_the_standin_is_not_taken_for_mnist(tmp_path, monkeypatch):
    data = dataclasses.replace(ae_lib.data.load_mnist(), name="standin")
    monkeypatch.setattr(ae_lib.data, "local_mnist", lambda reasons: Path("mnist.npz"))
    monkeypatch.setattr(ae_lib.data, "load_mnist", lambda: data)
    app = SimpleNamespace(outdir=tmp_path, builder=SimpleNamespace(name="html"))
    embed_demo.copy_files(app)
    folder = tmp_path / "_static" / app.demo_folder / "data"
    assert "images" not in json.loads((folder / "maps.json").read_text(encoding="utf-8"))
    assert json.loads((folder / "train.json").read_text(encoding="utf-8"))["dataset"] == "standin"
    with Image.open(folder / "training_images.png") as picture:
        pixels = np.asarray(picture.convert("L")).reshape(100, 28, 100, 28).swapaxes(1, 2)
    pixels = pixels.reshape(10_000, 28, 28) / 255
    labels = np.frombuffer((folder / "training_labels.bin").read_bytes(), "u1")
    # Training and test images never come from the same small digit.
    kept = ((3, "train", 3), (19, "train", 19), (0, "test", 0), (20, "test", 3))
    for place, source, number in kept:
        image = getattr(data, f"x_{source}")[number]
        assert np.abs(pixels[place] - image).max() <= 0.5 / 15 + 1e-6
        assert labels[place] == getattr(data, f"y_{source}")[number]


def test_a_changed_file_changes_all_addresses(tmp_path):
    """No browser puts new weights together with old digits, whatever its cache holds."""
    data = tmp_path / "demo" / "data"
    data.mkdir(parents=True)
    (data / "models.bin").write_bytes(b"weights")
    (tmp_path / "demo" / "mount.js").write_bytes(b"script")
    before = embed_demo.fingerprint(tmp_path / "demo")
    assert re.fullmatch("[0-9a-f]{12}", before)
    assert embed_demo.fingerprint(tmp_path / "demo") == before
    (data / "models.bin").write_bytes(b"new weights")
    after = embed_demo.fingerprint(tmp_path / "demo")
    (data / "models.bin").rename(data / "other.bin")
    assert len({before, after, embed_demo.fingerprint(tmp_path / "demo")}) == 3
