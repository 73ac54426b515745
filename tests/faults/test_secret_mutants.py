# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Code that hides less, or more, than it must is caught: one mutant for each kind of leak."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from ansible.module_utils import basic
from ansible_collections.otc.dli.plugins.module_utils import _module
from ansible_collections.otc.dli.plugins.module_utils._http.client import HttpClient
from ansible_collections.otc.dli.plugins.module_utils._info import query
from ansible_collections.otc.dli.plugins.module_utils._model import redactor, shown_options, sql
from ansible_collections.otc.dli.plugins.module_utils._read.reader import JobReader
from ansible_collections.otc.dli.plugins.modules import (
    dli_flink_jar_job,
    dli_flink_jar_jobs,
    dli_flink_job_info,
    dli_flink_sql_job,
)

from local_dli import LocalDli
from module_runner import SHOW_OPTIONS, access_to, run_module

Patch = pytest.MonkeyPatch
SETTINGS = {"runtime_config": {"s3.secret-key": "planted-setting"}}
SQL = 'CREATE SINK STREAM s WITH (password = "planted-in-sql")'


def log_the_options(patch: Patch) -> None:
    """The base class logs the options as they are."""
    patch.setattr(_module._DliModule, "_log_invocation", basic.AnsibleModule._log_invocation)
    patch.setattr(_module._DliModule, "log", basic.AnsibleModule.log)


def return_the_options(patch: Patch) -> None:
    """The base class returns the options as they are, and nobody has read them before."""
    patch.setattr(_module._DliModule, "_load_params", basic.AnsibleModule._load_params)
    patch.setattr(_module._DliModule, "_return_formatted", basic.AnsibleModule._return_formatted)


def trust_what_is_misspelt(patch: Patch) -> None:
    """An option that the module does not have is shown."""
    patch.setattr(shown_options, "_hidden", lambda value, *_rest: value)


def read_flinks_dialect_alone(patch: Patch) -> None:
    """Only what stands in single quotes is a string."""
    patch.setattr(sql, "redacted_sql", lambda text, _public: text)
    patch.setattr(shown_options, "redacted", lambda _name, text, _public: text)
    patch.setattr(sql, "secrets_in_sql", lambda _text: set())


def forget_what_a_shell_makes_of_it(patch: Patch) -> None:
    """A secret is hidden as it is given, and not in part."""
    patch.setattr(redactor, "parts_of", lambda _secret: set())


def forget_what_was_read(patch: Patch) -> None:
    """Only what the task gives is a secret."""
    patch.setattr(JobReader, "_keep_secrets_of", lambda _self, _job: None)


def forget_what_was_only_read(patch: Patch) -> None:
    """Modules that only read hide what they show of arguments, but not what the service says of them."""
    patch.setattr(query, "keep_secrets", lambda *_arguments: None)


def take_short_words_for_chance(patch: Patch) -> None:
    """A short password is hidden in free text alone."""
    patch.setattr(redactor, "certain_values", lambda _secret: ())


def keep_connections_open(patch: Patch) -> None:
    """Nobody closes the client before the result is written."""
    open_api = _module._DliModule.open_api
    patch.setattr(_module._DliModule, "open_api", lambda self, api, _clients: open_api(self, api, []))


def hide_letters_wherever_they_stand(patch: Patch) -> None:
    """A short secret is hidden in any text, and any text is free text."""
    patch.setattr(redactor, "SHORTEST_ANYWHERE", 1)
    patch.setattr(redactor, "_IDENTIFYING", frozenset())


def compare_each_secret_with_each_text(patch: Patch) -> None:
    """The base class gets all secrets."""
    patch.setattr(redactor.Redactor, "left_over", lambda _self, secrets, _value: secrets)


def logged(service: LocalDli, patch: Patch) -> str:
    lines: list[str] = []
    patch.setattr(basic.syslog, "syslog", lambda *arguments: lines.append(arguments[-1]))
    run_module(dli_flink_jar_job, {**access_to(service), "name": "orders", **SETTINGS})
    return "\n".join(lines)


def returned(module: Any, **options: Any) -> Callable[[LocalDli, Patch], str]:
    def run(service: LocalDli, _patch: Patch) -> str:
        params = {**access_to(service), "name": "orders", **SHOW_OPTIONS, **options}
        return json.dumps(run_module(module, params, diff=True))

    return run


def quoted_in_part(_service: LocalDli, _patch: Patch) -> str:
    known = redactor.Redactor()
    known.hide("--phrase='planted phrase'")
    return known.text("There is no user for planted phrase.")


