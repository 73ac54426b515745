# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Jobs of the local service on a real Flink, asked for by plain HTTP."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from local_dli import Behaviour, LocalDli
from local_flink import FlinkCluster, check_exactly_once, read_events, until
from local_flink.counting import MAIN_CLASS

TESTS = Path(__file__).parents[1]
SECONDS = 30.0  # for anything; it takes one or two


class Job:
    """A job and the calls that act on it."""

    def __init__(self, url: str, token: str, project_id: str, http: requests.Session, **values: Any) -> None:
        self.streaming = f"{url}/v1.0/{project_id}/streaming"
        self.http = http
        self.headers = {"X-Auth-Token": token}
        body = {"name": "counting", "queue_name": "queue", "main_class": MAIN_CLASS, "obs_bucket": "data", **values}
        self.job_id = self.call("POST", "flink-jobs", json=body)["job"]["job_id"]

    def call(self, method: str, path: str, **options: Any) -> Any:
        answer = self.http.request(method, f"{self.streaming}/{path}", headers=self.headers, timeout=60, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def update(self, **values: Any) -> None:
        self.call("PUT", f"flink-jobs/{self.job_id}", json=values)

    def batch(self, operation: str, **values: Any) -> bool:
        """Run or stop the job, and return whether the service took the request."""
        (element,) = self.call("POST", f"jobs/{operation}", json={"job_ids": [self.job_id], **values})
        return element["is_success"] == "true"

    def detail(self) -> dict[str, Any]:
        return self.call("GET", f"jobs/{self.job_id}")["job_detail"]

    def reaches(self, wanted: str, *on_the_way: str) -> dict[str, Any]:
        """Wait for a status and return the detail then; before, there may be no others than those on the way."""

        def read() -> dict[str, Any] | None:
            detail = self.detail()
            assert detail["status"] in (wanted, *on_the_way), (detail["status"], detail["status_desc"])
            return detail if detail["status"] == wanted else None

        return until(read, SECONDS, wanted)

    def runs(self, **values: Any) -> dict[str, Any]:
        assert self.batch("run", **values)
        return self.reaches("job_running", "job_submitting")

    def ends(self, status: str, **values: Any) -> dict[str, Any]:
        """Start the job and wait until it has ended by itself."""
        assert self.batch("run", **values)
        return self.reaches(status, "job_submitting", "job_running")

    def stops(self, savepoint: bool) -> dict[str, Any]:
        assert self.batch("stop", trigger_savepoint=savepoint)
        return self.reaches("job_cancel_success", "job_canceling", *(["job_savepointing"] if savepoint else []))


@pytest.fixture(name="http")
def fixture_http() -> Iterator[requests.Session]:
    with requests.Session() as http:
        http.trust_env = False
        yield http


@pytest.fixture(name="new_job")
def fixture_new_job(flink_service: LocalDli, counting_job_jar: str, http: requests.Session) -> Any:
    """Return a function that makes a counting job."""

    def new_job(**values: Any) -> Job:
        project_id = flink_service.credentials["project_id"]
        values = {"entrypoint": counting_job_jar, **values}
        return Job(flink_service.url, flink_service.issue_token(), project_id, http, **values)

    return new_job


@pytest.fixture(name="out")
def fixture_out(request: pytest.FixtureRequest) -> str:
    """An obs:// folder for the output of this test."""
    return f"obs://data/{request.node.name}"


def folder(obs_root: Path, path: str) -> Path:
    """Return where something of object storage really is."""
    return obs_root / path.removeprefix("obs://")


def grows(obs_root: Path, out: str, more_than: int = 0) -> int:
    """Wait until there are more lines than these, committed or not, and return how many."""

    def read() -> int:
        files = [path for path in folder(obs_root, out).glob("*") if path.is_file()]
        lines = sum(path.read_bytes().count(b"\n") for path in files)
        return lines if lines > more_than else 0

    return until(read, SECONDS, f"line beyond {more_than}")


def test_no_number_is_lost_or_doubled(new_job: Any, obs_root: Path, out: str, capsys: Any) -> None:
    """Version 1 runs and is stopped, version 2 crashes, version 1 comes back, version 3 has another parallelism."""
    job = new_job(entrypoint_args=f"--out {out} --label v1 --rate 500")
    assert job.detail()["status"] == "job_init"
    assert job.runs()["has_savepoint"] is False
    grows(obs_root, out)
    saved = job.stops(savepoint=True)
    assert saved["has_savepoint"] is True
    assert saved["savepoint_path"].startswith(f"obs://data/jobs/savepoint/{job.job_id}/")
    assert (folder(obs_root, saved["savepoint_path"]) / "_metadata").is_file()
    before = read_events(folder(obs_root, out))
    assert check_exactly_once(before).exactly_once

    job.update(entrypoint_args=f"--out {out} --label v2 --rate 500 --crash-after-ms 500")
    crashed = job.ends("job_running_exception", resume_savepoint=True)
    assert crashed["status_desc"] == "java.lang.IllegalStateException: This version crashes after 500 ms."
    # As documented: it ran, so its savepoint is gone.
    assert crashed["has_savepoint"] is False
    assert read_events(folder(obs_root, out)) == before

    assert not job.batch("run", resume_savepoint=True)
    body = {"job_id": job.job_id, "savepoint_path": saved["savepoint_path"]}
    job.call("POST", f"jobs/{job.job_id}/import-savepoint", json=body)
    job.update(entrypoint_args=f"--out {out} --label v1-again --rate 500")
    running = job.runs(resume_savepoint=True)
    assert (running["has_savepoint"], running["savepoint_path"]) == (False, None)
    lines = grows(obs_root, out, grows(obs_root, out))
    job.stops(savepoint=True)

    job.update(entrypoint_args=f"--out {out} --label v3 --rate 500", parallel_number=3)
    job.runs(resume_savepoint=True)
    grows(obs_root, out, lines + 100)
    job.stops(savepoint=True)

    events = read_events(folder(obs_root, out))
    found = check_exactly_once(events)
    labels = {label: sum(event.label == label for event in events) for label in ("v1", "v1-again", "v3")}
    with capsys.disabled():
        print(f"\n{found}, by label: {labels}")
    assert found.exactly_once
    assert sum(labels.values()) == found.expected
    assert min(labels.values()) > 0


def test_a_stop_without_a_savepoint_commits_nothing(new_job: Any, obs_root: Path, out: str) -> None:
    job = new_job(entrypoint_args=f"--out {out} --rate 1000")
    job.runs()
    grows(obs_root, out)
    stopped = job.stops(savepoint=False)
    assert (stopped["has_savepoint"], stopped["status_desc"]) == (False, "")
    assert read_events(folder(obs_root, out)) == []
    assert not job.batch("run", resume_savepoint=True)
    assert not job.batch("stop")


def test_a_bounded_job_finishes(new_job: Any, obs_root: Path, out: str) -> None:
    job = new_job(entrypoint_args=f"--out {out} --rate 2000 --count 1000", parallel_number=2)
    assert job.ends("job_finish")["start_time"] > 0
    assert check_exactly_once(read_events(folder(obs_root, out)), expected=1000).exactly_once


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"main_class": "org.example.Nothing"}, "java.lang.ClassNotFoundException: org.example.Nothing"),
        ({"entrypoint_args": "--label x"}, "java.lang.IllegalArgumentException: The argument --out is missing."),
        ({"entrypoint": "obs://jars/nothing.jar"}, "The JAR that entrypoint names does not exist."),
        ({"entrypoint": "obs://jars/../../nothing.jar"}, "The JAR that entrypoint names does not exist."),
        ({"entrypoint": "jars/counting.jar"}, "The entrypoint is not the obs:// path of a JAR."),
    ],
    ids=["class", "arguments", "jar", "outside", "package"],
)
def test_a_job_that_cannot_be_submitted(new_job: Any, values: dict[str, str], reason: str) -> None:
    job = new_job(**values)
    assert job.batch("run")
    assert job.reaches("job_submit_fail", "job_submitting")["status_desc"] == reason


