# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The check of the service reports what the local service is set to, and touches nothing but what it made."""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import random
import signal
import threading
from typing import get_args, get_origin, get_type_hints

import jsonschema
import pytest
from ansible_collections.otc.dli.plugins.module_utils._api.raw import RawApi
from ansible_collections.otc.dli.plugins.module_utils._check import questions, reading, writing
from ansible_collections.otc.dli.plugins.module_utils._check.facts import NotSeen
from ansible_collections.otc.dli.plugins.module_utils._check.own_jobs import MARK, NAME_PREFIX, ForeignJob, OwnJobs
from ansible_collections.otc.dli.plugins.module_utils._check.questions import NOT_OBSERVABLE, QUESTIONS
from ansible_collections.otc.dli.plugins.module_utils._errors import ApiError
from ansible_collections.otc.dli.plugins.module_utils._reconcile import wait
from ansible_collections.otc.dli.plugins.modules import dli_service_check

from local_dli import Behaviour, LocalDli
from local_dli.like import behaviour_of, schema
from module_runner import run_module
from modules.service_checks import (
    KINDS,
    NOT_SEEN,
    RUN,
    WIDTH,
    Meddling,
    access_by_password,
    behaviours_of_cells,
    check,
    expected,
    misses,
    observed,
    plant_users_jobs,
    some_behaviour,
    values_of,
    with_a_part_replaced,
)

pytestmark = pytest.mark.any_core

SEEDS = int(os.environ.get("SERVICE_CHECK_SEEDS", "4"))
# How many requests a check of the level run sends to a service with the default behaviour, and some more.
REQUESTS = 104
ALL_FAULTS = "SERVICE_CHECK_ALL_FAULTS" in os.environ
_REFUSED = [{"is_success": "false", "message": "no"}]


@pytest.fixture(name="meddling", scope="module")
def fixture_meddling():
    return Meddling()


@pytest.fixture(scope="module", name="running_service")
def fixture_running_service(clock, meddling):
    """As that of the other tests, but without checks by the contract, which take most of the time."""
    unchecked = {"validate_requests": False, "validate_responses": False}
    with LocalDli(clock=clock.monotonic, sleep=clock.sleep, middleware=meddling, **unchecked) as service:
        yield service


@pytest.fixture(name="service")
def fixture_service(running_service, meddling, clock, monkeypatch):
    running_service.reset()
    meddling.begin(None)
    plant_users_jobs(running_service)
    monkeypatch.setattr(wait, "GRACE_SECONDS", 15.0)
    return running_service


@pytest.fixture(name="let_overlap")
def fixture_let_overlap(service, meddling, clock, monkeypatch):
    """Let concurrent requests overlap: those that are taken last until the others of the burst are throttled."""
    begun, read_once = threading.Event(), RawApi.read_once

    def sleep(seconds):
        clock.sleep(seconds)
        if begun.is_set():
            meddling.wait_for_throttled(WIDTH - service.behaviour.max_in_flight)

    def begin(api, path):
        begun.set()
        return read_once(api, path)

    monkeypatch.setattr(RawApi, "read_once", begin)
    monkeypatch.setattr(service, "sleep", sleep)


def test_every_switch_has_a_question_or_a_reason():
    switches = get_type_hints(Behaviour)
    asked = {question.name: question for question in QUESTIONS}
    assert len(asked) == len(QUESTIONS)
    assert asked.keys().isdisjoint(NOT_OBSERVABLE)
    assert {switch.name for switch in dataclasses.fields(Behaviour)} - asked.keys() == NOT_OBSERVABLE.keys()
    for name in asked.keys() & switches.keys():
        question, hint = asked[name], switches[name]
        answers = get_args(hint) if get_origin(hint) is not None and hint != int | None else ()
        assert set(question.answers) >= set((True, False) if hint is bool else answers), name
        assert question.limits.keys() <= set(question.answers)


def test_the_table_knows_how_long_modules_wait(monkeypatch):
    monkeypatch.undo()
    assert questions.GRACE_SECONDS == wait.GRACE_SECONDS


def unlike(result, behaviour):
    """Return the switches that are set otherwise where the report is played; with none, a check has the same report."""
    service, left = behaviour_of(json.loads(json.dumps(result["report"])))
    names = {switch.name for switch in dataclasses.fields(Behaviour)} - left.keys()
    truth = expected(behaviour)
    return [name for name in names if getattr(service, name) != truth[name]]


