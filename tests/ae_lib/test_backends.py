"""The networks on the other backends of Keras; and weights carried from one to the other.

TensorFlow and JAX are among the locked packages. For PyTorch `make test-torch` sets AE_TORCH_PYTHON
to the Python of an environment that has it.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from ae_lib import RECIPES, load_mnist, load_pretrained, rmsprop

OTHERS = {n: sys.executable for n in ("tensorflow", "jax") if n != keras.backend.backend()}
if os.environ.get("AE_TORCH_PYTHON"):
    OTHERS["torch"] = os.environ["AE_TORCH_PYTHON"]
PARAMS = {"dense": 161_804, "conv": 1_185, "denoising": 28_353}
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def inputs():
    images = load_mnist().x_test[:128]
    return {name: RECIPES[name].pairs(images)[1] for name in RECIPES}


@pytest.fixture(scope="module", params=OTHERS, ids=str)
def visit(request, tmp_path_factory, inputs):
    """Save weights here, use them under the other backend, and return its name and its folder."""
    folder = tmp_path_factory.mktemp(request.param)
    np.savez(folder / "x.npz", **inputs)
    for name in RECIPES:
        load_pretrained(name).save_weights(folder / f"{name}.weights.h5")
    subprocess.run(
        [OTHERS[request.param], HERE / "on_backend.py", folder],
        env={**os.environ, "KERAS_BACKEND": request.param, "PYTHONPATH": str(HERE.parents[1])},
        check=True,
    )
    return request.param, folder


@pytest.mark.parametrize("name", RECIPES)
def test_weights_mean_the_same_on_both_backends(visit, inputs, name):
    backend, folder = visit
    report = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    assert report["backend"] == backend != keras.backend.backend()
    assert report["params"] == PARAMS[name]

    with np.load(folder / f"{name}.npz") as theirs:
        here = load_pretrained(name)
        assert np.abs(here.predict(inputs[name], verbose=0) - theirs["loaded"]).max() < 1e-4
        here.load_weights(folder / f"{name}.stepped.weights.h5")
        assert np.abs(here.predict(inputs[name], verbose=0) - theirs["stepped"]).max() < 1e-4


@pytest.mark.parametrize("name", RECIPES)
def test_a_step_has_the_same_loss_on_both_backends(visit, inputs, name):
    _, folder = visit
    theirs = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))["losses"]
    model, x = load_pretrained(name), inputs[name]
    model.compile(optimizer=rmsprop(), loss="mean_squared_error")
    ours = [float(model.train_on_batch(x, x)) for _ in range(2)]
    assert theirs == pytest.approx(ours, rel=0.01)
    assert len(set(theirs)) == 2, "the step changed nothing"


if "torch" in OTHERS:

    @pytest.mark.parametrize("name", RECIPES)
    def test_the_rivals_in_pytorch_are_the_same_networks(name):
        code = (
            "from tools.rivals import network; import torch\n"
            f"net = network({name!r}); print(sum(p.numel() for p in net.parameters()))\n"
            f"x = torch.zeros(2, {'784' if name == 'dense' else '1, 28, 28'})\n"
            "assert net(x).shape == x.shape"
        )
        done = subprocess.run(
            [OTHERS["torch"], "-c", code], cwd=HERE.parents[1], capture_output=True, check=True
        )
        assert int(done.stdout) == PARAMS[name]