def test_a_savepoint_that_is_not_there(new_job: Any, out: str) -> None:
    """A failed submission keeps the savepoint in the record."""
    job = new_job(entrypoint_args=f"--out {out}")
    path = f"obs://data/jobs/savepoint/{job.job_id}/1/"
    job.call("POST", f"jobs/{job.job_id}/import-savepoint", json={"job_id": job.job_id, "savepoint_path": path})
    assert job.batch("run", resume_savepoint=True)
    failed = job.reaches("job_submit_fail", "job_submitting")
    assert "Cannot find checkpoint or savepoint" in failed["status_desc"]
    assert failed["savepoint_path"] == path


def test_a_job_that_fails_on_start(new_job: Any, out: str) -> None:
    job = new_job(entrypoint_args=f"--out {out} --fail-on-start")
    assert job.batch("run")
    failed = job.reaches("job_running_exception", "job_submitting")
    assert failed["status_desc"] == "java.lang.IllegalStateException: This version cannot start."
    assert failed["start_time"] is None


@pytest.mark.parametrize("restart_by", ["flink", "service"])
def test_a_job_that_restarts_again_and_again(
    new_job: Any, flink_service: LocalDli, obs_root: Path, restart_by: str
) -> None:
    """It is restarted three times, and that is all."""
    flink_service.behaviour = Behaviour(restart_by=restart_by)
    out = f"obs://data/again-{restart_by}"
    job = new_job(entrypoint_args=f"--out {out} --crash-after-ms 200", restart_when_exception=True)
    assert job.batch("run")

    def gives_up() -> dict[str, Any] | None:
        detail = job.detail()
        return detail if detail["status"] == "job_running_exception" and detail["restart_times"] == 3 else None

    failed = until(gives_up, SECONDS, "fourth failure")
    assert failed["status_desc"] == "java.lang.IllegalStateException: This version crashes after 200 ms."
    assert failed["restart_times"] == 3


