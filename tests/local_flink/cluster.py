# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Flink session cluster: one JobManager, and TaskManagers that can be killed, on 127.0.0.1 only."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import requests

from local_flink.files import find_flink_lib, find_java
from local_flink.polling import until
from local_flink.rest import FlinkError, FlinkRest

JOB_MANAGER = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"
ZOOKEEPER = "org.apache.flink.shaded.zookeeper3.org.apache.zookeeper.server.ZooKeeperServerMain"
TASK_MANAGER = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"

START_SECONDS = 60.0
STOP_SECONDS = 10.0
ATTEMPTS = 3
# How much of each log is shown when Flink has not come.
LAST_LINES = 60

# Flink reaches into these, which the newer JDKs forbid. Without them a TaskManager has no slots.
OPENED = (
    "java.lang", "java.net", "java.io", "java.nio", "sun.nio.ch", "java.lang.reflect", "java.text", "java.time",
    "java.util", "java.util.concurrent", "java.util.concurrent.atomic", "java.util.concurrent.locks",
)  # fmt: skip
JAVA_OPTIONS = [
    "-XX:-UsePerfData",  # it would leave a file in /tmp
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",  # what runs here runs too briefly to earn more
    "--add-exports=java.base/sun.net.util=ALL-UNNAMED",
    *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENED),
]

COMMON = {
    "jobmanager.rpc.address": "127.0.0.1",
    "jobmanager.bind-host": "127.0.0.1",
    "rest.address": "127.0.0.1",
    "rest.bind-address": "127.0.0.1",
    "blob.server.port": "0",
    # A TaskManager that is there before the JobManager would else lose ten seconds.
    "cluster.registration.error-delay": "500",
    "cluster.registration.initial-timeout": "200",
    # How old what the REST API shows may be, in ms.
    "web.refresh-interval": "300",
    # The result of a savepoint can be asked for long after it was made.
    "rest.async.store-duration": "1 d",
    # A job that wants more slots than there are fails after so many ms.
    "slot.request.timeout": "20000",
}
WORKER = {
    "taskmanager.host": "127.0.0.1",
    "taskmanager.bind-host": "127.0.0.1",
    "taskmanager.cpu.cores": "2",
    "taskmanager.memory.task.heap.size": "256m",
    "taskmanager.memory.task.off-heap.size": "0",
    "taskmanager.memory.framework.heap.size": "128m",
    "taskmanager.memory.framework.off-heap.size": "64m",
    "taskmanager.memory.network.min": "64m",
    "taskmanager.memory.network.max": "64m",
    "taskmanager.memory.managed.size": "64m",
    "taskmanager.memory.jvm-metaspace.size": "256m",
    "taskmanager.memory.jvm-overhead.min": "128m",
    "taskmanager.memory.jvm-overhead.max": "128m",
}
# A JobManager that is lost is known to be after so many ms; ZooKeeper allows no less than two of its ticks.
SESSION_MS = 4000
# The folder of what the next JobManager finds.
SURVIVING = "jobs"

LOGGING = """\
rootLogger.level = INFO
rootLogger.appenderRef.file.ref = File
appender.file.name = File
appender.file.type = File
appender.file.fileName = ${sys:log.file}
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d{HH:mm:ss,SSS} %-5p %c{1} - %m%n
"""


