# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook that checks the service, as somebody with an account runs it."""

from __future__ import annotations

import re

import pytest

from local_dli import Behaviour
from local_dli.like import behaviour_of, read_report


@pytest.mark.any_core
def test_the_playbook_writes_a_report_that_can_be_played(ansible, service):
    service.behaviour = Behaviour(name_filter="contains", put_omitted="default", memory_reads="mb")
    known = service.credentials
    env = {
        "OS_REGION_NAME": "eu-de",
        "OS_AUTH_URL": service.auth_url,
        "OS_DLI_ENDPOINT_OVERRIDE": service.url,
        "OS_PROJECT_NAME": known["project_name"],
        "OS_USERNAME": known["username"],
        "OS_PASSWORD": known["password"],
        "OS_USER_DOMAIN_NAME": known["user_domain_name"],
    }
    command = ("ansible-playbook", "-i", ansible.inventory, "otc.dli.check_service", "-e", "check_level=draft")
    report, people = (ansible.folder / "reports" / f"dli-service-check.{ending}" for ending in ("json", "md"))

    done = ansible.call(*command, "--check", env=env)
    assert done.code == 0, done.stdout
    assert "Makes four drafts" in done.stdout
    assert not report.exists() and not people.exists()
    assert service.journal.events == []

    sent = len(service.requests)
    done = ansible.call(*command, "-e", "check_report_dir=nowhere", env=env)
    assert done.code != 0
    assert f"check_report_dir is {ansible.folder}/nowhere, but must be a folder" in " ".join(done.stdout.split())
    assert len(service.requests) == sent

    report.parent.mkdir()
    done = ansible.call(*command, "-e", "check_report_dir=reports", env=env)
    assert done.code == 0, done.stdout
    assert re.search(r"Check of the service in eu-de on \S+, level draft", done.stdout)
    behaviour, left = behaviour_of(read_report(report))
    assert {name for name, reason in left.items() if "level run" not in reason} == {
        "max_in_flight", "throttle_retry_after", "export_files", "replica_first", "finish_after_seconds",
        "restart_by", "savepoint_files_after_restart", "savepoint_lost", "unknown_queue",
    }  # fmt: skip
    assert (behaviour.name_filter, behaviour.put_omitted, behaviour.memory_reads) == ("contains", "default", "mb")
    assert "| `name_filter` | `contains` |" in people.read_text()
    assert known["password"] not in done.stdout + people.read_text() + report.read_text()
    assert service.jobs.all() == []
