"""Node, the browser, and the committed notebooks built as a site."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from helpers.repository import ROOT
from node_packages import NODE

from tools.book import copy_site

__all__ = [
    "ADDRESS",
    "DEMO_PAGE",
    "NODE",
    "REPOSITORY",
    "browser",
    "build",
    "in_browser",
    "need_browser",
]

REPOSITORY = "https://github.com/Someone/a-course"
ADDRESS = {'url: ""': f"url: {REPOSITORY}"}

# The colours of the book's theme, so that contrasts can be checked without building the book.
DEMO_PAGE = """<!doctype html>
<html lang="en" data-theme="light"><head><meta charset="utf-8"><title>demo</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<style>
html {{ --pst-color-background: #fff }}
html[data-theme="dark"] {{ --pst-color-background: #121212; --pst-color-text-base: #ced6dd;
  --pst-color-text-muted: #9ca4af; --pst-color-border: #48566b; --pst-color-surface: #29313d;
  --pst-color-link: #5e9cf5 }}
body {{ background: var(--pst-color-background); font-family: sans-serif; margin: 8px }}
</style>
<link rel="stylesheet" href="demo/demo.css"><script defer src="demo/mount.js"></script></head>
<body><main><h1>Demo</h1><div data-demo="{name}"></div></main></body></html>
"""


def build(folder: Path, **changes: str) -> Path:
    """Build the committed notebooks in a copy of the book; return the folder of the pages."""
    copy = copy_site(folder / "book")
    for old, new in changes.items():
        config = (copy / "_config.yml").read_text(encoding="utf-8")
        assert old in config
        (copy / "_config.yml").write_text(config.replace(old, new, 1), encoding="utf-8")
    builder = Path(sys.executable).parent / "jupyter-book"
    run = subprocess.run(
        [builder, "build", "-q", "-W", "-n", "--keep-going", str(copy)],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert run.returncode == 0, f"{run.stdout}{run.stderr}"
    return copy / "_build" / "html"


def browser() -> str | None:
    """Return the path of Chromium, or None where there is none."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium")


def need_browser() -> str:
    """Return the browser's path; without one, or without node packages, say how to get it."""
    path = browser()
    if path is None:
        message = "no Chromium: `apt-get install chromium`, or set CHROMIUM to a browser's path"
        # The gate must not pass because it has looked at nothing.
        (pytest.fail if os.environ.get("CI") else pytest.skip)(message)
    if not (ROOT / "site" / "node_modules" / "playwright-core").is_dir():
        pytest.fail(f"the node packages are missing: `{NODE.parent / 'npm'} --prefix site ci`")
    return str(path)


def in_browser(chromium: str, script: str, *arguments: Any, timeout: float = 900) -> Any:
    """Return what a script of tests/web saw in the browser; it prints that as JSON."""
    run = subprocess.run(
        [NODE, ROOT / "tests" / "web" / script, *arguments],
        env={**os.environ, "CHROMIUM": chromium},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=timeout,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return json.loads(run.stdout)
