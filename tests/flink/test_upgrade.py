# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The promise of upgrades, on a real Flink: real ansible-playbook runs the playbook of the demo, and what the job has
written proves that no version, broken ones included, has lost or doubled anything."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import requests

from local_dli import LocalDli
from local_flink import check_exactly_once, read_events, until
from playbooks.ansible_cli import Ansible, Outcome
from playbooks.expectations import calls

PLAYBOOK = Path(__file__).resolve().parents[2] / "demo" / "flink_upgrade.yml"
FORETOLD = ("changed", "changes", "actions", "risks", "shown diff")
SECONDS = 30.0  # for what takes one or two

# The job ends by itself after so many, so it is known without reading the output how many there have to be.
NUMBERS = 150_000
COUNTS = f"--count {NUMBERS}"

STOP = "POST jobs/stop"
RUN = "POST jobs/run"


class Playbook:
    """The demo's playbook against the service, and what the job has written.

    :param out: the folder with the output of the job.
    """

    def __init__(self, ansible: Ansible, service: LocalDli, obs_root: Path, name: str) -> None:
        self.service = service
        self.out = obs_root / "data" / name
        self._ansible = ansible
        self._output = f"obs://data/{name}"
        known = service.credentials
        self._environment = {
            "OS_AUTH_URL": service.auth_url,
            "OS_USERNAME": known["username"],
            "OS_PASSWORD": known["password"],
            "OS_USER_DOMAIN_NAME": known["user_domain_name"],
            "OS_PROJECT_NAME": known["project_name"],
        }

    def run(self, *flags: str, fails: bool = False, further_args: str = COUNTS, **variables: Any) -> dict[str, Any]:
        """Run the playbook and return the result of its task."""
        variables = {"output": self._output, "further_args": further_args, "health_window": 1, **variables}
        outcome = self._ansible.playbook(str(PLAYBOOK), "-v", *flags, variables=variables, env=self._environment)
        assert outcome.code == (2 if fails else 0), outcome.stdout + outcome.stderr
        return {"changed": False, **_result(outcome)}

    def writes(self) -> list[str]:
        """Return the requests so far that change something on DLI."""
        return [call for call in calls(self.service) if not call.startswith(("GET ", "POST /v3/auth/"))]

    def flink_id(self) -> str:
        """Return Flink's own number of the job, which is another one after each start."""
        (job,) = self.service.jobs.all()
        url = f"{self.service.url}/v1.0/{self.service.credentials['project_id']}/streaming/jobs/{job.job_id}"
        with requests.Session() as http:
            http.trust_env = False
            headers = {"X-Auth-Token": self.service.issue_token()}
            answer = http.get(f"{url}/execute-graph", headers=headers, timeout=SECONDS)
        assert answer.status_code == 200, answer.text
        return answer.json()["execute_graph"]["jid"]

    def labels(self) -> Counter[str]:
        """Return how many committed lines each version wrote, after a check that they are 1, 2, 3, ... once each."""
        events = read_events(self.out)
        assert check_exactly_once(events).exactly_once, check_exactly_once(events)
        return Counter(event.label for event in events)


def _result(outcome: Outcome) -> dict[str, Any]:
    """Return the result of the one task, which is printed after an arrow, and with it the diff as it is shown."""
    result = json.JSONDecoder().raw_decode(outcome.stdout, outcome.stdout.index("=> {") + 3)[0]
    return {**result, "shown diff": outcome.stdout.partition("--- before")[2].partition("changed: ")[0]}


@pytest.fixture(name="playbook")
def fixture_playbook(
    tmp_path: Path,
    flink_service: LocalDli,
    counting_job_jar: str,
    obs_root: Path,
    installed_collection: Path,
    request: pytest.FixtureRequest,
) -> Playbook:
    assert f"entrypoint: {counting_job_jar}\n" in PLAYBOOK.read_text(encoding="utf-8")
    return Playbook(Ansible(tmp_path, installed_collection), flink_service, obs_root, request.node.name)


def upgrade(playbook: Playbook, **variables: Any) -> dict[str, Any]:
    """Upgrade the running job: first in check mode, then for real, then once more with nothing to do."""
    before, flink_id = playbook.writes(), playbook.flink_id()
    foretold = playbook.run("--check", "--diff", **variables)
    assert playbook.writes() == before
    assert playbook.flink_id() == flink_id

    result = playbook.run("--diff", **variables)
    assert {key: foretold[key] for key in FORETOLD} == {key: result[key] for key in FORETOLD}
    assert '"(actions)": [' in result["shown diff"]
    fields = list(result["changes"])
    assert result["actions"] == [
        {"operation": "stop", "trigger_savepoint": True},
        {"operation": "update", "fields": fields},
        {"operation": "run", "resume_savepoint": True},
    ]
    assert result["job"]["status"] == "job_running"
    job_id = result["job"]["job_id"]
    assert playbook.writes() == [*before, STOP, f"PUT flink-jobs/{job_id}", RUN]

    done, flink_id = playbook.writes(), playbook.flink_id()
    again = playbook.run("--diff", **variables)
    assert (again["changed"], again["changes"], again["actions"]) == (False, {}, [])
    assert playbook.writes() == done
    assert playbook.flink_id() == flink_id
    return result


