"""A Spark cluster of this machine's own: a master and workers as processes on loopback, from pip's pyspark."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyspark

from outreach.settings import HOST

SPARK_CLASS = Path(pyspark.__file__).parent / "bin/spark-class"
SECONDS_TO_START = 60


class ClusterError(Exception):
    """The cluster did not come up. The message says which process, and where it wrote why."""


@contextmanager
def standalone_cluster(folder: Path, workers: int, cores: int, memory: str) -> Iterator[str]:
    """Starts a master and workers, and stops them at the end.

    Args:
        folder: for the processes' logs and the workers' scratch files.
        workers: how many workers.
        cores: of each worker.
        memory: of each worker, such as `2g`.

    Yields:
        The master's address, `spark://…`.

    Raises:
        ClusterError: a process did not start within a minute.
    """
    logs = folder / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    processes: list[subprocess.Popen[bytes]] = []

    def start(name: str, *arguments: str) -> Path:
        log = logs / f"{name}.log"
        environment = os.environ | {"SPARK_LOCAL_IP": HOST, "SPARK_HOME": str(SPARK_CLASS.parents[1])}
        with log.open("w") as output:
            processes.append(
                subprocess.Popen(
                    [SPARK_CLASS, *arguments], env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
                )
            )
        return log

    try:
        address = f"spark://{HOST}:{_free_port()}"
        port = address.rpartition(":")[2]
        log = start("master", "org.apache.spark.deploy.master.Master", "--host", HOST, "--port", port, "--webui-port", "0")
        _wait_for(r"New state: ALIVE", log, processes[-1])
        size = ("--cores", str(cores), "--memory", memory, "--work-dir", str(folder.absolute() / "work"))
        worker_logs = [
            start(f"worker-{number}", "org.apache.spark.deploy.worker.Worker", "--host", HOST, "--webui-port", "0", *size, address)
            for number in range(1, workers + 1)
        ]
        for log, process in zip(worker_logs, processes[1:], strict=True):
            _wait_for(r"Successfully registered with master", log, process)
        yield address
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _wait_for(pattern: str, log: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while not re.search(pattern, log.read_text(errors="replace")):
        if process.poll() is not None or time.monotonic() > deadline:
            raise ClusterError(f"A process of the Spark cluster did not start; {log} says why.")
        time.sleep(0.2)
