# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The few calls of Flink's REST API that it takes to run a job, save it and stop it."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import requests

# As Flink itself answers before a new JobManager is at work.
AWAY = 503
TIMEOUT = 60  # seconds; a submission runs the main method of a job
READ_TIMEOUT = 10  # seconds; Flink may take minutes to answer while it loses a process, and whoever reads can ask again
SETTINGS_IN_BODY = (1, 17)  # the first version that takes a job's settings of Flink with its submission


class FlinkError(Exception):
    """Flink refused a call, or could not do what it was asked for; the text is the first line of the root cause.

    ``status`` is the HTTP status, 200 where Flink took the call and failed later, AWAY where no JobManager answers.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True)
class FlinkJob:
    """A job as Flink shows it.

    ``state`` is Flink's own: INITIALIZING, CREATED, RUNNING, FAILING, FAILED, CANCELLING, CANCELED, FINISHED,
    RESTARTING, SUSPENDED or RECONCILING. Flink calls a job RUNNING before its tasks are; ``runs`` says whether every
    task is, or has already reached its end.
    """

    flink_id: str
    state: str
    runs: bool


class FlinkRest:
    """Flink's REST API; ``url`` has no slash at its end. Each call raises FlinkError when Flink refuses it."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._http = requests.Session()
        self._http.trust_env = False  # no proxy between here and here

    def __enter__(self) -> FlinkRest:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    @functools.cached_property
    def version(self) -> str:
        """Flink's version, such as C(1.17.2)."""
        return self._call("GET", "config")["flink-version"]

    def slots(self) -> int:
        """Return how many slots the TaskManagers have together."""
        return self._call("GET", "overview")["slots-total"]

    def task_managers(self) -> set[str]:
        """Return the ids of the TaskManagers; one that is gone is among them until Flink notices it."""
        return {shown["id"] for shown in self._call("GET", "taskmanagers")["taskmanagers"]}

    def upload(self, jar: Path) -> str:
        """Upload a JAR and return Flink's name of it."""
        with jar.open("rb") as stream:
            part = (jar.name, stream, "application/x-java-archive")
            answer = self._call("POST", "jars/upload", files={"jarfile": part})
        return answer["filename"].rpartition("/")[2]

    def delete_jar(self, jar_id: str) -> None:
        """Forget an uploaded JAR; jobs that run from it do not mind."""
        self._call("DELETE", f"jars/{jar_id}")

    def run(
        self,
        jar_id: str,
        main_class: str | None,
        arguments: Sequence[str] = (),
        parallelism: int = 1,
        savepoint: str | None = None,
        configuration: dict[str, str] | None = None,
        flink_id: str | None = None,
    ) -> str:
        """Start a job and return Flink's number of it.

        :param main_class: None takes the one that the manifest of the JAR names.
        :param savepoint: path of the savepoint to start from.
        :param configuration: settings of Flink for this job. Before Flink 1.17 the REST API has no place for them: the
            job gets them as further arguments C(-Dkey=value), and has to heed them itself.
        :param flink_id: 32 hexadecimal digits for Flink's number of the job; None has Flink choose one.
        """
        if tuple(map(int, self.version.split(".")[:2])) < SETTINGS_IN_BODY:
            arguments = [*arguments, *(f"-D{key}={value}" for key, value in (configuration or {}).items())]
            configuration = None
        # Not programArgs: newer versions of Flink silently ignore it.
        body: dict[str, Any] = {"programArgsList": list(arguments), "parallelism": parallelism}
        optional = {"entryClass": main_class, "savepointPath": savepoint, "flinkConfiguration": configuration}
        optional["jobId"] = flink_id
        body.update({name: value for name, value in optional.items() if value})
        return self._call("POST", f"jars/{jar_id}/run", json=body)["jobid"]

    def job(self, flink_id: str) -> FlinkJob:
        """Return a job as it is now.

        It is taken from the list of all jobs: what the call for one job shows is from a cache.
        """
        for shown in self._call("GET", "jobs/overview")["jobs"]:
            if shown["jid"] == flink_id:
                tasks = shown["tasks"]
                runs = tasks["running"] > 0 and tasks["running"] + tasks["finished"] == tasks["total"]
                return FlinkJob(flink_id, shown["state"], shown["state"] == "RUNNING" and runs)
        raise FlinkError(404, f"Flink has no job {flink_id}.")

    def all_tasks_ran(self, flink_id: str) -> bool:
        """Return whether every task of a job has reached RUNNING since its last restart, if only for a moment."""
        vertices = [vertex["id"] for vertex in self._call("GET", f"jobs/{flink_id}")["vertices"]]
        tasks = [self._call("GET", f"jobs/{flink_id}/vertices/{vertex}/subtasktimes") for vertex in vertices]
        return bool(tasks) and all(part["timestamps"]["RUNNING"] > 0 for task in tasks for part in task["subtasks"])

    def restarts(self, flink_id: str) -> int:
        """Return how often Flink has restarted the tasks of a job since it was submitted."""
        vertices = [vertex["id"] for vertex in self._call("GET", f"jobs/{flink_id}")["vertices"]]
        tasks = [self._call("GET", f"jobs/{flink_id}/vertices/{vertex}") for vertex in vertices]
        return max((part["attempt"] for task in tasks for part in task["subtasks"]), default=0)

    def newest_checkpoint(self, flink_id: str) -> str | None:
        """Return the path of the newest complete checkpoint of a job; None when there is none.

        Where it has made none since its JobManager began, or was replaced, it is the one that it then went on from.
        """
        latest = self._call("GET", f"jobs/{flink_id}/checkpoints")["latest"]
        newest = latest["completed"] or latest["restored"]
        return newest["external_path"] if newest else None

    def failure(self, flink_id: str) -> str:
        """Return the first line of the root cause why a job failed; empty when it did not."""
        # Not root-exception: newer versions of Flink have none. The newest entry comes first.
        entries = self._call("GET", f"jobs/{flink_id}/exceptions")["exceptionHistory"]["entries"]
        return root_cause(entries[0]["stacktrace"]) if entries else ""

    def stop(self, flink_id: str, target: str) -> str:
        """Ask for a savepoint below this folder and the end of the job, and return the number of the request."""
        body = {"targetDirectory": target, "drain": False}
        return self._call("POST", f"jobs/{flink_id}/stop", json=body)["request-id"]

    def save(self, flink_id: str, target: str) -> str:
        """Ask for a savepoint below this folder and return the number of the request; the job runs on."""
        body = {"target-directory": target, "cancel-job": False}
        return self._call("POST", f"jobs/{flink_id}/savepoints", json=body)["request-id"]

    def saved(self, flink_id: str, request_id: str) -> str | None:
        """Return the path of the savepoint that was asked for, or None while it is being made.

        :raises FlinkError: when there will be none.
        """
        shown = self._call("GET", f"jobs/{flink_id}/savepoints/{request_id}")
        if shown["status"]["id"] != "COMPLETED":
            return None
        operation = shown["operation"]
        if "failure-cause" in operation:
            raise FlinkError(200, root_cause(operation["failure-cause"]["stack-trace"]))
        return operation["location"]

    def cancel(self, flink_id: str) -> None:
        """Ask for the end of a job, without a savepoint."""
        self._call("PATCH", f"jobs/{flink_id}", params={"mode": "cancel"})

    def _call(self, method: str, path: str, **options: Any) -> Any:
        timeout = READ_TIMEOUT if method == "GET" else TIMEOUT
        try:
            answer = self._http.request(method, f"{self.url}/{path}", timeout=timeout, **options)
        except requests.RequestException as error:
            raise FlinkError(AWAY, "No JobManager answers.") from error
        if answer.ok:
            return answer.json()
        try:
            texts = answer.json()["errors"]
        except (ValueError, KeyError):
            texts = []
        # The last text is the trace, if there is one.
        raise FlinkError(answer.status_code, root_cause(texts[-1]) if texts else f"HTTP {answer.status_code}")


def root_cause(trace: str) -> str:
    """Return the line of a Java stack trace that names the deepest cause, or else its first line."""
    lines = [line.strip() for line in trace.splitlines() if line.strip()]
    causes = [line for line in lines if line.startswith("Caused by: ")]
    return (causes or lines or [""])[-1 if causes else 0].removeprefix("Caused by: ")
