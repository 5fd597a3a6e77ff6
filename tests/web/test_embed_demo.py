"""The Sphinx extension that puts the demos into pages."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import embed_demo
import numpy as np
from PIL import Image

import ae_lib.data

ROOT = Path(__file__).resolve().parents[2]


def test_only_pages_with_a_demo_load_its_files(tmp_path):
    (tmp_path / "conf.py").write_text(
        f"import sys; sys.path.insert(0, {str(ROOT / 'site' / '_ext')!r})\n"
        "extensions = ['embed_demo']\nroot_doc = 'plain'\n"
    )
    (tmp_path / "plain.rst").write_text("Plain\n=====\n\n.. toctree::\n\n   deep/drawn\n")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "drawn.rst").write_text(
        'Drawn\n=====\n\n.. raw:: html\n\n   <div data-demo="draw"></div>\n'
    )
    out = tmp_path / "out"
    command = [sys.executable, "-m", "sphinx", "-q", "-W", str(tmp_path), str(out)]
    nowhere = {"AE_DATA_DIR": str(tmp_path), "KERAS_HOME": str(tmp_path)}  # no MNIST at hand
    run = subprocess.run(
        command, env={**os.environ, **nowhere}, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    drawn = (out / "deep" / "drawn.html").read_text()
    # The checksum in the address is that of the file: browsers fetch a changed one anew.
    assert 'src="../_static/demo/mount.js?v=' in drawn
    assert 'href="../_static/demo/demo.css?v=' in drawn
    assert "demo" not in (out / "plain.html").read_text().replace("deep/drawn", "")
    copied = {path.name for path in (out / "_static" / "demo").rglob("*") if path.is_file()}
    assert copied == {path.name for path in (ROOT / "site" / "demo").rglob("*") if path.is_file()}


def test_a_site_built_where_mnist_lies_holds_its_images(tmp_path, monkeypatch):
    images = np.random.default_rng(0).random((200, 28, 28), dtype="f4")
    data = dataclasses.replace(ae_lib.data.load_mnist(), x_test=images, name="mnist")
    monkeypatch.setattr(ae_lib.data, "local_mnist", lambda reasons: Path("mnist.npz"))
    monkeypatch.setattr(ae_lib.data, "load_mnist", lambda: data)
    app = SimpleNamespace(outdir=tmp_path, builder=SimpleNamespace(name="html"))
    embed_demo.copy_files(app)
    folder = tmp_path / "_static" / "demo" / "data"
    before = json.loads((ROOT / "site" / "demo" / "data" / "maps.json").read_text())
    after = json.loads((folder / "maps.json").read_text())
    assert after == {**before, "images": "test_images.png"}
    with Image.open(folder / "test_images.png") as picture:
        pixels = np.asarray(picture.convert("L")) / 255
    assert pixels.shape == (56, 2800)
    assert np.abs(pixels[28:, 84:112] - images[103]).max() <= 0.5 / 15 + 1e-6
    assert np.abs(pixels[:28, :28] - images[103]).max() > 0.5


def test_the_standin_is_not_taken_for_mnist(monkeypatch):
    data = dataclasses.replace(ae_lib.data.load_mnist(), name="standin")
    monkeypatch.setattr(ae_lib.data, "local_mnist", lambda reasons: Path("mnist.npz"))
    monkeypatch.setattr(ae_lib.data, "load_mnist", lambda: data)
    assert embed_demo.images_at_hand() is None
