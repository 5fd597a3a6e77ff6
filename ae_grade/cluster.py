"""Grade on the workers of a dask cluster."""

from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path

from ae_grade.sandbox import Sandbox, SandboxError

__all__ = ["connect"]


def connect(
    address: str, tls: dict[str, Path | None], kind: str = ""
) -> tuple[Sandbox, Callable[[], Executor], int]:
    """Connect to a scheduler whose workers have this package, and try the sandbox on each.

    Parameters
    ----------
    address : str
        ``tcp://host:port``, or ``tls://host:port`` with the three files of `tls`.
    tls : dict
        Paths by ``"ca"``, ``"cert"`` and ``"key"``.
    kind : str
        Of sandbox, as `ae_grade.sandbox.find_sandbox` takes it.

    Returns
    -------
    sandbox : Sandbox
    make_executor : callable
    width : int
        The number of threads of all workers.

    Raises
    ------
    SandboxError
        A worker has no usable sandbox, or not the same as the others; the message names it.
    ValueError
        ``tls://`` without its files.
    OSError
        The scheduler cannot be reached.
    """
    try:
        from distributed import Client
        from distributed.security import Security
    except ImportError:
        raise ImportError("--scheduler needs dask: `pip install 'ae-lib[cluster]'`.") from None

    security = None
    if address.startswith("tls://"):
        if not all(tls.values()):
            raise ValueError("tls:// needs --tls-ca, --tls-cert and --tls-key.")
        security = Security(
            tls_ca_file=str(tls["ca"]),
            tls_client_cert=str(tls["cert"]),
            tls_client_key=str(tls["key"]),
            require_encryption=True,
        )
    client = Client(address, security=security, timeout=20, set_as_default=False)
    found = client.run(probe_worker, kind)
    if not found:
        raise SandboxError(f"The scheduler {address} has no workers.")
    faults = [f"{worker}: {said}" for worker, (box, said) in found.items() if box is None]
    if faults:
        raise SandboxError("Workers without a sandbox:\n" + "\n".join(faults))
    boxes = {box for box, _ in found.values()}
    if len(boxes) > 1:
        raise SandboxError(
            f"The workers have different sandboxes: {', '.join(sorted(map(str, boxes)))}."
        )
    width = sum(client.nthreads().values())
    # Two submissions with the same content are two tasks.
    return boxes.pop(), lambda: client.get_executor(pure=False), width


def probe_worker(kind: str) -> tuple[Sandbox | None, str]:
    """Return this worker's sandbox after it has held a first box, or None and the reason."""
    from ae_grade.doctor import try_box

    try:
        from ae_grade.sandbox import find_sandbox, settle_data

        settle_data()

        sandbox = find_sandbox(kind)
        try_box(sandbox)
    except SandboxError as error:
        return None, str(error)
    return sandbox, ""
