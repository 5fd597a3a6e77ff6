"""Execute a notebook in a kernel of its own, and leave in it what may be stored."""

import os
import re
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError

from tools.pictures import shrink_outputs


def execute(
    notebook: nbformat.NotebookNode,
    folder: Path,
    environment: dict[str, str],
    before: str = "",
    after: str = "",
) -> tuple[float, str]:
    """Execute a notebook in `folder`.

    Parameters
    ----------
    notebook : NotebookNode
        Its outputs are replaced by those that may be stored.
    folder : Path
        Where the kernel starts.
    environment : dict of str to str
        Added to the environment of this process.
    before, after : str
        Code of the builder, run in the same kernel in front of the notebook and behind it; it
        stays out of the notebook.

    Returns
    -------
    seconds : float
        How long the notebook took, its kernel's start included.
    printed : str
        What the code behind it printed.

    Raises
    ------
    CellExecutionError, DeadKernelError
        A cell failed, or the kernel died.
    """
    start = time.perf_counter()
    cells = notebook.cells
    added = [nbformat.v4.new_code_cell(code) for code in (before, after)]
    notebook.cells = [added[0], *cells, added[1]]
    client = NotebookClient(
        notebook,
        timeout=None,
        kernel_name="python3",
        resources={"metadata": {"path": folder}},
        # Else the kernel's notices about itself break the line that shows the progress.
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
    )
    # TensorFlow's C++ code writes notices past Python; they would break the line of progress.
    with tempfile.TemporaryFile("w+", encoding="utf-8") as log:
        try:
            client.execute(env={**os.environ, **environment}, stderr=log)
        except DeadKernelError as error:
            log.seek(0)
            raise DeadKernelError(
                f"{error} The kernel's last words:\n{log.read()[-2000:]}"
            ) from None
        finally:
            notebook.cells = cells
    for number, cell in enumerate((c for c in cells if c.cell_type == "code"), start=1):
        cell.metadata.pop("execution", None)  # time stamps
        cell.execution_count = number
        cell.outputs = [output for output in cell.outputs if may_be_stored(cell, output)]
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = number
    shrink_outputs(notebook)
    notebook.metadata.pop("widgets", None)
    # Which patch release of Python ran stands on the page about how the book was made.
    notebook.metadata.get("language_info", {}).pop("version", None)
    printed = "".join(o.text for o in added[1].outputs if o.get("name") == "stdout")
    return time.perf_counter() - start, printed


def may_be_stored(cell: nbformat.NotebookNode, output: nbformat.NotebookNode) -> bool:
    """Say whether an output is a result: not progress, not what goes to stderr, not a widget."""
    if output.output_type == "stream":
        return output.name != "stderr" and "progress" not in cell.metadata.get("tags", [])
    data = output.get("data", {})
    return not any(kind.startswith("application/vnd.jupyter.widget") for kind in data)


def plain(text: str) -> str:
    """Remove the colours that IPython gives a traceback."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)