@pytest.mark.parametrize("behaviour", behaviours_of_cells(), ids=lambda cell: f"{cell[0]}-{cell[1]}")
def test_each_value_of_each_switch_is_reported(service, behaviour):
    switch, value = behaviour
    service.behaviour = Behaviour(**{switch: value})
    result = check(service, **RUN)
    assert misses(result, service.behaviour) == {}
    assert observed(result)[switch] == value != NOT_SEEN
    assert unlike(result, service.behaviour) == []


def test_the_matrix_has_every_cell():
    asked = [question.name for question in QUESTIONS if hasattr(Behaviour(), question.name)]
    cells = [(name, value) for name in asked for value in values_of(name)]
    assert len(cells) >= 121
    of_a_test_of_their_own = {("max_in_flight", 1), ("max_in_flight", 3), ("throttle_retry_after", False)}
    usual = {cell for cell in cells if cell[1] == getattr(Behaviour(), cell[0])}
    assert {*cells} - usual == {*behaviours_of_cells()} - usual | of_a_test_of_their_own


@pytest.mark.parametrize("throttle_retry_after", [True, False])
@pytest.mark.parametrize("limit", [1, 3])
@pytest.mark.usefixtures("let_overlap")
def test_a_limit_of_requests_in_flight_is_reported(service, limit, throttle_retry_after):
    service.behaviour = Behaviour(max_in_flight=limit, throttle_retry_after=throttle_retry_after, latency_seconds=0.1)
    assert misses(check(service, **RUN), service.behaviour) == {}


@pytest.mark.parametrize(
    ("burst", "most"),
    [
        # Two were in flight when the last one was throttled, and four came later.
        ([(0, 3, ""), (1, 4, ""), (2, 5, "without"), (6, 10, ""), (7, 11, ""), (8, 12, ""), (9, 13, "")], "at most 2"),
        # They came one after the other, so that the limit shows at the second throttled one alone.
        ([(0, 1, ""), (2, 7, ""), (3, 4, ""), (5, 8, ""), (6, 9, "without"), (10, 12, ""), (11, 13, "without")],
         "at most 1"),
    ],
)  # fmt: skip
def test_only_requests_that_overlap_a_throttled_one_count(burst, most):
    assert writing.max_in_flight(burst) == most


@pytest.mark.parametrize(
    ("burst", "reason"),
    [
        ([(0, 2, ""), (1, 3, "")], "2 concurrent requests were all accepted"),
        ([(0, 1, ""), (2, 3, "with Retry-After")], "no other one"),
    ],
)
def test_a_limit_that_does_not_show_has_no_answer(burst, reason):
    with pytest.raises(NotSeen, match=reason):
        writing.max_in_flight(burst)


def test_a_bound_is_not_played_as_a_limit(service):
    report = check(service)["report"]
    answer = {**report["answers"]["not_found"], "observed": "at most 3"}
    behaviour, left = behaviour_of({**report, "answers": {"max_in_flight": answer}})
    assert behaviour.max_in_flight is None
    assert "max_in_flight" in left


@pytest.mark.parametrize("seed", range(SEEDS))
def test_random_combinations_are_reported(service, seed):
    service.behaviour = some_behaviour(seed)
    result = check(service, **RUN)
    assert misses(result, service.behaviour) == {}
    assert unlike(result, service.behaviour) == []


@pytest.mark.parametrize("seed", range(SEEDS, SEEDS + 3))
def test_a_report_that_is_played_gives_the_same_report(service, seed):
    service.behaviour = some_behaviour(seed)
    first = check(service, **RUN)["report"]
    service.reset()
    plant_users_jobs(service)
    service.behaviour, left = behaviour_of(json.loads(json.dumps(first)))
    assert set(left) - {name for name, answer in first["answers"].items() if "reason" in answer} == set(NOT_OBSERVABLE)
    second = check(service, **RUN)["report"]
    # What was not observed is played as by default, and may show then.
    assert {name: second["answers"][name] for name in first["answers"] if name not in left} == {
        name: answer for name, answer in first["answers"].items() if name not in left
    }


def everything(service):
    """Return all that is there, the jobs as well as the templates."""
    return [(job.job_id, job.status, job.fields) for job in service.jobs.all()], service.templates.all()


def left_of_the_check(service):
    things = [job.fields["name"] for job in service.jobs.all()] + [item["name"] for item in service.templates.all()]
    return [name for name in things if name.startswith(NAME_PREFIX)]


