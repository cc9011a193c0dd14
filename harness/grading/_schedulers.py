"""Where a scheduler is, or how to start one."""

from __future__ import annotations

import math
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from harness.errors import InfrastructureError, UsageError
from harness.programs import find_program

_DASHBOARD = "127.0.0.1:0"
"""Where Dask shows its state; left alone it serves all networks, at a port that may be taken."""
_CONNECT_SECONDS = 15.0
_PATIENCE = 60.0
_LOOK_SECONDS = 0.2

Connect = Callable[[], AbstractContextManager[Any]]
"""Opens a `distributed.Client`."""


def scheduler(
    address: str, jobs: int | None, threads: int, logs: Path
) -> tuple[Callable[[], AbstractContextManager[Any]], float]:
    """Return how to open a client of `address` and how long to wait for its workers.

    `address` is ``tcp://…`` or ``tls://…`` of one that runs, ``local:N`` for N processes on this machine, or ``slurm``
    for as many Slurm jobs as `jobs`, set up by Dask's own configuration (``jobqueue.slurm``), logs in `logs`.

    Raises:
        UsageError: it is none of these, or the extra `cluster` is not installed.
    """
    try:
        import distributed  # noqa: F401 - asked before anything is begun
    except ImportError:
        raise UsageError("--scheduler needs Dask: pip install 'harness[cluster]'") from None
    if address.startswith(("tcp://", "tls://")):
        return lambda: _running(address), _PATIENCE
    if address.startswith("local:") and address.removeprefix("local:").isdecimal() and int(address[6:]) > 0:
        return lambda: _local(int(address[6:])), _PATIENCE
    if address == "slurm":
        return lambda: _slurm(jobs or 1, threads, logs), math.inf
    raise UsageError(f"--scheduler {address!r}: expected tcp://HOST:PORT, local:N or slurm")


@contextmanager
def _running(address: str) -> Iterator[Any]:
    from distributed import Client

    try:
        client = Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError) as error:
        raise InfrastructureError(f"no scheduler answers at {address} ({error}): start `dask scheduler`") from error
    with client:
        yield client


@contextmanager
def _local(count: int) -> Iterator[Any]:
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=count,
            threads_per_worker=1,
            processes=True,
            dashboard_address=_DASHBOARD,
            silence_logs=50,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


@contextmanager
def _slurm(count: int, threads: int, logs: Path) -> Iterator[Any]:
    """Start `count` Slurm jobs of one worker each, which has the processors of one evaluation.

    Raises:
        InfrastructureError: there is no Slurm here, or it does not take the jobs.
    """
    try:
        from dask_jobqueue import SLURMCluster
    except ImportError:
        raise UsageError("--scheduler slurm needs dask-jobqueue: pip install 'harness[cluster]'") from None
    if find_program("sbatch") is None:
        raise InfrastructureError("there is no Slurm here (no program sbatch): grade where sbatch is")
    import dask
    from distributed import Client

    memory = dask.config.get("jobqueue.slurm.memory", None) or "8GiB"
    options = {"cores": 1, "processes": 1, "memory": memory, "job_cpu": threads}
    options["python"] = f"{shlex.quote(sys.executable)} -P"  # a job starts in the folder it is sent from
    options["log_directory"] = str(logs)
    with SLURMCluster(**options) as cluster, Client(cluster, set_as_default=False) as client:
        _ask_slurm(cluster.job_script())
        cluster.scale(jobs=count)
        _see_taken(cluster, count)
        yield client


def _see_taken(cluster: Any, count: int) -> None:
    """Wait until Slurm has numbered every job: they may stand in its queue for days, but they must be there.

    Raises:
        InfrastructureError: they are not.
    """
    deadline = time.monotonic() + _PATIENCE
    while sum(worker.job_id is not None for worker in cluster.workers.values()) < count:
        if time.monotonic() > deadline:
            raise InfrastructureError("Slurm did not take the workers' jobs (its answer is above): try sbatch by hand")
        time.sleep(_LOOK_SECONDS)


def _ask_slurm(script: str) -> None:
    """Have Slurm say whether it would ever run `script`; Dask would wait for a job that nobody took.

    Raises:
        InfrastructureError: it would not.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".sh") as file:
        file.write(script)
        file.flush()
        ask = ["sbatch", "--test-only", file.name]  # whichever Slurm the user has
        done = subprocess.run(ask, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InfrastructureError(
            f"Slurm refuses the workers' job ({done.stderr.strip()}): set jobqueue.slurm in Dask's configuration"
        )
