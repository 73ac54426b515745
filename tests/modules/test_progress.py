# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Both sides of the pipe that progress comes through; tests/playbooks/test_progress.py has it in real playbooks."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import threading

import pytest
from ansible_collections.otc.dli.plugins.module_utils._progress import (
    LONGEST_TEXT,
    PIPE_VARIABLE,
    REMINDER_SECONDS,
    Progress,
)
from ansible_collections.otc.dli.plugins.plugin_utils import _listener
from ansible_collections.otc.dli.plugins.plugin_utils._listener import listening

from lifecycle_clock import Clock
from local_dli.errors import ApiError


@pytest.fixture(name="pipe")
def fixture_pipe(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


class Listener:
    """Reads what is shown without a thread."""

    def __init__(self, path):
        self._fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

    def texts(self):
        return [json.loads(line)["text"] for line in os.read(self._fd, 1 << 20).splitlines()]

    def close(self):
        os.close(self._fd)


@pytest.fixture(name="listener")
def fixture_listener(pipe):
    listener = Listener(pipe)
    yield listener
    listener.close()


def test_texts_come_through_in_their_order(tmp_path):
    shown = []
    with listening(str(tmp_path), shown.append) as path:
        assert os.listdir(tmp_path) == [os.path.basename(path)]
        assert os.stat(path).st_mode & 0o777 == 0o600
        progress = Progress(path=path)
        for number in range(37):
            progress.report(f"{number} of 37 → done")
    assert shown == [f"{number} of 37 → done" for number in range(37)]
    assert os.listdir(tmp_path) == []


def test_a_terminal_gets_no_commands(tmp_path):
    shown = []
    with listening(str(tmp_path), shown.append) as path:
        Progress(path=path).report("a\x1b[2Jb\nc\u202ed" + "x" * 1000)
    (text,) = shown
    assert text.startswith("a?[2Jb?c?dxxx")
    assert len(text) == LONGEST_TEXT


def test_what_is_not_a_line_of_ours_is_not_shown(tmp_path):
    shown = []
    with listening(str(tmp_path), shown.append) as path, open(path, "wb", buffering=0) as pipe:
        for line in (
            b"\xff\n",
            b"[]\n",
            b"{}\n",
            b'{"text": 7}\n',
            b'{"text": ""}\n',
            b"null\n",
            b'{"text": "good"}\n',
        ):
            pipe.write(line)
    assert shown == ["good"]


def test_a_module_that_outlives_its_task_does_not_hold_it_up(tmp_path):
    shown = []
    with listening(str(tmp_path), shown.append) as path:
        orphan = Progress(path=path)
        orphan.report("in time")
    orphan.report("too late")
    assert shown == ["in time"]


def test_an_error_of_the_task_goes_through_and_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt), listening(str(tmp_path), lambda _text: None):
        raise KeyboardInterrupt
    assert os.listdir(tmp_path) == []


class BlockedScreen:
    """Takes a line, and does not come back before it is released."""

    def __init__(self):
        self.shown = []
        self.blocks = threading.Event()
        self.released = threading.Event()

    def show(self, text):
        self.shown.append(text)
        self.blocks.set()
        assert self.released.wait(60)


@pytest.mark.parametrize("lines", [3, 10000], ids=["a few lines", "more lines than the pipe holds"])
def test_a_line_that_blocks_does_not_hold_the_task(tmp_path, monkeypatch, lines):
    """And what it could not show is lost: the thread ends with that line, and reads no more of the pipe."""
    monkeypatch.setattr(_listener, "LAST_LINES_SECONDS", 0.01)
    others = set(threading.enumerate())
    screen = BlockedScreen()
    with listening(str(tmp_path), screen.show) as path:
        (thread,) = set(threading.enumerate()) - others
        module = os.open(path, os.O_WRONLY)  # one that outlives its task
        progress = Progress(path=path)
        progress.report("line 0")
        assert screen.blocks.wait(60)
        for number in range(1, lines):
            progress.report(f"line {number}")
    assert os.listdir(tmp_path) == []
    assert thread.is_alive()
    screen.released.set()
    thread.join(60)
    os.close(module)
    assert not thread.is_alive()
    assert screen.shown == ["line 0"]