def touched(service, users):
    """Return what requests did to the user's jobs and templates."""
    events = service.journal.events
    return [(event.what, event.operation) for event in events if (event.what, event.job_id) in users]


def wrong(answers, service):
    truth = expected(service.behaviour)
    return {name: answer for name, answer in answers.items() if answer not in (NOT_SEEN, truth.get(name, answer))}


def faults():
    """Return what goes wrong at which request: each kind at each request, or every eighth request in but one way."""
    if ALL_FAULTS:
        return [(kind, number) for kind in KINDS for number in range(REQUESTS)]
    return [(KINDS[number // 8 % len(KINDS)], number) for number in range(0, REQUESTS, 8)]


@pytest.mark.parametrize(("kind", "number"), faults())
def test_whatever_fails_nothing_of_the_users_is_touched(service, meddling, kind, number):
    service.templates.add(name="orders", desc="", sql_body="SELECT 1", job_type="flink_opensource_sql_job")
    before = json.dumps(everything(service))
    users = {("job", job.job_id) for job in service.jobs.all()} | {
        ("template", template["template_id"]) for template in service.templates.all()
    }
    meddling.begin(kind, number)
    result = check(service, **RUN)
    assert "fault of the collection" not in result.get("msg", ""), result
    assert result["failed"] or wrong(observed(result), service) == {}
    assert touched(service, users) == []
    meddling.begin(None)
    again = check(service, level="draft")
    assert not again["failed"]
    assert left_of_the_check(service) == []
    assert touched(service, users) == []
    assert json.dumps(everything(service)) == before


@pytest.mark.parametrize("seed", range(REQUESTS * 2 if ALL_FAULTS else SEEDS * 2))
def test_whatever_responses_hold_there_is_a_report(service, meddling, seed):
    chance = random.Random(seed)

    def change(_number, _request, payload):
        return with_a_part_replaced(payload, chance) if chance.random() < 0.15 else payload

    meddling.change = change
    jsonschema.validate(check(service, **RUN)["report"], schema())


@pytest.mark.parametrize(
    ("request_of", "place", "value", "question"),
    [
        ("GET /jobs/1", ("execute_graph",), None, "execution_plan"),
        ("GET /jobs/1", ("job_detail",), None, "clearing"),
        ("GET /jobs/1", ("job_detail", "job_config", "smn_topic"), [], "unset_reads"),
        ("GET /jobs/1", ("execute_graph",), "vertices", "execution_plan"),
    ],
)
def test_one_odd_part_costs_one_answer(service, meddling, request_of, place, value, question):
    service.jobs.clear()

    def change(_number, request, payload):
        holder = payload
        for key in place[:-1]:
            holder = holder.get(key) if isinstance(holder, dict) else None
        if request.startswith(request_of[:-1]) and isinstance(holder, dict) and place[-1] in holder:
            holder[place[-1]] = value
        return payload

    meddling.change = change
    answers = check(service, **RUN)["report"]["answers"]
    assert "reason" in answers[question]
    assert "observed" in answers["template_names"]


def refusing(service, meddling, *refused, **options):
    """Return the answers of a check whose requests of some kinds get HTTP 403."""
    meddling.refused = refused
    return observed(check(service, **{**RUN, **options}))


@pytest.mark.parametrize(
    "behaviour",
    [{}, {"name_filter": "contains", "tags_filter": "any", "clearing": "ignored", "put_omitted": "default"}],
    ids=["usual", "odd"],
)
@pytest.mark.parametrize(
    "refused",
    [
        ("POST", "PUT", "DELETE"),
        ("POST /flink-jobs", "POST /sql-jobs"),
        ("POST /job-templates",),
        ("PUT",),
        ("DELETE", "POST /jobs/delete"),
        ("GET /jobs/",),
    ],
    ids=" ".join,
)
def test_what_was_not_made_shows_nothing(service, meddling, refused, behaviour):
    service.behaviour = Behaviour(**behaviour)
    assert wrong(refusing(service, meddling, *refused), service) == {}


def test_the_filter_by_name_is_read_where_no_draft_can_be_made(service, meddling):
    service.behaviour = Behaviour(name_filter="contains")
    answers = refusing(service, meddling, "POST", "PUT", "DELETE")
    assert (answers["name_filter"], answers["tags_filter"]) == ("contains", NOT_SEEN)


def test_without_a_template_the_form_of_success_is_open(service, meddling):
    assert refusing(service, meddling, "POST /job-templates")["is_success"] == NOT_SEEN


@pytest.mark.parametrize(
    ("seen", "error"),
    [
        ("DLI.0023", "DLI.0023"),
        ("DLI.16001", "16001"),
    ],
)
def test_a_bare_number_is_a_code_of_the_service(seen, error):
    def read(_path):
        raise ApiError("GET /jobs/1", 404, error, "no")

    assert reading.unknown_code(read, 1) == seen


@pytest.mark.parametrize(
    ("message", "language"),
    [("The job isn\u2019t there.", "english"), ("no job", "english"), ("\u4f5c\u4e1a\u4e0d\u5b58\u5728", "by_header")],
)
def test_a_message_is_chinese_by_its_letters(message, language):
    assert reading.messages(message) == language


def test_the_message_of_a_gateway_is_none_of_the_service(service, meddling):
    service.behaviour = Behaviour(messages="by_header")
    assert refusing(service, meddling, "GET /jobs/", level="read")["messages"] == NOT_SEEN


_BUSY = ("400 Bad Request", {"error_code": "DLI.0999", "error_msg": "no"})
_GATEWAY = ("400 Bad Request", {"error_code": "APIG.0201", "error_msg": "no"})
_INVALID = ("400 Bad Request", {"error_code": "DLI.0001", "error_msg": "no"})
_NO_PATH = ("404 Not Found", {"error_code": "APIG.0101", "error_msg": "no"})


@pytest.mark.parametrize(
    ("instead", "open_questions"),
    [
        ({"POST /jobs/delete": _REFUSED * 2}, "batch_refusal batch_answers"),
        ({"POST /jobs/delete": {"jobs": []}}, "batch_refusal batch_answers"),
        ({"POST /jobs/delete": _INVALID}, "batch_refusal batch_answers"),
        ({"POST /jobs/delete": _BUSY}, "batch_refusal batch_answers"),
        ({"DELETE /jobs/": _REFUSED}, "delete_seconds delete_keeps_record batch_refusal"),
        ({"POST /jobs/run": _REFUSED}, "run_refusal"),
        ({"POST /jobs/run": _INVALID}, "run_refusal"),
        ({"POST /jobs/run": _BUSY}, "run_refusal"),
        ({"POST /jobs/run": _GATEWAY}, "run_refusal"),
        ({"GET /jobs/": _BUSY}, "not_found messages delete_keeps_record"),
        ({"GET /jobs/": _GATEWAY}, "not_found messages delete_keeps_record"),
        ({"GET /jobs/": _NO_PATH}, "not_found messages delete_keeps_record"),
        ({"POST /jobs/1": _BUSY}, "savepoint_operations savepoint_outcome"),
        ({"POST /jobs/1": _GATEWAY}, "savepoint_operations savepoint_outcome"),
        ({"POST /jobs/1": [{"is_success": "false", "message": "no"}]}, "savepoint_outcome"),
        ({"POST /jobs/export": {"is_success": 7, "zip_file": 3}}, "export_files"),
        ({"POST /job-templates": {"is_success": 7, "template": {"template_id": 1}}}, "is_success"),
    ],
    ids=str,
)  # fmt: skip
def test_a_response_that_has_another_cause_shows_nothing(service, meddling, instead, open_questions):
    meddling.instead = instead
    answers = observed(check(service, **RUN))
    assert {name: answers[name] for name in open_questions.split()} == dict.fromkeys(open_questions.split(), NOT_SEEN)
    assert wrong(answers, service) == {}


def test_tags_that_were_dropped_at_creation_are_no_filter_that_finds_nothing(service, meddling):
    def without_tags(_number, request, payload):
        # The call about tags has a path of its own.
        return {"count": 0, "tags": []} if request == "GET /" else payload

    service.behaviour = Behaviour(tags_filter="none")
    meddling.change = without_tags
    assert observed(check(service, level="draft"))["tags_filter"] == NOT_SEEN


def test_an_update_that_is_ignored_now_and_then_clears_nothing(service, meddling):
    def as_before(_number, request, payload):
        if isinstance(payload, dict) and not (payload.get("job_detail") or {}).get("entrypoint_args", "kept"):
            payload["job_detail"] |= {"entrypoint_args": "kept", "desc": MARK}
        return payload

    meddling.change = as_before
    answers = observed(check(service, level="draft"))
    assert (answers["put_omitted"], answers["clearing"]) == ("keep", NOT_SEEN)


def test_a_limit_on_requests_one_after_the_other_is_none_of_those_in_flight(service, meddling):
    def read_once(_api, _path):
        raise ApiError("GET /jobs/1", 429, "APIG.0308", "no")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RawApi, "read_once", read_once)
        answers = check(service, level="draft")["report"]["answers"]
    assert "one after the other" in answers["max_in_flight"]["reason"]
    assert answers["throttle_retry_after"]["observed"] is False


@pytest.mark.parametrize("ignored", ["PUT", "DELETE"])
def test_what_is_accepted_without_effect_shows_nothing(service, meddling, ignored):
    service.behaviour = Behaviour(put_omitted="default", delete_keeps_record=False)
    meddling.instead = {ignored: {"is_success": "true"}}
    answers = observed(check(service, **RUN))
    assert wrong(answers, service) == {}
    if ignored == "PUT":
        assert {answers["put_omitted"], answers["clearing"]} == {NOT_SEEN}


def test_a_start_that_is_refused_as_an_element_is_not_waited_for(service, meddling, clock):
    meddling.instead = {"POST /jobs/run": _REFUSED}
    begin = clock.monotonic()
    report = check(service, **RUN)["report"]
    assert report["answers"]["run_refusal"] == {"reason": "a start with a queue was not accepted either"}
    assert report["answers"]["submit_seconds"] == {"reason": "the start was rejected"}
    assert clock.monotonic() - begin < 60


def test_a_stop_that_is_refused_as_an_element_shows_nothing_of_savepoints(service, meddling):
    meddling.instead = {"POST /jobs/stop": _REFUSED}
    answers = check(service, **RUN)["report"]["answers"]
    names = ("savepoint", "savepoint_seconds", "cancel_seconds", "stop_ends")
    assert {answers[name].get("reason") for name in names} == {"the stop was rejected"}


def test_a_job_that_ends_by_itself_shows_nothing_of_stops(service, meddling):
    service.behaviour = Behaviour(finish_after_seconds=5)
    meddling.instead = {"POST /jobs/stop": [{"is_success": "true"}]}
    answers = check(service, **RUN)["report"]["answers"]
    names = ("savepoint", "savepoint_seconds", "cancel_seconds")
    assert {answers[name].get("reason") for name in names} == {"the job has ended by itself"}


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP])
def test_a_check_that_is_ended_cleans_up(request, service, meddling, monkeypatch, ending):
    run, handlers = OwnJobs.run, []
    # Whoever starts the tests with nohup has them ignore SIGHUP.
    request.addfinalizer(functools.partial(signal.signal, ending, signal.signal(ending, signal.SIG_DFL)))

    def run_and_end(own, *arguments):
        run(own, *arguments)
        handlers.append(signal.getsignal(ending))
        # Not os.kill: that may wait until another thread gets to run, and come amid what follows.
        signal.raise_signal(ending)

    monkeypatch.setattr(OwnJobs, "run", run_and_end)
    before = everything(service), signal.getsignal(ending)
    with pytest.raises(json.JSONDecodeError):
        # It ends without a result.
        check(service, **RUN)
    assert len(handlers) == 1
    assert (everything(service), signal.getsignal(ending)) == before