def test_a_job_that_restarts_once(new_job: Any, obs_root: Path, out: str) -> None:
    """It is running all the time, and its restart counts."""
    once = f"--crash-after-ms 200 --crash-once {out}-has-crashed"
    job = new_job(entrypoint_args=f"--out {out} {once}", restart_when_exception=True)
    assert job.runs()["restart_times"] == 0
    until(lambda: job.reaches("job_running")["restart_times"] == 1, SECONDS, "restart")
    lines = grows(obs_root, out)
    grows(obs_root, out, lines)
    assert job.reaches("job_running")["restart_times"] == 1


@pytest.mark.parametrize("resumes", [True, False])
def test_a_job_that_the_service_submits_again(
    new_job: Any, flink_service: LocalDli, obs_root: Path, resumes: bool
) -> None:
    """It goes on from its newest checkpoint if it may; or else it begins as it began, and writes all of it again."""
    flink_service.behaviour = Behaviour(restart_by="service")
    out = f"obs://data/anew-{resumes}"
    job = new_job(
        entrypoint_args=f"--out {out} --rate 500 --crash-after-ms 3500 --crash-once {out}-has-crashed",
        restart_when_exception=True,
        resume_checkpoint=resumes,
        checkpoint_enabled=True,
        checkpoint_interval=1,
    )
    job.runs()
    job.reaches("job_running_exception", "job_running")
    assert read_events(folder(obs_root, out)) != []
    running = job.reaches("job_running", "job_running_exception", "job_submitting")
    assert running["restart_times"] == 1
    grows(obs_root, out, grows(obs_root, out))
    job.stops(savepoint=True)
    found = check_exactly_once(read_events(folder(obs_root, out)))
    assert found.exactly_once is resumes
    assert found.missing == [] and bool(found.doubled) is not resumes