def broken_upgrade(playbook: Playbook, runs_before: dict[str, Any], flags: str, **variables: Any) -> dict[str, Any]:
    """Upgrade the running job to a version that fails; return the result, once all is as it was."""
    (before,) = playbook.service.jobs.all()
    fields, flink_id = dict(before.fields), playbook.flink_id()
    result = playbook.run(fails=True, further_args=f"{COUNTS} {flags}", **variables)
    assert result["error"]["rolled_back"] is True, result["msg"]
    assert result["error"]["status"] == "job_running"
    assert result["error"]["job_id"] == before.job_id
    assert "Rolled back: the previous definition runs again, from the savepoint" in result["msg"]

    (after,) = playbook.service.jobs.all()
    assert after.fields == fields
    assert playbook.flink_id() != flink_id
    writes = playbook.writes()
    again = playbook.run(**runs_before)
    assert (again["changed"], again["job"]["status"]) == (False, "job_running")
    assert playbook.writes() == writes
    return result


def test_nothing_is_lost_or_doubled(playbook: Playbook, capsys: Any) -> None:
    """Five versions and two that are broken, a stop and a start: each number is there once, and counted right."""
    started = time.monotonic()
    deployed = playbook.run(label="v1", rate=500)
    assert [action["operation"] for action in deployed["actions"]] == ["create", "run"]
    assert deployed["job"]["status"] == "job_running"
    put = f"PUT flink-jobs/{deployed['job']['job_id']}"
    import_savepoint = f"POST jobs/{deployed['job']['job_id']}/import-savepoint"
    assert not playbook.labels()  # nothing is committed before the first savepoint

    v2 = upgrade(playbook, label="v2", rate=700)
    assert list(v2["changes"]) == ["entrypoint_args"]
    assert playbook.labels().keys() == {"v1"}
    v3 = upgrade(playbook, label="v3", rate=400, parallelism=3)
    assert list(v3["changes"]) == ["entrypoint_args", "parallel_number"]
    assert playbook.labels().keys() == {"v1", "v2"}

    known: dict[str, Any] = {"label": "v3", "rate": 400, "parallelism": 3}
    before = len(playbook.writes())
    crashed = broken_upgrade(
        playbook, known, "--crash-after-ms 1500", label="crashes", rate=900, parallelism=3, health_window=6
    )
    assert "java.lang.IllegalStateException: This version crashes after 1500 ms." in crashed["msg"]
    # It ran, so the service has dropped the record of its savepoint.
    assert playbook.writes()[before:] == [STOP, put, RUN, put, import_savepoint, RUN]
    assert playbook.labels().keys() == {"v1", "v2", "v3"}

    before = len(playbook.writes())
    unfit = broken_upgrade(playbook, known, "--fail-on-start", label="unfit", rate=900, parallelism=2)
    assert "java.lang.IllegalStateException: This version cannot start." in unfit["msg"]
    # It did not run, so the savepoint is still there.
    assert playbook.writes()[before:] == [STOP, put, RUN, put, RUN]

    upgrade(playbook, label="v4", rate=600, parallelism=2)
    stopped = playbook.run(label="v4", rate=600, parallelism=2, job_state="stopped")
    assert stopped["actions"] == [{"operation": "stop", "trigger_savepoint": True}]
    assert (stopped["job"]["status"], stopped["job"]["has_savepoint"]) == ("job_cancel_success", True)
    by_then = playbook.labels()
    assert by_then.keys() == {"v1", "v2", "v3", "v4"}
    assert by_then.total() < NUMBERS

    # The last version counts what is left, as fast as it can.
    finishing = playbook.run(label="v5", rate=1_000_000, parallelism=2)
    assert [action["operation"] for action in finishing["actions"]] == ["update", "run"]
    assert finishing["actions"][1]["resume_savepoint"] is True

    def finished() -> dict[str, Any]:
        found = playbook.run(label="v5", rate=1_000_000, parallelism=2)
        assert found["changed"] is False
        return found if found["job"]["status"] == "job_finish" else {}

    until(finished, SECONDS, "end of the job")
    found = check_exactly_once(read_events(playbook.out), expected=NUMBERS)
    labels = dict(playbook.labels())
    with capsys.disabled():
        print(
            f"\nexpected {found.expected}, counted {found.counted}, missing {len(found.missing)}, doubled "
            f"{len(found.doubled)}, forgotten {len(found.forgotten)}; by label {labels}; {by_then.total()} of them "
            f"before the stop; 3 upgrades of the running job, 2 rollbacks, 1 stop and start; "
            f"{time.monotonic() - started:.1f} s"
        )
    assert found.exactly_once
    assert labels.keys() == {"v1", "v2", "v3", "v4", "v5"}


def test_what_a_broken_version_commits_comes_twice(playbook: Playbook, capsys: Any) -> None:
    """The limit of rollbacks. Upgrades of a job with checkpoints are exactly-once too; but a checkpoint commits what
    was written before it, and the previous version goes back to the savepoint, so it writes that once more."""
    playbook.run(label="v1", rate=500, checkpoints=True)
    playbook.run(label="v2", rate=500, checkpoints=True)
    assert "v1" in playbook.labels()

    variables = {"label": "crashes", "rate": 500, "checkpoints": True, "health_window": 10}
    crashed = playbook.run(fails=True, further_args=f"{COUNTS} --crash-after-ms 3500", **variables)
    assert crashed["error"]["rolled_back"] is True, crashed["msg"]
    stopped = playbook.run(label="v2", rate=500, checkpoints=True, job_state="stopped")
    assert stopped["job"]["status"] == "job_cancel_success"

    events = read_events(playbook.out)
    committed = {event.number for event in events if event.label == "crashes"}
    found = check_exactly_once(events)
    with capsys.disabled():
        print(f"\n{len(committed)} events committed by the broken one, doubled {len(found.doubled)} of {found.counted}")
    assert found.doubled
    assert set(found.doubled) <= committed
    assert (found.missing, found.forgotten) == ([], [])
    # Without what the broken version wrote, nothing is wrong.
    assert check_exactly_once([event for event in events if event.label != "crashes"]).exactly_once