def read_before(service: LocalDli, patch: Patch) -> str:
    job = service.jobs.add(name="orders", entrypoint_args="--password planted-old")
    job.status_desc = "planted-old is wrong"
    return returned(dli_flink_jar_job, secret_entrypoint_args="--password planted-new")(service, patch)


def shown_by_info(service: LocalDli, patch: Patch) -> str:
    job = service.jobs.add(name="orders", entrypoint_args="--password planted-old")
    job.status_desc = "planted-old is wrong"
    return returned(dli_flink_job_info)(service, patch)


def short_in_a_field(_service: LocalDli, _patch: Patch) -> str:
    known = redactor.Redactor()
    known.hide("--password planted --rate 3")
    return json.dumps(known.result({"desc": "The password is planted."}))


# The mutant, what is put out, and where nothing of "planted" may be in it.
LEAKS: list[tuple[Callable[[Patch], None], Callable[[LocalDli, Patch], str]]] = [
    (log_the_options, logged),
    (return_the_options, returned(dli_flink_jar_job, state="startd", **SETTINGS)),
    (trust_what_is_misspelt, returned(dli_flink_jar_job, secret_entrypoint_arg="planted-misspelt")),
    (read_flinks_dialect_alone, returned(dli_flink_sql_job, sql_body=SQL)),
    (forget_what_a_shell_makes_of_it, quoted_in_part),
    (forget_what_was_read, read_before),
    (forget_what_was_only_read, shown_by_info),
    (take_short_words_for_chance, short_in_a_field),
]


@pytest.mark.parametrize(("mutant", "output"), LEAKS, ids=[mutant.__name__ for mutant, _output in LEAKS])
def test_each_leak_is_seen(
    mutant: Callable[[Patch], None], output: Callable[[LocalDli, Patch], str], monkeypatch: Patch
) -> None:
    with LocalDli() as service:
        assert "planted" not in output(service, monkeypatch), "the real code shows none"
        service.reset()
        with monkeypatch.context() as patch:
            mutant(patch)
            assert "planted" in output(service, patch)


def result_of_a_name_and_an_id() -> dict[str, Any]:
    known = redactor.Redactor()
    known.hide("--pin 1000 --env prod")
    return known.result({"job_id": 100001, "name": "prod", "msg": "Job 100001 of production"})


def test_hiding_too_much_is_seen(monkeypatch: Patch) -> None:
    plain = {"job_id": 100001, "name": "prod", "msg": "Job 100001 of production"}
    assert result_of_a_name_and_an_id() == plain
    hide_letters_wherever_they_stand(monkeypatch)
    assert result_of_a_name_and_an_id() != plain


def secrets_given_to_the_base() -> int:
    """How many secrets the base class compares with each text of a result that has none in it."""
    given = []
    with LocalDli() as service, pytest.MonkeyPatch.context() as patch:
        real = basic.remove_values

        def remove_values(value: Any, secrets: Any) -> Any:
            given.append(len(secrets))
            return real(value, secrets)

        patch.setattr(basic, "remove_values", remove_values)
        jobs = [
            {"name": f"orders-{number}", "secret_entrypoint_args": f"--pw planted-{number}"} for number in range(20)
        ]
        result = run_module(dli_flink_jar_jobs, {**access_to(service), "jobs": jobs})
    assert not result["failed"] and given
    return max(given)


def test_a_cost_that_grows_with_the_square_is_seen(monkeypatch: Patch) -> None:
    assert secrets_given_to_the_base() == 0
    compare_each_secret_with_each_text(monkeypatch)
    assert secrets_given_to_the_base() >= 20


def test_connections_that_stay_open_are_seen(monkeypatch: Patch) -> None:
    """The result is written after they were closed."""

    def order() -> list[str]:
        happened: list[str] = []
        with LocalDli() as service, pytest.MonkeyPatch.context() as patch:
            close, write = HttpClient.close, _module._DliModule._return_formatted
            patch.setattr(HttpClient, "close", lambda self: (close(self), happened.append("closed"))[0])
            patch.setattr(
                _module._DliModule,
                "_return_formatted",
                lambda self, result: (happened.append("written"), write(self, result))[1],
            )
            run_module(dli_flink_jar_job, {**access_to(service), "name": "orders", "job_id": 4711})
        return happened

    assert order() == ["closed", "written"]
    keep_connections_open(monkeypatch)
    assert order() == ["written"]