def test_a_job_without_a_checkpoint_of_its_own_goes_on_from_that_of_its_start(
    new_job: Any, flink_service: LocalDli, out: str
) -> None:
    """As after the loss of a JobManager: the next one has not seen the checkpoints that were made before."""
    job = new_job(entrypoint_args=f"--out {out}", checkpoint_enabled=True, checkpoint_interval=3600)
    job.runs()
    saved = job.stops(savepoint=True)["savepoint_path"]
    job.runs(resume_savepoint=True)
    store = flink_service.jobs
    newest = store.engine.rest.newest_checkpoint(store.execution(store.get(job.job_id))[0])
    assert newest is not None and newest.endswith(saved.removeprefix("obs:/").rstrip("/"))
    job.stops(savepoint=False)


def test_a_savepoint_that_fails(new_job: Any, flink_service: LocalDli, obs_root: Path, out: str) -> None:
    """The job goes on, and nothing of its output is lost."""
    job = new_job(entrypoint_args=f"--out {out} --rate 500")
    started = job.runs()["start_time"]
    flink_service.behaviour = Behaviour(savepoint="fails")
    assert job.batch("stop", trigger_savepoint=True)
    running = job.reaches("job_running", "job_savepointing")
    assert (running["has_savepoint"], running["savepoint_path"], running["start_time"]) == (False, None, started)
    assert running["status_desc"].startswith("The savepoint failed: ")
    flink_service.behaviour = Behaviour()
    grows(obs_root, out, grows(obs_root, out))
    job.stops(savepoint=True)
    assert check_exactly_once(read_events(folder(obs_root, out))).exactly_once


def test_a_job_that_cannot_save_its_state(new_job: Any, out: str) -> None:
    """This is how Flink is: a task that fails while it saves its state for a stop takes the job with it."""
    job = new_job(entrypoint_args=f"--out {out} --fail-snapshots")
    job.runs()
    assert job.batch("stop", trigger_savepoint=True)
    failed = job.reaches("job_running_exception", "job_savepointing")
    assert "This version cannot save its state." in failed["status_desc"]
    assert failed["has_savepoint"] is False


def test_a_savepoint_of_a_running_job(new_job: Any, flink_service: LocalDli, out: str) -> None:
    flink_service.behaviour = Behaviour(savepoint_after_restart="kept")
    job = new_job(entrypoint_args=f"--out {out}")
    job.runs()
    body = {"action": "TRIGGER", "savepoint_path": "data/by-hand"}
    assert job.call("POST", f"jobs/{job.job_id}/savepoint", json=body)["is_success"] is True
    saved = job.reaches("job_running", "job_savepointing")
    assert saved["has_savepoint"] is True
    job.stops(savepoint=False)
    assert job.runs(resume_savepoint=True)["savepoint_path"] == saved["savepoint_path"]


def test_the_files_of_a_savepoint_can_go_when_the_job_runs_again(
    new_job: Any, flink_service: LocalDli, obs_root: Path, out: str
) -> None:
    flink_service.behaviour = Behaviour(savepoint_files_after_restart="deleted", savepoint_after_restart="kept")
    job = new_job(entrypoint_args=f"--out {out}")
    job.runs()
    path = job.stops(savepoint=True)["savepoint_path"]
    assert folder(obs_root, path).is_dir()
    assert job.runs(resume_savepoint=True)["savepoint_path"] == path
    assert not folder(obs_root, path).exists()
    job.stops(savepoint=False)
    assert job.batch("run", resume_savepoint=True)
    assert "Cannot find" in job.reaches("job_submit_fail", "job_submitting")["status_desc"]


def test_a_service_that_takes_its_time(new_job: Any, flink_service: LocalDli, out: str) -> None:
    """Flink gets the job later, the end of the job shows later, and its savepoint later still."""
    flink_service.behaviour = Behaviour(submit_seconds=0.5, cancel_seconds=0.5, savepoint_late_seconds=2)
    job = new_job(entrypoint_args=f"--out {out}")
    assert job.batch("run")
    assert flink_service.jobs.execution(flink_service.jobs.get(job.job_id))[0] == ""
    job.reaches("job_running", "job_submitting")
    assert job.stops(savepoint=True)["has_savepoint"] is False
    assert until(lambda: job.detail()["savepoint_path"], SECONDS, "savepoint")
    assert job.batch("run", resume_savepoint=True)
    assert job.batch("stop"), "what Flink has not been given yet can be stopped too"
    job.reaches("job_cancel_success", "job_canceling")


