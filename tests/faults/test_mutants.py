# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The harness itself: code that is broken on purpose is caught, each time by the rule that is meant to catch it."""

from __future__ import annotations

import functools
from typing import Any

import pytest
import requests
from ansible_collections.otc.dli.plugins.module_utils import _module
from ansible_collections.otc.dli.plugins.module_utils._api import connection
from ansible_collections.otc.dli.plugins.module_utils._api.archives import ArchiveApi
from ansible_collections.otc.dli.plugins.module_utils._errors import AlreadyExists, ConflictError, RequestError
from ansible_collections.otc.dli.plugins.module_utils._http import answers, client, failures
from ansible_collections.otc.dli.plugins.module_utils._model.job import ObservedJob
from ansible_collections.otc.dli.plugins.module_utils._reconcile import template, writes
from ansible_collections.otc.dli.plugins.module_utils._reconcile.job import Convergence
from ansible_collections.otc.dli.plugins.module_utils._reconcile.write_effects import Create, Run
from ansible_collections.otc.dli.plugins.module_utils._reconcile.writes import Certain, JobWrites, Writes
from ansible_collections.otc.dli.plugins.modules import dli_flink_jar_job, dli_flink_job_import, dli_flink_job_template

from faults.invariants import check_cell
from faults.matrix import cell_from, clean_run
from faults.scenarios import SCENARIOS


def repeat_every_write_blindly(patch: pytest.MonkeyPatch) -> None:
    """The client treats writes as it treats reads."""
    real = client.next_pause
    patch.setattr(client, "next_pause", lambda error, _repeatable, *rest: real(error, True, *rest))


def repeat_without_looking(patch: pytest.MonkeyPatch) -> None:
    """What was lost is sent again at once."""

    def certain(send: Any, *_reading: Any, **_options: Any) -> Any:
        try:
            return Certain((yield send))
        except RequestError:
            return Certain((yield send))

    patch.setattr(writes, "certain", certain)


def drop_the_masking(patch: pytest.MonkeyPatch) -> None:
    """What is secret is taken out of nothing."""
    patch.setattr(_module.Redactor, "hide", lambda _self, _secret: None)
    patch.setattr(_module.Redactor, "left_over", lambda _self, _secrets, _value: set())


def follow_redirects(patch: pytest.MonkeyPatch) -> None:
    """A redirect is followed, and takes the credentials along."""
    real = requests.Session.request

    def request(self: Any, method: str, url: str, **options: Any) -> Any:
        answer = real(self, method, url, **options)
        if "Location" in answer.headers:
            answer.close()
            answer = real(self, method, answer.headers["Location"], **options)
        return answer

    patch.setattr(requests.Session, "request", request)


def believe_the_first_sign_of_life(patch: pytest.MonkeyPatch) -> None:
    """A version is good as soon as it runs, and nobody watches whether it stays running."""
    real = dli_flink_jar_job.converge

    def converge(api: Any, goal: Any, *rest: Any, **options: Any) -> Any:
        return real(api, goal._replace(lifecycle=goal.lifecycle._replace(health_window=0)), *rest, **options)

    patch.setattr(dli_flink_jar_job, "converge", converge)


def take_any_size(patch: pytest.MonkeyPatch) -> None:
    """An answer may be as large as it is."""
    patch.setattr(client, "LARGEST_RESPONSE_BYTES", 1 << 40)


def give_up_when_it_exists(patch: pytest.MonkeyPatch) -> None:
    """A job that is there when it is to be created ends the task."""
    real = JobWrites.create

    def create(self: Any, kind: Any, body: dict[str, Any]) -> Any:
        try:
            return (yield from real(self, kind, body))
        except AlreadyExists as error:
            raise ConflictError("It exists.") from error

    patch.setattr(JobWrites, "create", create)


def verify_no_certificate(patch: pytest.MonkeyPatch) -> None:
    """Any certificate will do."""
    patch.setattr(_module, "HttpClient", _unverified(_module.HttpClient))


def _unverified(client: Any) -> Any:
    @functools.wraps(client)
    def made(_verify: Any, *args: Any, **options: Any) -> Any:
        return client(False, *args, **options)

    return made


def repeat_a_start_with_empty_state(patch: pytest.MonkeyPatch) -> None:
    """A start that was lost is repeated without the savepoint."""
    real = JobWrites.run

    def run(self: Any, job: ObservedJob, savepoint: str | None, fields: Any, *is_known: Any) -> Any:
        try:
            return Certain((yield Run(job.job_id, savepoint is not None)))
        except RequestError:
            return (yield from real(self, job, None, fields, *is_known))

    patch.setattr(JobWrites, "run", run)


def wait_for_ever(patch: pytest.MonkeyPatch) -> None:
    """No request has a time-out."""
    real = requests.Session.request
    patch.setattr(
        requests.Session, "request", lambda self, *args, **options: real(self, *args, **{**options, "timeout": None})
    )


def pause_as_long_as_told(patch: pytest.MonkeyPatch) -> None:
    """The service says how long to pause, be it for a day."""
    real = client.next_pause
    patch.setattr(client, "next_pause", lambda error, *rest: error.retry_after or real(error, *rest))


def show_words_as_they_are(patch: pytest.MonkeyPatch) -> None:
    """The service's words are shown with whatever is in them."""
    for module in (answers, failures, _module):
        patch.setattr(module, "printable", str)


def do_it_all_again(patch: pytest.MonkeyPatch) -> None:
    """A task that fails on its way stops and starts the job once more."""
    real = dli_flink_jar_job.converge

    def converge(api: Any, goal: Any, *rest: Any, **options: Any) -> Any:
        try:
            return real(api, goal, *rest, **options)
        except RequestError:
            return real(api, goal._replace(state="restarted"), *rest, **options)

    patch.setattr(dli_flink_jar_job, "converge", converge)


