import importlib
import pkgutil
import subprocess
import sys
from types import ModuleType

import pytest

import ae_lib


@pytest.mark.alone
def test_import_is_quick_and_light():
    code = (
        "import sys, time; t = time.perf_counter(); import ae_lib; s = time.perf_counter() - t;"
        "print(s, *sorted({'keras', 'matplotlib', 'sklearn', 'tensorflow'} & set(sys.modules)))"
    )
    seconds, *heavy = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not heavy
    assert float(seconds) < 0.3


def test_every_public_name_can_be_imported_from_the_top():
    public = set()
    for module in pkgutil.iter_modules(ae_lib.__path__):
        if not module.name.startswith("_"):
            public |= set(importlib.import_module(f"ae_lib.{module.name}").__all__)
    # `__all__` also lists the modules themselves.
    top = {name for name in ae_lib.__all__ if not isinstance(getattr(ae_lib, name), ModuleType)}
    assert public == top
    assert all(getattr(ae_lib, name).__doc__ for name in public)
