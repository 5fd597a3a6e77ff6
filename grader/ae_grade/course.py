"""What a sheet's course brings with it: its package, its data set, its variables.

The names come from the sheet's description, so that the sandbox knows no course.
"""

import importlib.util
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ae_grade.sandbox import COURSE, HOME, SandboxError, Surroundings

__all__ = ["DATA_SETS", "Course"]


@dataclass(frozen=True)
class Course:
    """The ties between a sheet and its course.

    Attributes
    ----------
    package : str
        The package that notebooks import, mounted read-only; or nothing.
    data : str
        One of `DATA_SETS`, or nothing.
    environment : dict
        Variables that notebooks find while they are graded.
    """

    package: str = ""
    data: str = ""
    environment: dict[str, str] = field(default_factory=dict)

    def surroundings(self) -> Surroundings:
        """Return what boxes of this course see.

        Raises
        ------
        SandboxError
            The package is not installed here.
        """
        files: list[tuple[str, str]] = []
        folders: tuple[str, ...] = ()
        variables, bare = dict(self.environment), dict[str, str]()
        if self.package:
            folder = package_folder(self.package)
            files.append((folder, f"{COURSE}/{self.package}"))
            bare["PYTHONPATH"] = str(Path(folder).parent)
        if self.data:
            found = DATA_SETS[self.data]()
            files += found.files
            folders = found.folders
            variables |= found.environment
            bare |= found.bare_environment
        return Surroundings(tuple(files), folders, variables, bare)

    def settle(self) -> str:
        """See to it that tests and boxes use the same data, and return the data set's name."""
        return settle_mnist() if self.data == "mnist" else self.data


def package_folder(package: str) -> str:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise SandboxError(
            f"The package {package} of this sheet is not installed: `pip install -e .` in the "
            "course's repository."
        )
    return spec.submodule_search_locations[0]


def mnist_file() -> tuple[Path, str] | None:
    """Return the file of images on this machine and where it goes inside, or None."""
    import pooch

    from ae_lib.data import local_mnist

    if os.environ.get("AE_DATASET") != "standin":
        found = local_mnist([])
        if found is not None:
            return found, "/data/mnist.npz"
    standin = Path(pooch.os_cache("ae_lib")) / "standin-1.npz"
    return (standin, f"{HOME}/.cache/ae_lib/{standin.name}") if standin.is_file() else None


def mnist() -> Surroundings:
    """Return MNIST, or the course's stand-in for it, as a box sees it."""
    found = mnist_file()
    real = found is not None and found[1].startswith("/data/")
    variables = {
        "AE_DATASET": "mnist" if real else "standin",
        "AE_DATA_DIR": "/data" if real else "",
    }
    return Surroundings(
        files=((str(found[0]), found[1]),) if found else (),
        folders=(f"{HOME}/.cache", f"{HOME}/.cache/ae_lib"),
        environment=variables,
        bare_environment={"AE_DATA_DIR": str(found[0].parent)} if real and found else {},
    )


def settle_mnist() -> str:
    """Without MNIST on this machine the stand-in is made, once; grading downloads nothing."""
    from ae_lib.data import load_mnist, local_mnist

    if os.environ.get("AE_DATASET") == "standin" or local_mnist([]) is None:
        os.environ["AE_DATASET"] = "standin"
        if mnist_file() is None:
            load_mnist()
    return os.environ.get("AE_DATASET") or "mnist"


DATA_SETS: dict[str, Callable[[], Surroundings]] = {"mnist": mnist}
