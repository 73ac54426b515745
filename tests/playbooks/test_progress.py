# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task shows while it runs: that it comes while it happens, and never where it must not."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.otc.dli.plugins.module_utils._progress import PIPE_VARIABLE

from local_dli import Behaviour, LocalDli
from local_dli.jobs import Job
from playbooks.ansible_cli import Ansible, Outcome

SHOWN_OF_A_START = [
    "[localhost] orders: run",
    "[localhost] orders: job_init → job_running",
    "[localhost] changed: orders is job_running",
]
# A stdout callback as programs read it: one JSON document.
JSON_CALLBACK = """
import json
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = '''
name: one_document
type: stdout
short_description: One JSON document on standard output
'''


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "one_document"

    def v2_playbook_on_stats(self, stats):
        self._display.display(json.dumps({host: stats.summarize(host) for host in stats.processed}))
"""
# A worker that keeps the lock of the queue to ansible-playbook a while longer than the line takes to get there, as a
# busy machine makes it do at times.
SLOW_QUEUE = """
import time
from multiprocessing.queues import SimpleQueue
from multiprocessing.reduction import ForkingPickler
from ansible.executor.task_queue_manager import DisplaySend
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = '''
name: slow_queue
type: aggregate
short_description: Slow queue
'''


def put(queue, item):
    data = ForkingPickler.dumps(item)
    with queue._wlock:
        queue._writer.send_bytes(data)
        if isinstance(item, DisplaySend):
            time.sleep(1)


SimpleQueue.put = put


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "slow_queue"
"""
# A display that blocks in the workers, holding a lock that all processes share, as that of ansible-runner before 2.4.2
# does with ansible-core 2.17. A wrapper may name what it
# wraps, as here, or not.
BLOCKED_DISPLAY = """
import functools
import multiprocessing
import threading
from ansible.plugins.callback import CallbackBase
from ansible.utils.display import Display

DOCUMENTATION = '''
name: blocked
type: aggregate
short_description: Blocked display
'''
lock = multiprocessing.RLock()


def blocked(method):
    @functools.wraps(method)
    def display(*args, **kwargs):
        with lock:
            if multiprocessing.parent_process():
                threading.Event().wait()
            return method(*args, **kwargs)

    return display


Display.display = blocked(Display.display)


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "blocked"
"""
# The way to ansible-playbook is blocked for lines, and only for them.
BLOCKED_QUEUE = """
import threading
from ansible.executor.task_queue_manager import FinalQueue
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = '''
name: blocked
type: aggregate
short_description: Blocked queue
'''
FinalQueue.send_display = lambda *args, **kwargs: threading.Event().wait()


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "blocked"
"""
# Much longer than a test: such a job goes on only when the test says so.
HELD = Behaviour(submit_seconds=36000)


@pytest.fixture(name="job")
def fixture_job(service: LocalDli) -> Job:
    return service.jobs.add(name="orders", queue_name="streaming")


def variables(service: LocalDli, **more: Any) -> dict[str, Any]:
    return {
        "dli_token": service.issue_token(),
        "dli_project_id": service.credentials["project_id"],
        "dli_endpoint": service.url,
        "job_name": "orders",
        **more,
    }


def callback(ansible: Ansible, name: str, code: str) -> dict[str, str]:
    """Write a callback plugin, and return the environment that Ansible finds it with."""
    folder = ansible.folder / "callbacks"
    folder.mkdir()
    (folder / f"{name}.py").write_text(code)
    return {"ANSIBLE_CALLBACK_PLUGINS": str(folder)}


def shown(outcome: Outcome) -> list[str]:
    return [line for line in outcome.stderr.splitlines() if "orders" in line]


def left_behind(ansible: Ansible) -> list[Path]:
    return [path for path in ansible.folder.rglob("*") if path.is_fifo()]


def test_it_is_shown_while_it_happens(ansible: Ansible, service: LocalDli, job: Job) -> None:
    """The job starts only after its progress was read, so the task cannot have ended before that."""
    service.behaviour = HELD
    with ansible.running_playbook("progress.yml", variables=variables(service)) as run:
        assert run.wait_for_line() == "[localhost] orders: run"
        assert run.wait_for_line() == "[localhost] orders: job_init → job_submitting"
        (pipe,) = left_behind(ansible)
        assert (pipe.stat().st_mode & 0o777, pipe.parent.stat().st_mode & 0o777) == (0o600, 0o700)
        assert not run.ended
        service.jobs.set_status(job.job_id, "job_running")
        assert run.wait_for_line().startswith("[localhost] orders: job_submitting → job_running")
        outcome = run.finish()
    assert outcome.code == 0, outcome.stdout
    assert "changed: [localhost]" in outcome.stdout
    assert "→" not in outcome.stdout
    assert left_behind(ansible) == []


