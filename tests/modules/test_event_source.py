# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The event source, as ansible-rulebook runs it: by its path, in an event loop; time passes when it sleeps."""

from __future__ import annotations

import asyncio
import json
import runpy
import threading
import types

import ansible_collections.otc.dli
import pytest
import yaml
from ansible_collections.otc.dli.plugins.module_utils._module import auth_options

pytestmark = pytest.mark.any_core

SOURCE = f"{list(ansible_collections.otc.dli.__path__)[0]}/extensions/eda/plugins/event_source/dli_flink_jobs.py"
SECRET = "correct-horse-battery-staple"


class Ended(Exception):
    """There is nothing more to happen."""


@pytest.fixture(name="watch")
def fixture_watch(access):
    """Return a function that runs the source, and between its polls what shall happen meanwhile.

    It returns the events of each poll, and in C(pauses) how long the source has slept after each.
    """
    source = runpy.run_path(SOURCE)
    now = [1_000_000.0]

    def run(*happenings, **args):
        polls, left, run.pauses = [[]], list(happenings), []

        async def sleep(seconds):
            run.pauses.append(seconds)
            now[0] += seconds
            if not left:
                raise Ended
            polls.append([])
            left.pop(0)()

        class Queue:
            async def put(self, event):
                polls[-1].append(event)

        names = source["main"].__globals__
        names["asyncio"] = types.SimpleNamespace(sleep=sleep, to_thread=asyncio.to_thread)
        names["time"] = types.SimpleNamespace(time=lambda: now[0])
        with pytest.raises(Ended):
            asyncio.run(source["main"](Queue(), {**access, "retry_timeout": 0, **args}))
        return polls

    run.main = source["main"]
    return run


def nothing():
    pass


def brief(events):
    return [(event["job"]["name"], event["before"], event["after"], event["failures"]) for event in events]


def test_each_transition_is_an_event_with_both_statuses(service, watch):
    job = service.jobs.add(name="job", status="job_running", queue_name="queue", start_time=1)

    def fail():
        service.jobs.set_status(job.job_id, "job_running_exception", "out of memory")

    service.requests.clear()
    first, second, third = watch(nothing, fail)
    assert brief(first) == [("job", None, "job_running", 0)] and second == []
    assert brief(third) == [("job", "job_running", "job_running_exception", 1)]
    (event,) = third
    assert event["down"] is True and event["job"]["status_desc"] == "out of memory"
    assert (event["job"]["job_id"], event["job"]["queue_name"]) == (job.job_id, "queue")
    assert [request.method for request in service.requests] == ["GET"] * 3
    assert watch.pauses == [60, 60, 60]


def test_an_event_has_the_savepoint_from_before_the_failure(service, watch):
    """It shows that somebody has imported another one, even where that was before the failure is listed."""
    made, imported = (f"obs://bucket/jobs/savepoint/1/{time}/" for time in (1578467395713, 1578467396000))
    saved = {"has_savepoint": True, "savepoint_path": made}
    job = service.jobs.add(name="job", status="job_running", start_time=1, **saved)

    def fail_and_import():
        service.jobs.set_status(job.job_id, "job_running_exception", "out of memory")
        job.savepoint_path = imported

    ((first,), (second,)) = watch(fail_and_import)
    assert first["savepoint_before"] is None
    assert (second["savepoint_before"], second["job"]["savepoint_path"]) == (made, imported)


def test_only_what_is_asked_for_is_watched(service, watch):
    service.jobs.add(name="a", queue_name="one")
    service.jobs.add(name="b", queue_name="two")
    assert brief(watch(queue_name="two")[0]) == [("b", None, "job_init", 0)]


def test_a_job_that_fails_again_between_two_polls_is_noticed(service, watch):
    job = service.jobs.add(name="job", status="job_running_exception", start_time=1)

    def again():
        job.start_time = 2

    first, second = watch(again)
    assert brief(first + second) == [
        # Nobody has seen it come down the first time.
        ("job", None, "job_running_exception", 0),
        ("job", "job_running_exception", "job_running_exception", 1),
    ]


