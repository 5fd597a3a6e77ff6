"""Train the dense autoencoder data-parallel over several processes or hosts, with Keras on JAX.

All on this machine:      python -m tools.train_distributed --processes 2
One command a host:       python -m tools.train_distributed --processes 2 \\
                              --address FIRST_HOST:12345 --process-id 0      (on the next: 1)

Each process trains on its share of the images with its share of the batch; Keras's
`keras.distribution` adds up the gradients, over gloo on CPUs and NCCL on GPUs. After each epoch
process 0 writes a checkpoint into --checkpoint, a folder that all hosts see. If a process is lost
the run ends with an error, and the same command goes on after the last checkpoint.
"""

import argparse
import atexit
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tools.results import ROOT

BATCH_SIZE = 128  # in all processes together, as everywhere in the course


def train(options: argparse.Namespace) -> None:
    """Be one of the processes: train on this process's share."""
    first = options.process_id == 0
    state = options.checkpoint
    if not first:
        # Saving is a step that all processes take together, but only the first one's files count.
        # Copied before the processes meet: from then on the first one may write.
        state = Path(tempfile.mkdtemp(prefix="distributed-"))
        atexit.register(shutil.rmtree, state)
        if options.checkpoint.is_dir():
            shutil.copytree(options.checkpoint, state, dirs_exist_ok=True)
    os.environ["KERAS_BACKEND"] = "jax"  # the only backend that keras.distribution serves
    import jax

    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    import keras

    keras.distribution.initialize(options.address, options.processes, options.process_id)
    keras.distribution.set_distribution(keras.distribution.DataParallel(auto_shard_dataset=False))

    from ae_lib import RECIPES, load_mnist, rmsprop, set_seed

    data = load_mnist()
    share = options.images // options.processes  # the same in each process
    mine = data.x_train[: options.images][options.process_id :: options.processes][:share]
    inputs, targets = RECIPES["dense"].pairs(mine)

    if first and (state / "dense" / "training_metadata.json").is_file():
        print("Going on after the last checkpoint.")
    set_seed()  # the same first weights everywhere
    model = RECIPES["dense"].build()
    model.compile(optimizer=rmsprop(), loss="mean_squared_error")
    try:
        history = model.fit(
            inputs,
            targets,
            batch_size=BATCH_SIZE // options.processes,
            epochs=options.epochs,
            # MNIST is in random order already. Taken as they come, the images of a step are the
            # same whatever the number of processes, so that the losses can be compared.
            shuffle=False,
            callbacks=[
                keras.callbacks.BackupAndRestore(
                    str(state / "dense"), double_checkpoint=True, delete_checkpoint=False
                )
            ],
            verbose=2 if first else 0,
        )
    except jax.errors.JaxRuntimeError as error:
        # JAX's own farewell would wait for the lost process.
        print(f"process {options.process_id}: a process was lost ({error}).", file=sys.stderr)
        print(resume_hint(options), file=sys.stderr, flush=True)
        os._exit(1)
    if first:
        shutil.rmtree(options.checkpoint)  # else the next run would think itself done
        print(data)
        print(f"final loss {history.history['loss'][-1]:.6f} after {options.epochs} epochs")


def resume_hint(options: argparse.Namespace) -> str:
    return (
        f"The same command goes on after the last checkpoint in {options.checkpoint}; delete that "
        "folder to begin anew."
    )


def launch(options: argparse.Namespace) -> None:
    """Start all processes on this machine; when one is lost, end the others and say so.

    Raises
    ------
    SystemExit
        A process was lost.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    command = [sys.executable, "-m", "tools.train_distributed", "--address", address]
    command += ["--processes", str(options.processes), "--epochs", str(options.epochs)]
    command += ["--images", str(options.images), "--checkpoint", str(options.checkpoint)]
    workers = [
        subprocess.Popen([*command, "--process-id", str(i)], cwd=ROOT)
        for i in range(options.processes)
    ]
    print("processes:", *(worker.pid for worker in workers), flush=True)
    try:
        while any(worker.poll() is None for worker in workers):
            lost = [i for i, worker in enumerate(workers) if worker.poll()]
            if lost:
                code = workers[lost[0]].returncode
                how = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit status {code}"
                sys.exit(f"Process {lost[0]} ended {how}. {resume_hint(options)}")
            time.sleep(0.2)
    except KeyboardInterrupt:
        sys.exit(f"\nInterrupted. {resume_hint(options)}")
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    if any(worker.returncode for worker in workers):
        sys.exit(f"A process failed. {resume_hint(options)}")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--process-id", type=int, help="which one this is; without, start all here")
    parser.add_argument("--address", help="host:port of process 0")
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--images", type=int, default=60_000, help="train on the first so many")
    parser.add_argument(
        "--checkpoint", type=Path, default=ROOT / "_build" / "distributed", metavar="FOLDER"
    )
    options = parser.parse_args(arguments)
    if options.processes < 1 or BATCH_SIZE % options.processes:
        parser.error(f"--processes {options.processes} does not divide the batch of {BATCH_SIZE}.")
    if (options.process_id is None) != (options.address is None):
        parser.error("--address and --process-id belong together.")
    if not BATCH_SIZE <= options.images <= 60_000 or options.epochs < 1:
        parser.error(f"--epochs is at least 1, --images from {BATCH_SIZE} to 60,000.")
    if options.process_id is None:
        launch(options)
    elif 0 <= options.process_id < options.processes:
        train(options)
    else:
        parser.error(f"--process-id is from 0 to {options.processes - 1}.")


if __name__ == "__main__":
    main()