@pytest.mark.usefixtures("job")
def test_a_task_that_changes_nothing_shows_nothing(ansible: Ansible, service: LocalDli) -> None:
    outcome = ansible.playbook("progress.yml", variables=variables(service, desired_state="stopped"))
    assert outcome.code == 0, outcome.stdout
    assert "ok: [localhost]" in outcome.stdout
    assert outcome.stderr == ""


@pytest.mark.usefixtures("job")
def test_standard_output_belongs_to_the_callback(ansible: Ansible, service: LocalDli) -> None:
    env = {**callback(ansible, "one_document", JSON_CALLBACK), "ANSIBLE_STDOUT_CALLBACK": "one_document"}
    outcome = ansible.playbook("progress.yml", variables=variables(service), env=env)
    assert json.loads(outcome.stdout)["localhost"]["changed"] == 1
    assert shown(outcome)[0] == "[localhost] orders: run"


@pytest.mark.parametrize("how", [{"hidden": True}, {"progress": False}, {"async_seconds": 60}])
@pytest.mark.usefixtures("job")
def test_where_nothing_is_shown(how: dict[str, Any], ansible: Ansible, service: LocalDli) -> None:
    outcome = ansible.playbook("progress.yml", "-vvv", variables=variables(service, **how))
    assert outcome.code == 0, outcome.stdout
    assert "changed: [localhost]" in outcome.stdout
    assert shown(outcome) == []
    assert "→" not in outcome.stdout
    # At this verbosity Ansible shows the environment too: not even the pipe is there, but where the module is silent.
    assert (PIPE_VARIABLE in outcome.stdout) == ("progress" in how)


def test_check_mode_shows_what_it_waits_for(ansible: Ansible, service: LocalDli, job: Job) -> None:
    service.behaviour = HELD
    service.jobs.set_status(job.job_id, "job_submitting")
    arguments = ("--check", "--diff")
    with ansible.running_playbook("progress.yml", *arguments, variables=variables(service)) as run:
        assert run.wait_for_line() == "[localhost] orders: wait until job_submitting settles"
        service.jobs.set_status(job.job_id, "job_running")
        outcome = run.finish()
    assert outcome.code == 0, outcome.stdout
    assert "ok: [localhost]" in outcome.stdout
    assert {request.method for request in service.requests} == {"GET"}


def test_secrets_are_masked_before_they_leave_the_module(ansible: Ansible, service: LocalDli) -> None:
    """Whoever names a job after its secret gets the mask, on the screen and in the log."""
    service.jobs.add(name="orders-planted-secret", queue_name="streaming")
    log = ansible.folder / "ansible.log"
    given = variables(service, job_name="orders-planted-secret", secret_args="--key planted-secret")
    outcome = ansible.playbook("progress.yml", "-vvvv", variables=given, env={"ANSIBLE_LOG_PATH": str(log)})
    assert outcome.code == 0, outcome.stdout
    lines = shown(outcome)
    assert lines[0] == "[localhost] orders-********: update (step 1 of 2)"
    assert lines[-2].startswith("[localhost] orders-********: job_init → job_running")
    assert lines[-1] == "[localhost] changed: orders-******** is job_running"
    assert "planted" not in outcome.stderr
    assert "orders-********: job_init → job_running" in log.read_text()


@pytest.mark.usefixtures("job")
def test_awx_shows_it_as_output_of_its_own(ansible: Ansible, service: LocalDli) -> None:
    outcome = ansible.runner("progress.yml", variables=variables(service))
    assert outcome.code == 0, outcome.stdout
    texts = [event["stdout"] for event in outcome.events]
    (progress,) = [number for number, text in enumerate(texts) if "orders: job_init → job_running" in text]
    (end,) = [number for number, event in enumerate(outcome.events) if event["event"] == "runner_on_ok"]
    assert texts[progress] == "[localhost] orders: job_init → job_running"
    assert outcome.events[progress]["event"] == "verbose"
    assert progress < end
    assert outcome.result("Start the job")["job"]["status"] == "job_running"


@pytest.mark.usefixtures("job")
def test_by_hand(ansible: Ansible, service: LocalDli) -> None:
    environment = {
        "OS_TOKEN": service.issue_token(),
        "OS_PROJECT_ID": service.credentials["project_id"],
        "OS_DLI_ENDPOINT_OVERRIDE": service.url,
    }
    outcome = ansible.adhoc("name=orders state=started health_window=0", env=environment)
    assert json.loads(outcome.stdout.partition("=>")[2])["job"]["status"] == "job_running"
    assert shown(outcome) == SHOWN_OF_A_START


@pytest.mark.usefixtures("job")
def test_an_interruption_leaves_nothing_behind(ansible: Ansible, service: LocalDli) -> None:
    service.behaviour = HELD
    with ansible.running_playbook("progress.yml", variables=variables(service)) as run:
        assert run.wait_for_line() == "[localhost] orders: run"
        run.interrupt()
        outcome = run.finish()
    assert outcome.code != 0
    assert "Waited" not in outcome.stdout + outcome.stderr, "it has not ended by itself, after wait_timeout"
    assert left_behind(ansible) == []