def test_a_process_does_not_end_amid_a_line(tmp_path):
    """A worker of Ansible would take the lock of the queue with it."""
    code = f"""
import sys
from ansible_collections.otc.dli.plugins.module_utils._progress import Progress
from ansible_collections.otc.dli.plugins.plugin_utils import _listener

def show(text):
    print(text, "is being shown", flush=True)
    sys.stdin.read()
    print(text, "is shown", flush=True)

_listener.LAST_LINES_SECONDS = 0.01
with _listener.listening({str(tmp_path)!r}, show) as path:
    Progress(path=path).report("line")
print("the task has ended", flush=True)
"""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", code], env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        lines = sorted([process.stdout.readline(), process.stdout.readline()])
        assert lines == ["line is being shown\n", "the task has ended\n"]
        process.stdin.close()
        assert process.stdout.read() == "line is shown\n"


def test_a_line_that_cannot_be_shown_ends_the_showing(tmp_path, capfd):
    def show(text):
        raise OSError(f"no queue for {text}")

    with listening(str(tmp_path), show) as path:
        Progress(path=path).report("one")
    assert capfd.readouterr() == ("", "")


def test_where_there_can_be_no_pipe_there_is_no_progress(tmp_path):
    with listening(str(tmp_path / "nowhere"), lambda _text: None) as path:
        assert path == ""


def test_nobody_listens(pipe, tmp_path):
    for path in ("", str(tmp_path / "nowhere"), str(pipe), str(tmp_path), "\0"):
        progress = Progress(path=path)
        progress.report("one")
        progress.report("two")
    # No file was made where there was no pipe.
    assert list(tmp_path.iterdir()) == [pipe]


def test_nothing_is_written_into_a_file(tmp_path):
    path = tmp_path / "file"
    path.write_text("kept")
    Progress(path=str(path)).report("shown")
    assert path.read_text() == "kept"


def test_a_listener_that_goes_away(pipe):
    listener = Listener(pipe)
    progress = Progress(path=str(pipe))
    progress.report("one")
    assert listener.texts() == ["one"]
    listener.close()
    progress.report("two")
    progress.report("three")


def test_a_full_pipe_makes_nobody_wait(pipe, listener):
    progress = Progress(path=str(pipe))
    for number in range(10000):
        progress.report(f"line {number}")
    texts = listener.texts()
    assert texts == [f"line {number}" for number in range(len(texts))]
    assert 100 < len(texts) < 10000
    progress.report("there is room again")
    assert listener.texts() == ["there is room again"]


def test_a_text_is_masked_and_then_cut(pipe, listener):
    progress = Progress(lambda text: text.replace("secret", "********"), str(pipe))
    progress.report("x" * (LONGEST_TEXT - 3) + "secret")
    assert listener.texts() == ["x" * (LONGEST_TEXT - 3) + "***"]


def test_a_fault_of_the_mask_shows_nothing_and_fails_nothing(pipe, listener):
    progress = Progress(lambda text: text[1000], str(pipe))
    progress.report("secret")
    progress.report("secret")
    Progress(path=str(pipe)).report("another")
    assert listener.texts() == ["another"]


def test_a_status_is_shown_when_it_changes_and_once_a_minute(pipe, listener):
    clock = Clock()
    progress = Progress(path=str(pipe), clock=clock)
    progress.status("orders", "job_init")
    for _poll in range(25):
        progress.status("orders", "job_submitting")
        clock.sleep(REMINDER_SECONDS / 10)
    progress.status("orders", "job_running")
    assert listener.texts() == [
        "orders: job_init → job_submitting",
        "orders: still job_submitting after 60 s",
        "orders: still job_submitting after 120 s",
        "orders: job_submitting → job_running (after 150 s)",
    ]


@pytest.fixture(name="shown")
def fixture_told(pipe, listener, monkeypatch):
    """Return a function that returns what the module has shown so far."""
    monkeypatch.setenv(PIPE_VARIABLE, str(pipe))
    return listener.texts


def test_a_rollout_step_by_step(job, service, shown):
    service.jobs.add(name="orders", queue_name="q", obs_bucket="b", cu_number=2, status="job_running")
    path = job(name="orders", cu_number=4, state="started", health_window=0.1)["savepoint_path"]
    assert shown() == [
        "orders: stop with a savepoint (step 1 of 3)",
        "orders: job_running → job_cancel_success",
        f"orders: savepoint {path}",
        "orders: update (step 2 of 3)",
        "orders: run from the savepoint (step 3 of 3)",
        "orders: job_cancel_success → job_running",
        "orders: watch for 0.1 s whether it stays running",
        "orders: it has stayed running for 0.1 s",
        f"changed: orders is job_running; the savepoint is at {path}",
    ]