class FlinkCluster:
    """A session cluster, to be used as a context manager; it takes about 5 s and 0.6 GB.

    :param home: a folder that is or will be there; all that the cluster writes, its logs too, is below it.
    :param slots: how many parallel tasks each TaskManager can run, of all jobs together.
    :param task_managers: how many TaskManagers there are; each takes about 0.4 GB.
    :param settings: settings of Flink for all processes, by their keys; they win over those that it has otherwise.
    :param survives: whether jobs survive the loss of the JobManager: a ZooKeeper, which is part of Flink, knows them.
    :raises FlinkMissing: when there is no JDK or no Flink on this machine.

    On entering, ``rest`` gets the REST API of the cluster; ``rest.url`` is also the address of Flink's web page.
    """

    rest: FlinkRest

    def __init__(
        self,
        home: Path,
        slots: int = 8,
        task_managers: int = 1,
        settings: dict[str, str] | None = None,
        survives: bool = False,
    ) -> None:
        self.home = home.resolve()
        self._slots = slots
        self._count = task_managers
        self._settings = settings or {}
        self._survives = survives
        self._workers: list[subprocess.Popen] = []
        self._processes: dict[str, subprocess.Popen] = {}
        self._launched = 0
        self._java = find_java()
        self._lib = find_flink_lib()
        self._running = contextlib.ExitStack()

    def __enter__(self) -> FlinkCluster:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._start()
                return self
            except BaseException as error:
                self._running.close()
                self._workers.clear()
                self._processes.clear()
                # Somebody else may have taken a port in the moment between its choice and its use.
                if attempt == ATTEMPTS or not isinstance(error, RuntimeError):
                    raise
        raise AssertionError("not reached")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._running.close()

    def _start(self) -> None:
        for name in ("conf", "tmp"):
            (self.home / name).mkdir(parents=True, exist_ok=True)
        (self.home / "conf" / "log4j.properties").write_text(LOGGING, encoding="utf-8")
        for name in ("flink-conf.yaml", "config.yaml"):  # before Flink 2 and since; it wants one, however empty
            (self.home / "conf" / name).touch()
        rpc_port, rest_port = _free_ports(2)
        self._common = COMMON | {
            "jobmanager.rpc.port": str(rpc_port),
            "rest.port": str(rest_port),
            "rest.bind-port": str(rest_port),
            "web.upload.dir": str(self.home / "tmp"),
            "io.tmp.dirs": str(self.home / "tmp"),
            "state.savepoints.dir": (self.home / "savepoints").as_uri(),
            "state.checkpoints.dir": (self.home / "checkpoints").as_uri(),
            **self._settings,
        }
        if self._survives:
            self._common |= self._start_zookeeper()
        # Left last, so that a TaskManager never misses its JobManager.
        self._start_job_manager()
        for _number in range(self._count):
            self.start_task_manager()
        self.rest = self._running.enter_context(FlinkRest(f"http://127.0.0.1:{rest_port}"))

        def ready() -> bool:
            processes = [(self._manager, "jobmanager"), *((worker, "taskmanager") for worker in self._workers)]
            for process, name in processes:
                if process.poll() is not None:
                    raise RuntimeError(f"Flink's {name} ended at once; see {self.home / name}.log and .out.")
            try:
                return self.rest.slots() == self._slots * self._count
            except (requests.ConnectionError, FlinkError):
                return False

        self.until(ready, START_SECONDS, "Flink with a free slot")

    def until(self, read: Callable[[], bool], seconds: float, what: str) -> None:
        """Wait for Flink as ``polling.until`` does.

        :raises TimeoutError: when the time is over; it shows how each process does, and where its log ends.
        """
        try:
            until(read, seconds, what, pause=0.2)
        except TimeoutError as error:
            raise TimeoutError("\n".join([str(error), *self.last_words()])) from error

    def last_words(self) -> list[str]:
        """Return a text for each process: how it does, and where its log and its output end."""
        return [self._last_words(name) for name in self._processes]

    def _last_words(self, name: str) -> str:
        process = self._processes[name]
        state = "runs" if process.poll() is None else f"has ended with {process.returncode}"
        lines = [f"Flink's {name} {state}, in {self.home}."]
        for path in (self.home / f"{name}.log", self.home / f"{name}.out"):
            text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
            lines += text.splitlines()[-LAST_LINES:]
        return "\n    ".join(lines)

    def _start_zookeeper(self) -> dict[str, str]:
        """Start a ZooKeeper, and return the settings of a Flink that uses it."""
        (port,) = _free_ports(1)
        configuration = {
            "dataDir": self.home / "zookeeper",
            "clientPort": port,
            "clientPortAddress": "127.0.0.1",
            "tickTime": SESSION_MS // 2,
            "admin.enableServer": "false",
        }
        path = self.home / "conf" / "zookeeper.cfg"
        path.write_text("".join(f"{key}={value}\n" for key, value in configuration.items()), encoding="utf-8")
        self._launch("zookeeper", ["-Xmx128m"], ZOOKEEPER, str(path))
        return {
            "high-availability": "zookeeper",
            "high-availability.storageDir": (self.home / SURVIVING).as_uri(),
            "high-availability.zookeeper.quorum": f"127.0.0.1:{port}",
            "high-availability.zookeeper.client.session-timeout": str(SESSION_MS),
        }

    def _start_job_manager(self) -> None:
        self._forget_half_written_ends()
        self._manager = self._flink("jobmanager", ["-Xmx512m", "-Xms64m"], JOB_MANAGER, self._common)

    def _forget_half_written_ends(self) -> None:
        """Delete what a JobManager that was killed had half written of how a job ended.

        Object storage, where these files are elsewhere, never shows half a file; no JobManager starts beside one.
        """
        for path in self.home.glob(f"{SURVIVING}/job-result-store/*/*.json"):
            try:
                json.loads(path.read_bytes())
            except ValueError:
                path.unlink()

    def replace_job_manager(self) -> None:
        """End the JobManager without a warning, and start another one, which needs some seconds until it is there.

        Only where jobs survive that does it know them, and starts them from their newest checkpoint or savepoint.
        """
        self._manager.kill()
        self._manager.wait()
        self._start_job_manager()

    def revive_job_manager(self) -> None:
        """Start the JobManager once more if it has ended: between two of them somebody else may take their port."""
        if self._manager.poll() is not None:
            self._start_job_manager()

    def start_task_manager(self) -> None:
        """Start one more TaskManager; it needs some seconds until its slots are there."""
        self._launched += 1
        name = "taskmanager" if self._launched == 1 else f"taskmanager-{self._launched}"
        settings = self._common | WORKER | {"taskmanager.numberOfTaskSlots": str(self._slots)}
        options = ["-Xmx384m", "-Xms64m", "-XX:MaxMetaspaceSize=256m"]
        self._workers.append(self._flink(name, options, TASK_MANAGER, settings))

    def kill_task_manager(self) -> None:
        """End the oldest TaskManager without a warning, as a machine that is lost does; there has to be one."""
        worker = self._workers.pop(0)
        worker.kill()
        worker.wait()

    def _flink(self, name: str, options: list[str], main_class: str, settings: dict[str, str]) -> subprocess.Popen:
        """Start a process of Flink."""
        given = (f"-D{key}={value}" for key, value in settings.items())
        return self._launch(name, options, main_class, "--configDir", str(self.home / "conf"), *given)

    def _launch(self, name: str, options: list[str], main_class: str, *arguments: str) -> subprocess.Popen:
        command = [
            *(str(self._java), *options, *JAVA_OPTIONS),
            f"-Djava.io.tmpdir={self.home / 'tmp'}",
            f"-Dlog.file={self.home / name}.log",
            f"-Dlog4j.configurationFile={(self.home / 'conf' / 'log4j.properties').as_uri()}",
            *("-classpath", os.pathsep.join(map(str, sorted(self._lib.glob("*.jar")))), main_class),
            *arguments,
        ]
        environment = os.environ | {
            "FLINK_CONF_DIR": str(self.home / "conf"),
            "FLINK_LIB_DIR": str(self._lib),
            "FLINK_PLUGINS_DIR": str(self._lib.parent / "plugins"),
        }
        with (self.home / f"{name}.out").open("wb") as out:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=self.home,
                env=environment,
                start_new_session=True,  # Ctrl-C in a terminal is for us; we stop the processes in our own order
            )
        self._processes[name] = process
        self._running.callback(_end, process)
        return process


def _end(process: subprocess.Popen) -> None:
    """Stop a process, and do not take no for an answer."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_ports(count: int) -> list[int]:
    """Return ports that were free a moment ago, all different."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _number in range(count)]
        for listener in sockets:
            listener.bind(("127.0.0.1", 0))
        return [listener.getsockname()[1] for listener in sockets]
