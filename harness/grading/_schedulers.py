"""Connect to a Dask scheduler, or start one locally or through Slurm."""

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

from harness._version import extra
from harness.errors import InfrastructureError, UsageError
from harness.programs import find_program

_DASHBOARD = "127.0.0.1:0"
"""The address of Dask's dashboard. Dask's own default serves all networks, at a port that may be in use."""
_CONNECT_SECONDS = 15.0
_PATIENCE = 60.0
_LOOK_SECONDS = 0.2

Connect = Callable[[], AbstractContextManager[Any]]
"""Opens a `distributed.Client`."""


def scheduler(
    address: str, jobs: int | None, threads: int, logs: Path
) -> tuple[Callable[[], AbstractContextManager[Any]], float]:
    """Return a function that opens a client of the scheduler at `address`, and the time to wait for its workers.

    `address` is ``tcp://…`` or ``tls://…`` for a running scheduler, ``local:N`` for N processes on this machine, or
    ``slurm`` for `jobs` Slurm jobs, set up by Dask's own configuration (``jobqueue.slurm``), with logs in `logs`.

    Raises:
        UsageError: `address` has none of these forms, or the extra `cluster` is not installed.
    """
    try:
        import distributed  # noqa: F401 - if it is missing, fail before anything is started
    except ImportError:
        raise UsageError(f"--scheduler needs Dask: {extra('cluster')}") from None
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
    """Start `count` Slurm jobs, each with one worker and the processors for one evaluation.

    Raises:
        InfrastructureError: this machine has no Slurm, or Slurm does not accept the jobs.
    """
    try:
        from dask_jobqueue import SLURMCluster
    except ImportError:
        raise UsageError(f"--scheduler slurm needs dask-jobqueue: {extra('cluster')}") from None
    if find_program("sbatch") is None:
        raise InfrastructureError("Slurm is not installed here (no program sbatch): run this on a machine with sbatch")
    import dask
    from distributed import Client

    memory = dask.config.get("jobqueue.slurm.memory", None) or "8GiB"
    options = {"cores": 1, "processes": 1, "memory": memory, "job_cpu": threads}
    options["python"] = f"{shlex.quote(sys.executable)} -P"  # a job starts in the folder that it was submitted from
    options["log_directory"] = str(logs)
    with SLURMCluster(**options) as cluster, Client(cluster, set_as_default=False) as client:
        _test_job_script(cluster.job_script())
        cluster.scale(jobs=count)
        _wait_until_accepted(cluster, count)
        yield client


def _wait_until_accepted(cluster: Any, count: int) -> None:
    """Wait until Slurm has given every job an id. After that, the jobs may wait in its queue for days.

    Raises:
        InfrastructureError: Slurm did not accept all jobs in time.
    """
    deadline = time.monotonic() + _PATIENCE
    while sum(worker.job_id is not None for worker in cluster.workers.values()) < count:
        if time.monotonic() > deadline:
            raise InfrastructureError(
                "Slurm did not accept the workers' jobs (its answer is above): try sbatch by hand"
            )
        time.sleep(_LOOK_SECONDS)


def _test_job_script(script: str) -> None:
    """Ask Slurm whether it would accept `script`, because Dask would wait forever for a job that Slurm refuses.

    Raises:
        InfrastructureError: Slurm refuses the script.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".sh") as file:
        file.write(script)
        file.flush()
        ask = ["sbatch", "--test-only", file.name]  # the sbatch on the user's PATH
        done = subprocess.run(ask, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InfrastructureError(
            f"Slurm refuses the workers' job ({done.stderr.strip()}): set jobqueue.slurm in Dask's configuration"
        )
