# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook that a rulebook runs for a job that has failed, where by its turn the job must not be started."""

from __future__ import annotations

import pytest

from local_s3 import COLLECTIONS

SAVED = {"has_savepoint": True, "savepoint_path": "obs://bucket/jobs/savepoint/1/1578467395713/"}
CASES = {
    "somebody has stopped it": ("job_cancel_success", "savepoint", 0, "is job_cancel_success by now, so it was left"),
    "its savepoint is no checkpoint": ("job_submit_fail", "checkpoint", 2, "was not started: it was job_submit_fail"),
    "somebody has given it a savepoint": (
        "job_running_exception",
        "checkpoint",
        0,
        "left alone for whoever has imported",
    ),
}
WHEN_IT_FAILED = {"somebody has given it a savepoint": "obs://bucket/jobs/savepoint/1/1578467395000/"}


@pytest.mark.any_core
@pytest.mark.parametrize("case", CASES)
def test_it_is_not_started(ansible, service, case):
    status, resume_from, code, words = CASES[case]
    job = service.jobs.add(name="orders", status=status, start_time=1578467395714, queue_name="queue", **SAVED)
    env = {
        "ANSIBLE_COLLECTIONS_PATH": f"{ansible.environment['ANSIBLE_COLLECTIONS_PATH']}:{COLLECTIONS}",
        "OS_DLI_ENDPOINT_OVERRIDE": service.url,
        "OS_PROJECT_ID": service.credentials["project_id"],
        "OS_ACCESS_KEY": service.credentials["access_key"],
        "OS_SECRET_KEY": service.credentials["secret_key"],
    }
    given = {
        "restart_job_id": job.job_id,
        "restart_job_type": "flink_jar_job",
        "restart_resume_from": resume_from,
        "restart_savepoint_path": WHEN_IT_FAILED.get(case, SAVED["savepoint_path"].removeprefix("obs://")),
    }
    options = [word for name, value in given.items() for word in ("-e", f"{name}={value}")]
    done = ansible.call("ansible-playbook", "-i", ansible.inventory, "otc.dli.flink_restart_job", *options, env=env)
    assert done.code == code, done.stdout
    assert words in " ".join((done.stdout + done.stderr).split())
    assert [request.method for request in service.requests if request.method != "GET"] == []