def test_a_rollback(job, service, shown):
    planted = service.jobs.add(name="orders", queue_name="q", obs_bucket="b", cu_number=2, status="job_running")
    service.jobs.plan_start(planted.job_id, "submit_fail")
    result = job(name="orders", cu_number=4, state="started", health_window=0)
    failure = "Flink job orders did not start: job_submit_fail: Planned failure."
    assert shown()[-5:] == [
        "orders: job_cancel_success → job_submit_fail",
        failure,
        "orders: roll back to the previous definition",
        "orders: job_submit_fail → job_running",
        f"failed: {failure} Rolled back: the previous definition runs again, from the savepoint "
        f"{result['error']['savepoint_path']}.",
    ]


def test_a_long_verdict_is_shown_whole(pipe, listener):
    progress, words = Progress(path=str(pipe)), "no such queue " * 50
    progress.conclude(lambda: "nothing has taken long")
    progress.report("orders: run")
    progress.conclude(lambda: words)
    first, *verdict = listener.texts()
    assert first == "orders: run" and " ".join(verdict) == words.strip()


def test_requests_that_are_sent_again_are_shown_now_and_then(pipe, listener):
    clock = Clock()
    progress = Progress(path=str(pipe), clock=clock)
    for _second in range(25):
        progress.retried(ConnectionError("GET /jobs: no response."), 2.4)
        clock.sleep(1)
    assert listener.texts() == ["GET /jobs: no response. It is sent again in 2 s."] * 3


def test_a_request_that_is_sent_again_is_shown(job, service, shown, monkeypatch):
    search = service.jobs.search

    def fail_once(*sent, **options):
        monkeypatch.setattr(service.jobs, "search", search)
        raise ApiError(503, "DLI.0503", "Too busy.")

    monkeypatch.setattr(service.jobs, "search", fail_once)
    assert job(name="orders")["changed"]
    retry, verdict = shown()
    assert "HTTP 503" in retry and "Too busy." in retry and "It is sent again in " in retry
    assert verdict == "changed: orders is job_init"


def test_a_deletion(job, service, shown):
    service.jobs.add(name="orders", queue_name="q")
    assert job(name="orders", state="absent")["changed"]
    assert shown() == ["orders: delete", "orders: job_init → no longer listed", "changed: deleted"]


def test_what_takes_no_time_is_not_shown(job, shown, pipe):
    """Not a line for a draft that is created, changed, left alone, or only read."""
    for options in ({}, {"cu_number": 3}, {"cu_number": 3}, {"cu_number": 4, "check_mode": True}):
        assert not job(name="orders", **options)["failed"]
    Progress(path=str(pipe)).report("the end")
    assert shown() == ["the end"]


def test_progress_can_be_switched_off(job, shown, pipe):
    assert job(name="orders", queue_name="q", entrypoint="a.jar", state="started", progress=False)["changed"]
    Progress(path=str(pipe)).report("the end")
    assert shown() == ["the end"]


def next_descriptor() -> int:
    """Return the number that the next file would get that is opened."""
    descriptor = os.dup(0)
    os.close(descriptor)
    return descriptor


def test_where_no_thread_is_to_be_had_nothing_is_shown_and_nothing_fails(tmp_path, monkeypatch):
    def start(_thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    free = next_descriptor()
    with listening(str(tmp_path), pytest.fail) as path:
        assert path == ""
        Progress(path=path).report("never shown")
    assert os.listdir(tmp_path) == []
    assert next_descriptor() == free, "nothing is left open"


@pytest.mark.parametrize("left", [0, 1])
def test_where_no_descriptor_is_to_be_had_nothing_is_shown_and_nothing_fails(left, tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = next_descriptor()
    resource.setrlimit(resource.RLIMIT_NOFILE, (free + left, limits[1]))
    try:
        with listening(str(tmp_path), pytest.fail) as path:
            assert path == ""
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert next_descriptor() == free, "nothing is left open"
    assert os.listdir(tmp_path) == []