def test_a_stop_that_is_not_carried_out(new_job: Any, flink_service: LocalDli, out: str) -> None:
    job = new_job(entrypoint_args=f"--out {out}")
    started = job.runs()["start_time"]
    for outcome, on_the_way in (("runs_on", ["job_savepointing"]), ("ignored", [])):
        flink_service.jobs.plan_stop(job.job_id, outcome)
        assert job.batch("stop", trigger_savepoint=True)
        running = job.reaches("job_running", *on_the_way)
        assert (running["start_time"], running["has_savepoint"]) == (started, False)
    job.stops(savepoint=True)


def test_settings_of_a_job(new_job: Any, obs_root: Path, out: str) -> None:
    """Checkpoints commit what was written, and runtime_config gets to Flink."""
    job = new_job(
        entrypoint_args=f"--out {out} --rate 500",
        checkpoint_enabled=True,
        checkpoint_interval=600,
        runtime_config="execution.checkpointing.interval=200 ms",
    )
    job.runs()
    found = until(lambda: read_events(folder(obs_root, out)), SECONDS, "committed line")
    assert check_exactly_once(found).exactly_once
    assert list((obs_root / "data" / "jobs" / "checkpoint").glob(f"{job.job_id}_*/**/_metadata"))


def test_a_deleted_job_is_cancelled(new_job: Any, flink_cluster: FlinkCluster, out: str) -> None:
    job = new_job(entrypoint_args=f"--out {out}")
    job.runs()
    graph = job.call("GET", f"jobs/{job.job_id}/execute-graph")["execute_graph"]
    assert graph["state"] == "RUNNING"
    job.call("DELETE", f"jobs/{job.job_id}")
    assert job.call("GET", "jobs")["job_list"]["jobs"] == []
    until(lambda: flink_cluster.rest.job(graph["jid"]).state == "CANCELED", SECONDS, "end of the job")


def test_plans_that_only_a_clock_can_carry_out(flink_service: LocalDli) -> None:
    with pytest.raises(ValueError, match="start"):
        flink_service.jobs.plan_start("job", "submit_fail")
    with pytest.raises(ValueError, match="stop"):
        flink_service.jobs.plan_stop("job", "cancel_fail")


def test_the_program(
    flink_cluster: FlinkCluster, counting_job_jar: str, obs_root: Path, out: str, http: requests.Session
) -> None:
    """As a process of its own; what it runs on a cluster of others ends with it."""
    command = [sys.executable, "-m", "local_dli", "--flink-rest", flink_cluster.rest.url, "--obs-root", str(obs_root)]
    environment = os.environ | {"PYTHONPATH": str(TESTS), "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment) as process:
        try:
            known = json.loads(process.stdout.readline())
            assert known["flink_url"] == flink_cluster.rest.url
            user = {"name": known["username"], "password": known["password"]}
            user["domain"] = {"name": known["user_domain_name"]}
            scope = {"project": {"id": known["project_id"]}}
            body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}}
            answer = http.post(f"{known['auth_url']}/auth/tokens", json=body, timeout=60)
            token = answer.headers["X-Subject-Token"]
            values = {"entrypoint": counting_job_jar, "entrypoint_args": f"--out {out}"}
            job = Job(known["url"], token, known["project_id"], http, **values)
            job.runs()
            flink_id = job.call("GET", f"jobs/{job.job_id}/execute-graph")["execute_graph"]["jid"]
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0
    until(lambda: flink_cluster.rest.job(flink_id).state == "CANCELED", SECONDS, "end of the job")