def test_failures_count_for_as_long_as_is_said(service, watch):
    job = service.jobs.add(name="job", status="job_running", start_time=1)

    def started():
        job.start_time += 1
        service.jobs.set_status(job.job_id, "job_running", "")

    def failed():
        service.jobs.set_status(job.job_id, "job_running_exception", "")

    steps = (failed, started) * 3
    polls = watch(*steps, interval=10, failures_within=35)
    assert [event["failures"] for events in polls for event in events] == [0, 1, 0, 2, 0, 2, 0]


def test_a_job_is_gone_when_two_lists_lack_it(service, watch):
    job = service.jobs.add(name="job", status="job_running")
    polls = watch(lambda: service.jobs.delete(job, service.behaviour), nothing, nothing)
    assert [brief(events) for events in polls] == [
        [("job", None, "job_running", 0)], [], [("job", "job_running", None, 0)], []
    ]  # fmt: skip
    assert polls[2][0]["job"] == {"job_id": job.job_id, "name": "job"}


def test_a_replica_that_is_behind_makes_no_transition(service, watch, behave):
    job = service.jobs.add(name="job", status="job_running", start_time=5)
    behave(replica_lag_seconds=3600.0)

    def fail():
        service.jobs.set_status(job.job_id, "job_running_exception", "")

    polls = watch(fail, nothing, nothing, nothing, nothing)
    assert brief(sum(polls[1:], [])) == [("job", "job_running", "job_running_exception", 1)]


def test_a_job_that_the_list_shows_in_an_odd_form_is_not_gone(service, watch):
    job = service.jobs.add(name="job", status="job_running")

    def become_odd():
        job.odd = {"start_time": "yesterday"}

    service.validate_responses = False
    polls = watch(become_odd, nothing, nothing, nothing)
    service.validate_responses = True
    assert [len(events) for events in polls] == [1, 0, 0, 0, 0]


def test_it_goes_on_where_it_was(service, watch, tmp_path):
    file = tmp_path / "state.json"
    job = service.jobs.add(name="job", status="job_running", start_time=1, entrypoint_args=f"--password {SECRET}")
    assert len(watch(state_file=str(file))[0]) == 1
    assert watch(state_file=str(file)) == [[]]
    service.jobs.set_status(job.job_id, "job_running_exception", "")
    assert brief(watch(state_file=str(file))[0]) == [("job", "job_running", "job_running_exception", 1)]
    assert SECRET not in file.read_text() and file.stat().st_mode & 0o077 == 0 and len(list(tmp_path.iterdir())) == 1
    # What was watched before says nothing about other jobs.
    assert brief(watch(state_file=str(file), job_id=job.job_id)[0]) == [("job", None, "job_running_exception", 0)]


def test_an_event_that_nobody_has_taken_is_sent_again(service, watch, access, tmp_path):
    service.jobs.add(name="job", status="job_running")
    file = tmp_path / "state.json"

    class Full:
        async def put(self, event):
            raise Ended

    with pytest.raises(Ended):
        asyncio.run(watch.main(Full(), {**access, "state_file": str(file)}))
    assert brief(watch(state_file=str(file))[0]) == [("job", None, "job_running", 0)]


def test_an_outage_is_one_event_and_is_asked_about_less_and_less_often(service, watch):
    service.jobs.add(name="job", status="job_running")
    polls = watch(service.expire_tokens, *[nothing] * 5)
    assert [len(events) for events in polls] == [1, 1, 0, 0, 0, 0, 0]
    (event,) = polls[1]
    assert event["service"] == "unreachable" and event["error"]["type"] == "AuthenticationFailed"
    assert "401" in event["msg"]
    assert watch.pauses == [60, 120, 240, 480, 600, 600, 600]


