import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path
from types import FunctionType, ModuleType

import pytest

import ae_lib


@pytest.mark.alone
def test_import_is_quick_and_light():
    code = (
        "import sys, time; t = time.perf_counter(); import ae_lib; s = time.perf_counter() - t;"
        "print(s, *sorted({'keras', 'matplotlib', 'sklearn', 'tensorflow'} & set(sys.modules)))"
    )
    seconds, *heavy = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        encoding="utf-8",
        check=True,
    ).stdout.split()
    assert not heavy
    assert float(seconds) < 0.3


def test_every_public_name_can_be_imported_from_the_top():
    public = {"runtime_info"}
    for module in pkgutil.iter_modules(ae_lib.__path__):
        if not module.name.startswith("_"):
            public |= set(importlib.import_module(f"ae_lib.{module.name}").__all__)
    # `__all__` also lists the modules themselves.
    top = {name for name in ae_lib.__all__ if not isinstance(getattr(ae_lib, name), ModuleType)}
    assert public == top
    assert all(getattr(ae_lib, name).__doc__ for name in public)


def test_every_public_function_has_an_example():
    public = [getattr(ae_lib, name) for name in ae_lib.__all__]
    functions = [thing for thing in public if isinstance(thing, FunctionType)]
    assert len(functions) > 15
    without = [
        f.__name__ for f in functions if "Examples\n" not in f.__doc__ or ">>>" not in f.__doc__
    ]
    assert not without


def test_no_file_holds_more_than_one_can_read():
    files = list(Path(ae_lib.__file__).parent.glob("*.py"))
    lines = {path.name: len(path.read_text("utf-8").splitlines()) for path in files}
    assert {name: count for name, count in lines.items() if count > 290} == {}


def test_importing_everything_changes_nothing_in_keras():
    code = (
        "import keras, pkgutil, importlib; "
        "from keras.src.trainers.data_adapters.array_data_adapter import ArrayDataAdapter as A; "
        "before = (keras.Model.fit, keras.Model.compile, A.get_tf_dataset, keras.config.floatx(),"
        " keras.config.dtype_policy().name); import ae_lib; "
        "names = [m.name for m in pkgutil.iter_modules(ae_lib.__path__)];"
        "[importlib.import_module('ae_lib.' + name) for name in names];"
        "assert before == (keras.Model.fit, keras.Model.compile, A.get_tf_dataset,"
        " keras.config.floatx(), keras.config.dtype_policy().name)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