def test_what_is_left_is_named(service, meddling):
    meddling.refused = ("DELETE", "POST /jobs/delete")
    result = check(service, level="draft")
    names = sorted(left_of_the_check(service))
    assert len(names) == 5
    said = result["markdown"].partition("What is left")[2]
    assert "4 jobs (" in said
    assert "1 template (" in said
    assert [name for name in names if name not in said] == []
    meddling.begin(None)
    assert check(service, level="draft")["deleted_leftovers"] == 5
    assert left_of_the_check(service) == []


def test_a_level_leaves_nothing_and_says_what_it_did(service):
    before = everything(service)
    result = check(service, **RUN)
    assert everything(service) == before
    assert result["changed"]
    assert "warnings" not in result
    assert len(service.requests) <= REQUESTS


def test_only_jobs_with_the_prefix_and_the_mark_are_deleted(service):
    service.jobs.add(name=f"{NAME_PREFIX}of-somebody", desc="ours")
    service.jobs.add(name="of-somebody", desc=MARK)
    service.jobs.add(name=f"{NAME_PREFIX}left", desc=MARK, status="job_running")
    service.templates.add(name=f"{NAME_PREFIX}mine", desc="", sql_body="")
    check(service, level="draft")
    names = {job.fields["name"] for job in service.jobs.all()}
    assert {f"{NAME_PREFIX}of-somebody", "of-somebody"} <= names
    assert f"{NAME_PREFIX}left" not in names
    assert [template["name"] for template in service.templates.all()] == [f"{NAME_PREFIX}mine"]


