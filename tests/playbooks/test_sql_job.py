# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The modules around SQL jobs in real playbooks, and that a secret in SQL is nowhere in what Ansible says."""

from __future__ import annotations

import re

import pytest

from local_dli import Behaviour

SECRET = "planted-hunter2"


def run(ansible, service, *flags, number=1):
    """Return the outcome of the playbook, and how many of its tasks have changed something."""
    variables = {
        "dli_token": service.issue_token(),
        "dli_project_id": service.credentials["project_id"],
        "dli_endpoint": service.url,
        "db_password": SECRET,
        "number": number,
    }
    log = ansible.folder / "ansible.log"
    done = ansible.playbook("sql_job.yml", *flags, variables=variables, env={"ANSIBLE_LOG_PATH": str(log)})
    assert done.code == 0, done.stdout
    assert SECRET not in done.stdout + done.stderr + log.read_text()
    return done, int(re.search(r"changed=(\d+)", done.stdout)[1])


@pytest.mark.any_core
def test_a_sql_job_with_all_that_is_around_it(ansible, service):
    service.behaviour = Behaviour(submit_seconds=0.3)
    _predicted, changed = run(ansible, service, "--check", "--diff")
    assert changed == 2 and service.jobs.all() == service.templates.all() == []
    done, changed = run(ansible, service, "--diff", "-vvv")
    assert changed == 3, "the export is a change each time, and an import of what is there is none"
    (job,) = service.jobs.all()
    assert job.status == "job_running" and SECRET in job.fields["sql_body"]
    assert "orders: run (step 3 of 3)" in done.stderr
    _done, changed = run(ansible, service, "--diff")
    assert changed == 1
    done, changed = run(ansible, service, "--diff", number=2)
    assert changed == 3 and "SELECT 2" in job.fields["sql_body"]
    assert "SELECT 1" in done.stdout and "SELECT 2" in done.stdout, "the diff"
    assert "orders: stop with a savepoint (step 1 of 3)" in done.stderr
