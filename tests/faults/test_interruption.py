# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task that is killed, at any point, and run again: it gets to the same end, and no state is lost.

The module runs in a process of its own, which is killed as soon as the service has handled its k-th request, for every
k that there is.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys

import pytest
from ansible_collections.otc.dli.plugins.modules import dli_flink_jar_jobs

from faults.invariants import interruption_violations
from faults.matrix import clean_run
from faults.scenarios import INTERRUPTED, NEW, OLD, SCENARIOS
from local_dli import Behaviour, LocalDli
from module_runner import access_to, run_module


@pytest.mark.parametrize("name", INTERRUPTED)
def test_a_task_killed_after_any_request_gets_there_the_next_time(stage, name):
    scenario = SCENARIOS[name]
    clean = clean_run(stage, scenario)
    broken = []
    for point in itertools.count(1):
        found = interruption_violations(stage, scenario, clean, point)
        if found is None:
            break
        broken += [f"{name} | killed after {point} => {violation}" for violation in found]
    assert not broken, "\n" + "\n".join(broken)
    assert point >= 3, "the task was killed after two requests at least"


CHILD = """
import sys
from ansible.module_utils import basic
from ansible_collections.otc.dli.plugins.modules.dli_flink_jar_jobs import main
basic._ANSIBLE_ARGS = sys.stdin.buffer.read()
basic._ANSIBLE_PROFILE = "legacy"
main()
"""


def test_an_interrupt_ends_a_fleet_as_it_ends_one_job(monkeypatch):
    updates = itertools.count(1)
    with LocalDli(Behaviour(latency_seconds=1)) as service:
        options = {
            **access_to(service),
            "jobs": [{"name": f"job-{number}"} for number in range(20)],
            "defaults": {"entrypoint": NEW},
        }
        service.jobs.add_many(20, entrypoint=OLD)

        def interrupt(_latency):
            if service.requests[-1].method == "PUT" and next(updates) == 5:
                os.kill(child.pid, signal.SIGINT)

        monkeypatch.setattr(service, "sleep", interrupt)
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        with subprocess.Popen([sys.executable, "-c", CHILD], env=env, stdin=subprocess.PIPE) as child:
            child.communicate(json.dumps({"ANSIBLE_MODULE_ARGS": {**options, "concurrency": 1}}).encode())
        assert child.returncode == -signal.SIGINT
        # The fifth was on its way, and perhaps another one behind it.
        assert next(updates) in (6, 7)
        assert not run_module(dli_flink_jar_jobs, options)["failed"]
        assert {job.fields["entrypoint"] for job in service.jobs.all()} == {NEW}
    assert service.contract_violations == []
