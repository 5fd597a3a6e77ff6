"""Print the whole book as one tagged PDF with an outline: the single page, by Chromium."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tools.results import ROOT

sys.path.insert(0, str(ROOT / "site" / "_ext"))
from node_packages import NODE


def chromium() -> str:
    browser = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if browser is None:
        sys.exit("No Chromium: `apt-get install chromium`, or set CHROMIUM to a browser's path.")
    return browser


def main() -> None:
    chromium()  # before the work, not after it
    command = [Path(sys.executable).parent / "jupyter-book", "build", "-q", "-W", "-n"]
    command += ["--keep-going", "--builder", "singlehtml", "--path-output"]
    command += [str(ROOT / "_build" / "pdf"), str(ROOT)]
    environment = {**os.environ, "PYTHONUTF8": "1"}  # its log, and what Sphinx writes
    build = subprocess.run(
        command, capture_output=True, encoding="utf-8", check=False, env=environment
    )
    if build.returncode:
        sys.exit(f"{build.stdout}\n{build.stderr}\njupyter-book failed: {command}")
    page = ROOT / "_build" / "pdf" / "_build" / "singlehtml" / "index.html"
    # A browser prints what it has loaded, and no reader scrolls here.
    page.write_text(
        re.sub(r' loading="lazy"', "", page.read_text(encoding="utf-8")), encoding="utf-8"
    )
    target = ROOT / "_build" / "course.pdf"
    print_page(page.as_uri(), "article", target)
    print(f"The PDF lies in {target}")


def print_page(address: str, selector: str, target: Path) -> None:
    """Print a page into a tagged PDF with an outline, as soon as what `selector` names is there.

    Chromium's own ``--print-to-pdf`` does not wait for scripts: on a busy machine a deck was an
    empty sheet.

    Raises
    ------
    SystemExit
        There is no Chromium, or it could not print.
    """
    unfinished = target.with_suffix(".part.pdf")
    printed = subprocess.run(
        [NODE, ROOT / "tests" / "web" / "print.mjs", address, selector, unfinished],
        env={**os.environ, "CHROMIUM": chromium()},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )
    if printed.returncode:
        sys.exit(f"{printed.stderr}\nChromium could not print {address}.")
    unfinished.replace(target)


if __name__ == "__main__":
    main()
