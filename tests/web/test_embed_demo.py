"""The Sphinx extension that puts the demos into pages."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_only_pages_with_a_demo_load_its_files(tmp_path):
    (tmp_path / "conf.py").write_text(
        f"import sys; sys.path.insert(0, {str(ROOT / '_ext')!r})\n"
        "extensions = ['embed_demo']\nroot_doc = 'plain'\n"
    )
    (tmp_path / "plain.rst").write_text("Plain\n=====\n\n.. toctree::\n\n   deep/drawn\n")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "drawn.rst").write_text(
        'Drawn\n=====\n\n.. raw:: html\n\n   <div data-demo="draw"></div>\n'
    )
    out = tmp_path / "out"
    command = [sys.executable, "-m", "sphinx", "-q", "-W", str(tmp_path), str(out)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    drawn = (out / "deep" / "drawn.html").read_text()
    # The checksum in the address is that of the file: browsers fetch a changed one anew.
    assert 'src="../_static/demo/mount.js?v=' in drawn
    assert 'href="../_static/demo/demo.css?v=' in drawn
    assert "demo" not in (out / "plain.html").read_text().replace("deep/drawn", "")
    copied = {path.name for path in (out / "_static" / "demo").rglob("*") if path.is_file()}
    assert copied == {path.name for path in (ROOT / "demo").rglob("*") if path.is_file()}