@pytest.mark.parametrize("write", ["update", "run", "import_savepoint", "delete", "stop", "export", "delete_together"])
def test_a_job_that_the_check_has_not_made_cannot_be_changed(write):
    own = OwnJobs(None, None)
    arguments = {"import_savepoint": ("path",), "stop": (False,), "export": ("folder",)}.get(write, ())
    first = [[5]] if write in ("export", "delete_together") else [5]
    with pytest.raises(ForeignJob):
        getattr(own, write)(*first, *arguments)


def test_the_level_read_only_reads(service):
    result = check(service)
    assert result["report"]["level"] == "read"
    assert not result["changed"]
    assert {request.method for request in service.requests if "/streaming/" in request.path} == {"GET"}
    assert service.journal.events == []
    answers = observed(result)
    truth = expected(service.behaviour)
    assert {name: answer for name, answer in answers.items() if answer not in (NOT_SEEN, truth.get(name, answer))} == {}
    assert sum(answer != NOT_SEEN for answer in answers.values()) == 16


def test_the_level_read_takes_few_requests_for_many_jobs(service):
    service.jobs.add_many(10_000, queue_name="queue")
    result = check(service)
    assert result["report"]["requests"] == 11
    assert len([request for request in service.requests if "/streaming/" in request.path]) == 11


