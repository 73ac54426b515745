# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A test with a playbook that fails shows what Ansible said, and the requests and answers, without secrets."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]

CONFTEST = """
from pathlib import Path
import pytest
from playbooks.conftest import *

@pytest.fixture(scope="session")
def installed_collection():
    return Path({collections!r})
"""
FAILING_TEST = """
def test_a_job_that_is_not_there(ansible, service):
    ansible.environment.update(
        OS_PROJECT_ID=service.credentials["project_id"], OS_TOKEN=service.issue_token(),
        OS_DLI_ENDPOINT_OVERRIDE=service.url,
    )
    assert ansible.adhoc("name=orders entrypoint_args=--key=a-secret-word").code == 0
    assert ansible.adhoc("job_id=4711 desc=changed").code == 0
"""


@pytest.mark.any_core
def test_a_failure_shows_task_requests_and_responses(tmp_path: Path, installed_collection: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST.format(collections=str(installed_collection)))
    (tmp_path / "test_failing.py").write_text(FAILING_TEST)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "--import-mode=importlib", "--tb=line", str(tmp_path)]
    env = {**os.environ, "PYTHONPATH": str(TESTS)}
    done = subprocess.run(command, cwd=tmp_path, env=env, text=True, capture_output=True, timeout=120, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    # Which module failed, and why.
    assert "There is no Flink job 4711" in done.stdout
    # What was sent, with its answer.
    assert '"desc": "changed"' not in done.stdout
    assert "/streaming/jobs/4711\n    → 400 {" in done.stdout
    assert "DLI.16001" in done.stdout
    assert '"name": "orders"' in done.stdout
    assert '"entrypoint_args": "********"' in done.stdout
    assert "a-secret-word" not in done.stdout.partition("requests that the local service answered")[2]