def say_that_nothing_was_changed(patch: pytest.MonkeyPatch) -> None:
    """The result of a task never says that something was changed."""
    real = Convergence.result
    patch.setattr(Convergence, "result", lambda self: {**real(self), "changed": False})


def evade_a_name(patch: pytest.MonkeyPatch) -> None:
    """A job that could not be created is created under another name."""
    real = JobWrites.create

    def create(self: Any, kind: Any, body: dict[str, Any]) -> Any:
        try:
            return (yield Create(kind, body)), True
        except RequestError:
            return (yield from real(self, kind, {**body, "name": f"{body['name']}-2"}))

    patch.setattr(JobWrites, "create", create)


def repeat_any_write_without_looking(patch: pytest.MonkeyPatch) -> None:
    """What was lost is sent again at once, also where the service takes it twice."""

    def send(_self: Any, send: Any, *_looking: Any, **_options: Any) -> None:
        try:
            send()
        except RequestError:
            send()

    patch.setattr(Writes, "send", send)


def take_what_was_lost_for_done(patch: pytest.MonkeyPatch) -> None:
    """A write without an answer counts as carried out."""

    def send(_self: Any, send: Any, read: Any, *_rest: Any, **_options: Any) -> Any:
        try:
            return send()
        except RequestError:
            return read()

    patch.setattr(Writes, "send", send)


def repeat_an_export(patch: pytest.MonkeyPatch) -> None:
    """An export that was lost is sent again, which makes more files."""

    for name in ("export_jobs", "import_jobs"):
        patch.setattr(ArchiveApi, name, _sent_again(getattr(ArchiveApi, name)))


def _sent_again(send: Any) -> Any:
    def sent(self: Any, body: dict[str, Any]) -> Any:
        try:
            return send(self, body)
        except RequestError:
            return send(self, body)

    return sent


def believe_the_second_import(patch: pytest.MonkeyPatch) -> None:
    """An import that was lost is sent again, and its response counts as what has changed."""

    def imported(api: Any, task: Any, *_rest: Any, **_options: Any) -> Any:
        body = {"zip_file": task.zip_file, "is_cover": False}
        try:
            mapping = api.import_jobs(body)
        except RequestError:
            mapping = api.import_jobs(body)
        changed = any(job["new_job_id"] is not None for job in mapping)
        return {"changed": changed, "job_mapping": mapping, "actions": [{"operation": "import"}] if changed else []}

    patch.setattr(dli_flink_job_import, "import_jobs", imported)


def tell_of_no_action(patch: pytest.MonkeyPatch) -> None:
    """The result of a task on a template has no actions."""
    real = dli_flink_job_template.converge_template
    patch.setattr(
        dli_flink_job_template, "converge_template", lambda *args, **options: {**real(*args, **options), "actions": []}
    )


def forget_what_was_sent(patch: pytest.MonkeyPatch) -> None:
    """The secrets that an update sends back as they came are not given to Ansible."""
    for module in (connection, template):
        patch.setattr(module, "secret_words", lambda _fields: set())


# The mutant, a cell that catches it, and the rule by which.
MUTANTS = [
    (repeat_every_write_blindly, "started from job_running, changed | 2 | later", "survives"),
    (repeat_without_looking, "started from job_running, changed | 2 | reset_after", "survives"),
    (drop_the_masking, "started without a job | 1 | echo", "secrets"),
    (follow_redirects, "started without a job | 1 | redirect_307", "foreign"),
    (believe_the_first_sign_of_life, "broken upgrade | 0 | gzip", "success"),
    (take_any_size, "started without a job | 0 | huge", "size"),
    (give_up_when_it_exists, "started without a job | 1 | twice_second", "survives"),
    (verify_no_certificate, "started without a job | 1 | bad_certificate", "foreign"),
    (repeat_a_start_with_empty_state, "started from job_running, changed | 10 | reset_before", "state"),
    (wait_for_ever, "started without a job | 0 | hang_before", "time"),
    (pause_as_long_as_told, "started without a job | 0 | 429_day", "time"),
    (show_words_as_they_are, "started without a job | 1 | escapes", "message"),
    (say_that_nothing_was_changed, "stopped from job_running | 2 | cut", "changed"),
    (evade_a_name, "started without a job | 1 | reset_after", "one of a name"),
    (do_it_all_again, "started from job_running, changed | 12 | redirect_302", "starts"),
    (repeat_any_write_without_looking, "template without one, names are free | 1 | reset_after", "one of a name"),
    (take_what_was_lost_for_done, "template changed | 1 | reset_before", "success"),
    (take_what_was_lost_for_done, "template deleted by id | 1 | reset_before", "success"),
    (repeat_an_export, "export | 1 | reset_after", "once"),
    (repeat_an_export, "import that overwrites | 0 | reset_after", "once"),
    (believe_the_second_import, "import by names | 0 | reset_after", "changed"),
    (tell_of_no_action, "template changed | 0 | gzip", "actions"),
    (forget_what_was_sent, "template changed but for its SQL | 1 | echo", "secrets"),
]


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
@pytest.mark.parametrize(("mutant", "text", "rule"), MUTANTS, ids=[mutant[0].__name__ for mutant in MUTANTS])
def test_each_mutant_is_caught_by_its_rule(stage, monkeypatch, mutant, text, rule):
    cell = cell_from(text)
    scenario = SCENARIOS[cell.scenario]
    clean = clean_run(stage, scenario)
    assert check_cell(stage, scenario, clean, cell.plan) == [], "the real code breaks none"
    with monkeypatch.context() as patch:
        mutant(patch)
        broken = {violation.rule for violation in check_cell(stage, scenario, clean, cell.plan)}
    assert rule in broken
