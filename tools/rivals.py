"""What `tools.bench` measures in an environment of its own: PyTorch and openTSNE.

Needs NumPy and the library that is measured; Keras and ae_lib are not imported.
"""

import itertools
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np


def peak_mib() -> int:
    """Return the most memory this process has held, in MiB.

    Linux's own count: that of `resource.getrusage` begins with what the parent process held.
    """
    (line,) = (
        x
        for x in Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        if "VmHWM" in x
    )
    return int(line.split()[1]) // 1024  # stated in KiB


def network(name: str) -> Any:
    """Build one of the lecture's networks in PyTorch."""
    from torch import nn

    def conv(inputs: int, outputs: int, padding: int | str = "same") -> list[Any]:
        return [nn.Conv2d(inputs, outputs, 3, padding=padding), nn.ReLU()]

    pool, up = nn.MaxPool2d(2, ceil_mode=True), nn.Upsample(scale_factor=2)
    if name == "dense":
        widths = [784, 100, 20, 100, 784]
        pairs = itertools.pairwise(widths)
        return nn.Sequential(*(layer for p, q in pairs for layer in (nn.Linear(p, q), nn.ReLU())))
    if name == "conv":
        encoder = [*conv(1, 8), pool, *conv(8, 4), pool, *conv(4, 4), pool]
        decoder = [*conv(4, 4), up, *conv(4, 4), up, *conv(4, 8, 0), up, *conv(8, 1)]
        return nn.Sequential(*encoder, *decoder)
    encoder = [*conv(1, 32), pool, *conv(32, 32), pool]
    return nn.Sequential(*encoder, *conv(32, 32), up, *conv(32, 32), up, *conv(32, 1))


def train(name: str, variant: str, images: int, repeats: int, pairs: Path) -> dict[str, Any]:
    """Time epochs in PyTorch, after ten steps that are not counted."""
    import torch

    torch.manual_seed(0)
    model = network(name)
    with np.load(pairs) as stored:
        arrays = [torch.from_numpy(stored[key][:images]) for key in ("inputs", "targets")]
    if name != "dense":
        arrays = [a.permute(0, 3, 1, 2) for a in arrays]  # PyTorch counts channels first
    inputs, targets = arrays
    half = "bfloat16" in variant
    if "channels_last" in variant and name != "dense":
        model = model.to(memory_format=torch.channels_last)
        inputs = inputs.contiguous(memory_format=torch.channels_last)
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3, alpha=0.9, eps=1e-7)

    def epoch(n: int) -> None:
        for batch in torch.randperm(n).split(128):
            optimizer.zero_grad()
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
                outputs = model(inputs[batch])
            torch.nn.functional.mse_loss(outputs.float(), targets[batch]).backward()
            optimizer.step()

    epoch(min(1280, len(inputs)))
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        epoch(len(inputs))
        seconds.append(round(time.perf_counter() - start, 3))
    precision = "bfloat16 autocast" if half else "float32"
    return {"seconds": seconds, "precision": precision, "peak_mib": peak_mib()}


def tsne(library: str, n: int, codes: Path) -> dict[str, Any]:
    """Time t-SNE of the first `n` codes."""
    points = np.load(codes)[:n]
    start = time.perf_counter()
    if library == "openTSNE":
        import openTSNE

        openTSNE.TSNE(n_jobs=-1, random_state=0).fit(points)
    else:
        from sklearn.manifold import TSNE

        TSNE(n_jobs=-1, random_state=0).fit_transform(points)
    return {"seconds": [round(time.perf_counter() - start, 2)], "peak_mib": peak_mib()}


if __name__ == "__main__":
    _, _, kind, *rest = sys.argv
    if kind == "train":
        result = train(rest[0], rest[1], int(rest[2]), int(rest[3]), Path(rest[4]))
    else:
        result = tsne(rest[0], int(rest[1]), Path(rest[2]))
    print(json.dumps(result))