@pytest.mark.parametrize(
    ("behaviour", "lines"),
    [
        pytest.param(HELD, SHOWN_OF_A_START[:1], id="while the module runs"),
        pytest.param(Behaviour(), SHOWN_OF_A_START, id="after it has ended"),
    ],
)
@pytest.mark.usefixtures("job")
def test_an_interruption_amid_a_line_does_not_hang(
    behaviour: Behaviour, lines: list[str], ansible: Ansible, service: LocalDli
) -> None:
    """Ansible ends its worker where it stands, and then waits for the lock that the worker may have."""
    service.behaviour = behaviour
    env = {**callback(ansible, "slow_queue", SLOW_QUEUE), "ANSIBLE_CALLBACKS_ENABLED": "slow_queue"}
    with ansible.running_playbook("progress.yml", variables=variables(service), env=env) as run:
        assert [run.wait_for_line() for _line in lines] == lines
        run.interrupt()
        assert run.finish().code != 0


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        pytest.param(BLOCKED_DISPLAY, SHOWN_OF_A_START, id="a wrapper that names what it wraps"),
        pytest.param(BLOCKED_DISPLAY.replace("@functools.wraps(method)", ""), [], id="a wrapper that does not"),
        pytest.param(BLOCKED_QUEUE, [], id="the queue to ansible-playbook"),
    ],
)
@pytest.mark.usefixtures("job")
def test_a_display_that_blocks_does_not_hang(code: str, lines: list[str], ansible: Ansible, service: LocalDli) -> None:
    """Neither the task nor the play; and what can be shown without it is shown."""
    env = {**callback(ansible, "blocked", code), "ANSIBLE_CALLBACKS_ENABLED": "blocked"}
    outcome = ansible.playbook("progress.yml", variables=variables(service), env=env)
    assert outcome.code == 0, outcome.stdout
    assert "changed: [localhost]" in outcome.stdout
    assert outcome.stderr.splitlines() == lines
    assert left_behind(ansible) == []


def test_a_timeout_leaves_nothing_behind(ansible: Ansible, service: LocalDli, job: Job) -> None:
    service.behaviour = HELD
    outcome = ansible.playbook("progress.yml", variables=variables(service, task_timeout=8))
    assert outcome.code == 2, outcome.stdout
    assert shown(outcome) == ["[localhost] orders: run", "[localhost] orders: job_init → job_submitting"]
    assert left_behind(ansible) == []
    # Ansible does not end the module; this does.
    service.jobs.set_status(job.job_id, "job_running")


@pytest.fixture(name="through_another_machine")
def fixture_through_another_machine(ansible: Ansible) -> dict[str, str]:
    """A connection that is not the local one, as far as Ansible knows: what a remote host would be."""
    plugins = ansible.folder / "connections"
    plugins.mkdir()
    (plugins / "elsewhere.py").write_text(
        "from ansible.plugins.connection.local import DOCUMENTATION as LOCAL, Connection as Local\n"
        "DOCUMENTATION = LOCAL.replace('name: local', 'name: elsewhere')\n"
        "class Connection(Local):\n    transport = 'elsewhere'\n"
    )
    ansible.inventory.write_text(
        f"localhost ansible_connection=elsewhere ansible_python_interpreter={sys.executable}\n"
    )
    return {"ANSIBLE_CONNECTION_PLUGINS": str(plugins)}


@pytest.mark.usefixtures("job")
def test_a_module_on_another_machine_is_silent(
    ansible: Ansible, service: LocalDli, through_another_machine: dict[str, str]
) -> None:
    outcome = ansible.playbook("progress.yml", variables=variables(service), env=through_another_machine)
    assert outcome.code == 0, outcome.stdout
    assert "changed: [localhost]" in outcome.stdout
    assert shown(outcome) == []


@pytest.mark.usefixtures("job")
def test_a_rollout_shows_how_far_it_has_got(ansible: Ansible, service: LocalDli) -> None:
    """The second job starts only after the first one's end was shown."""
    archive = service.jobs.add(name="archive", queue_name="streaming")
    service.jobs.plan_start("archive", "submit_fail")
    with ansible.running_playbook("fleet_progress.yml", variables=variables(service)) as run:
        assert run.wait_for_line() == "[localhost] 2 jobs: start 2"
        assert run.wait_for_line() == "[localhost] wave 1 of 2: start 1: orders"
        assert run.wait_for_line() == "[localhost] 1 of 2 done, 0 failed"
        assert run.wait_for_line() == "[localhost] wave 2 of 2: start 1: archive"
        assert run.wait_for_line() == "[localhost] 2 of 2 done, 1 failed, Flink job archive failed"
        assert run.wait_for_line().startswith(
            "[localhost] failed: 1 of 2 Flink jobs failed. Flink job archive did not start"
        )
        outcome = run.finish()
    assert outcome.code == 2 and "1 of 2 Flink jobs failed" in outcome.stdout
    assert service.jobs.get(archive.job_id).status == "job_submit_fail"
