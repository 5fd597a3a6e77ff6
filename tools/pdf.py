"""Print the whole book as one tagged PDF with an outline: the single page, by Chromium."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


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
    print_page(page.as_uri(), target)
    print(f"The PDF lies in {target}")


def print_page(address: str, target: Path) -> None:
    """Let Chromium print a page into a tagged PDF with an outline.

    Raises
    ------
    SystemExit
        There is no Chromium, or it could not print.
    """
    unfinished = target.with_suffix(".part.pdf")
    printed = subprocess.run(
        [
            chromium(),
            "--headless",
            *(["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else []),
            "--export-tagged-pdf",
            "--generate-pdf-document-outline",
            "--no-pdf-header-footer",
            "--virtual-time-budget=10000",
            f"--print-to-pdf={unfinished}",
            address,
        ],
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )
    if printed.returncode or not unfinished.is_file():
        sys.exit(f"{printed.stderr}\nChromium could not print {address}.")
    unfinished.replace(target)


if __name__ == "__main__":
    main()