def test_the_level_read_without_any_job(service):
    service.jobs.clear()
    answers = observed(check(service))
    assert answers["not_found"] == Behaviour().not_found
    assert answers["numbers_read"] == NOT_SEEN


def test_check_mode_lists_what_would_be_asked_and_made(service):
    params = {**access_by_password(service), **RUN, "concurrency": WIDTH}
    result = run_module(dli_service_check, params, check_mode=True)
    assert result["changed"]
    assert {question["name"] for question in result["questions"]} == {question.name for question in QUESTIONS}
    assert any("2 CUs" in sentence for sentence in result["plan"])
    assert any("15" in sentence for sentence in result["plan"])
    assert [request for request in service.requests if "/streaming/" in request.path] == []


def test_a_report_names_nothing_of_the_users(service):
    service.jobs.add(name="secret-name", queue_name="secret-queue", entrypoint_args="--password secret-password")
    result = check(service, **RUN)
    jsonschema.validate(result["report"], schema())
    text = json.dumps(result["report"]) + result["markdown"] + result["summary"]
    known = service.credentials
    private = ["secret-name", "secret-queue", "secret-password", "orders", "bucket/exports", known["project_id"]]
    private += [known["username"], known["password"], "local-token", service.url, "obs://"]
    private += [str(job.job_id) for job in service.jobs.all()]
    assert [word for word in private if word in text] == []


def test_refused_requests_are_reasons(service, meddling):
    meddling.begin("refused from", 1)
    result = check(service, **RUN)
    answers = result["report"]["answers"]
    assert answers["put_omitted"] == {"reason": "the request was rejected with HTTP 400, DLI.0001"}
    jsonschema.validate(result["report"], schema())


def test_wrong_credentials_are_an_error(service):
    result = check(service, password="wrong")
    assert result["failed"]
    assert result["error"]["type"] == "AuthenticationFailed"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"level": "run"}, "needs queue_name and entrypoint"),
        ({"level": "run", "queue_name": "queue"}, "needs entrypoint"),
        ({"concurrency": 0}, "concurrency is 0, but must be at least 1."),
        ({"concurrency": 65}, "concurrency is 65, but must be at most 64."),
    ],
)
def test_a_wrong_option_is_one_sentence(service, options, sentence):
    result = check(service, **options)
    assert sentence in result["msg"]
    assert service.requests == []


def test_requests_and_responses_keep_to_the_contract(clock):
    with LocalDli(clock=clock.monotonic, sleep=clock.sleep) as service:
        plant_users_jobs(service)
        assert misses(check(service, **RUN), service.behaviour) == {}
        assert service.contract_violations == []