def test_after_an_outage_it_goes_on(service, watch, access):
    job = service.jobs.add(name="job", status="job_running", start_time=1)
    token = service.iam.token(access["token"])
    alive_until = token.expires

    def fail():
        service.expire_tokens()
        service.jobs.set_status(job.job_id, "job_running_exception", "")

    def admit():
        token.expires = alive_until

    polls = watch(fail, admit, nothing)
    assert [event.get("service") for events in polls for event in events] == [None, "unreachable", "reachable", None]
    assert brief(polls[2][1:]) == [("job", "job_running", "job_running_exception", 1)]
    assert watch.pauses == [60, 120, 60, 60]


def test_no_secret_is_in_an_event(service, watch):
    service.jobs.add(
        **{"name": "job", "status": "job_running_exception", "entrypoint_args": f"--password {SECRET}"},
        status_desc=f"Login with {SECRET} failed.",
    )
    (events,) = watch()
    assert SECRET not in json.dumps(events) and "Login with" in events[0]["job"]["status_desc"]


def test_no_template_is_in_an_event(service, watch):
    """A rulebook makes variables of it, and a template in a variable is carried out."""
    words = "{{ lookup('pipe', 'id') }} {% if x %} {# #} {{{ {a: {b: 1}} {"
    job = service.jobs.add(name="job", status="job_running")
    (_first, (event,)) = watch(lambda: service.jobs.set_status(job.job_id, "job_running_exception", words))
    assert event["job"]["status_desc"] == "{ { lookup('pipe', 'id') }} { % if x %} { # #} { { { {a: {b: 1}} { "


def test_the_event_loop_goes_on_while_the_service_thinks(service, watch, access, behave, monkeypatch):
    service.jobs.add(name="job")
    answered, release, released = asyncio.Event(), threading.Event(), []
    behave(latency_seconds=1)
    monkeypatch.setattr(service, "sleep", lambda _latency: released.append(release.wait(10)))

    class Queue:
        async def put(self, _event):
            answered.set()

    async def both():
        source = asyncio.create_task(watch.main(Queue(), access))
        await asyncio.sleep(0)
        release.set()
        await answered.wait()
        source.cancel()

    asyncio.run(both())
    assert released == [True]


MISTAKES = {
    "interval": ({"interval": 0}, "interval is 0, but must be a number of seconds greater than 0."),
    "unknown": ({"intervall": 5}, "intervall"),
    "type": ({"interval": "soon"}, "interval"),
    "status": ({"status": ["job_running"]}, "status"),
    "contradiction": ({"password": SECRET}, "password"),
    "state_file": (
        {"state_file": "/nowhere/state.json"},
        "state_file is /nowhere/state.json, but nothing can be written",
    ),
    "failures_within": ({"failures_within": -1}, "failures_within is -1"),
    "name": ({"name": "a b"}, "name is"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_sentence_before_any_request(service, watch, access, mistake):
    args, sentence = MISTAKES[mistake]
    service.requests.clear()
    with pytest.raises(Exception, match=sentence) as raised:
        asyncio.run(watch.main(None, {**access, **args}))
    assert type(raised.value).__name__ == "SourceError" and raised.value.__suppress_context__
    assert SECRET not in str(raised.value) and service.requests == []


def test_wrong_credentials_at_the_start_end_the_source(service, watch, access):
    with pytest.raises(Exception, match="HTTP 401") as raised:
        asyncio.run(watch.main(None, {**access, "token": "wrong-token-of-mine"}))
    assert type(raised.value).__name__ == "SourceError" and "wrong-token" not in str(raised.value)


def test_a_file_that_is_no_state_is_left_alone(service, watch, access, tmp_path):
    file = tmp_path / "state.json"
    file.write_text("[]")
    with pytest.raises(Exception, match="which is no state of this event source"):
        asyncio.run(watch.main(None, {**access, "state_file": str(file)}))
    assert file.read_text() == "[]"


def test_the_documented_options_are_those_of_the_source():
    source = runpy.run_path(SOURCE)
    documented = yaml.safe_load(source["DOCUMENTATION"])["options"]
    known = {name: option for name, option in source["OPTIONS"].items() if name not in auth_options()}
    assert {name: (option["type"], option.get("default")) for name, option in documented.items()} == {
        name: (option["type"], option.get("default")) for name, option in known.items()
    }
