# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever a task gives and whatever a service answers: success, or one sentence that a person can read."""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.otc.dli.plugins.module_utils._errors import UnexpectedResponse
from ansible_collections.otc.dli.plugins.module_utils._http import retry
from ansible_collections.otc.dli.plugins.module_utils._model.canonical import canonical, memory_megabytes
from ansible_collections.otc.dli.plugins.module_utils._model.fields import FIELDS_BY_NAME
from ansible_collections.otc.dli.plugins.module_utils._model.job import ObservedJob
from ansible_collections.otc.dli.plugins.module_utils._model.redact import redacted
from ansible_collections.otc.dli.plugins.module_utils._model.responses import check_job
from ansible_collections.otc.dli.plugins.module_utils._model.rules import RULES
from ansible_collections.otc.dli.plugins.module_utils._reconcile import wait
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response
from werkzeug.test import Client

from examples import examples
from local_dli import LocalDli
from local_dli.app import create_app
from module_runner import access_to, run_module
from modules.all_modules import MODULES

# The modules that have nothing to wait for.
READING = ("job_adopt", "job_audit", "job_info")
LONGEST_SENTENCE = 1100
NOT_PRINTABLE = "\x1b[31mred\x1b[0m\r\n\x00\u202egnp\ud800\u2028"


def nested(depth: int, kind: type) -> Any:
    value: Any = "end"
    for _level in range(depth):
        value = [value] if kind is list else {"a": value}
    return value


# Deeper than this Ansible itself cannot read a task's options.
HOSTILE_VALUES = [
    None, "", " ", "x", "0", "-1", "1e5000", "nan", "inf", "true", "x" * 100_000, "9" * 400, NOT_PRINTABLE, "\x00",
    "\ud800", "{}", "[[]]", "[" * 100_000, '{"a": {"b": []}}', "a=b", "=", "1" + " " * 100_000 + "x",
    "%s%n{}{0}", "../..",
    0, -1, 1, 2**31, 2**63, 10**400, -(10**400), 0.5, 1e308, -0.0, True, False, [], {}, [None], [[]], [1, "x", None],
    {"": ""}, {"a": None}, {"a": [1]}, {NOT_PRINTABLE: NOT_PRINTABLE}, {"password": {"a": "planted"}}, {"password": 5},
    nested(200, list), nested(200, dict),
]  # fmt: skip


def long_containers(length: int) -> list[Any]:
    """Such as YAML's aliases make out of a few lines."""
    return [["x"] * length, {f"k{number}": "x" for number in range(length)}]


NOT_FINITE = [float("nan"), float("inf"), float("-inf")]
hostile = st.sampled_from(HOSTILE_VALUES + NOT_FINITE) | st.text(max_size=20) | st.integers() | st.floats()


@pytest.fixture(autouse=True)
def fixture_no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (wait, retry):
        monkeypatch.setattr(module, "FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(wait, "GRACE_SECONDS", 0.0)


def assert_bearable(result: dict[str, Any]) -> None:
    """Success, or one sentence on one line; never the sentence for a fault of the collection."""
    if not result["failed"]:
        return
    message = result["msg"]
    assert "fault of the collection" not in message, message
    assert "Traceback" not in json.dumps(result)
    if "error" not in result:
        return  # Ansible's own words, about the type of an option
    assert message.isprintable(), repr(message)
    assert len(message) <= LONGEST_SENTENCE, message
    assert re.search(r"[.…]$|\.\)$|\)$", message), message
    for fact in result["error"].values():
        assert len(str(fact)) <= LONGEST_SENTENCE


def argument_spec(module: Any) -> dict[str, Any]:
    """The options of a module, as it gives them to Ansible."""
    specs = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "run_module", lambda options, *_others: specs.append(options))
        module.main()
    return specs[0]


SPECS = {name: argument_spec(module) for name, module in MODULES.items()}
# Where the task is sent to is never left to chance.
OPTIONS = {name: sorted(spec.keys() - {"endpoint"}) for name, spec in SPECS.items()}
# How the rules begin about an option that needs another one, which the job might have: so it is read first.
NEED_A_LOOK = ("image is", "log_enabled is", "resource_config is given")


def values_of(option: dict[str, Any]) -> st.SearchStrategy:
    """Hostile values, and some that have the right type."""
    if option.get("options"):
        parts = {name: values_of(part) for name, part in option["options"].items()}
        return st.fixed_dictionaries({}, optional=parts) | hostile
    if option.get("choices"):
        return st.sampled_from(option["choices"]) | hostile
    if option.get("elements"):
        return st.lists(hostile, max_size=3) | hostile
    if option["type"] in ("dict", "raw"):
        return st.dictionaries(st.text(max_size=5), hostile, max_size=3) | hostile
    return hostile


@st.composite
def tasks(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A module, and options for it of which some are hostile."""
    name = draw(st.sampled_from(sorted(MODULES)))
    # A tiny time-out leaves the local service with answers that nobody takes, of which it complains much later.
    options = [option for option in OPTIONS[name] if option != "timeout"]
    chosen = draw(st.lists(st.sampled_from(options), min_size=1, max_size=3, unique=True))
    return name, {option: draw(values_of(SPECS[name][option])) for option in chosen}


EVERY_OPTION = [(name, option) for name, options in OPTIONS.items() for option in options]
# One option of each type that there is.
EVERY_TYPE = {
    (spec["type"], spec.get("elements"), spec.get("no_log", False)): option for option, spec in SPECS["jar_job"].items()
}


def sharers(option: str, spec: dict[str, Any]) -> list[str]:
    """Return the names of the modules that have the very same option."""
    return [name for name, specs in SPECS.items() if specs.get(option) == spec]


def is_container(spec: dict[str, Any]) -> bool:
    return spec["type"] in ("dict", "list", "raw")


def run_hostile_task(service: LocalDli, name: str, options: dict[str, Any]) -> None:
    service.reset()
    params = {
        **access_to(service),
        **({"jobs": [{"name": "orders"}]} if name == "jar_jobs" else {"name": "orders"}),
        "retry_timeout": 0.2,
        **({} if name in READING else {"wait_timeout": 0.05}),
        **options,
    }
    try:
        result = run_module(MODULES[name], params)
    except (TypeError, ValueError, OverflowError, RecursionError) as exc:
        # Ansible itself stumbles over some options before the module gets them, such as half a character.
        files = [frame.filename for frame in traceback.extract_tb(exc.__traceback__)]
        own = {file.rpartition("/")[2] for file in files if "otc/dli" in file and "module_utils/_" in file}
        # The module layer makes Ansible's module, which is where Ansible stumbles.
        assert own <= {"_module.py"} and "ansible/module_utils" in files[-1], files
        assert service.requests == []
        return
    assert_bearable(result)
    sent = [request.method for request in service.requests]
    if result["failed"] and result.get("error", {}).get("type") in (None, "InvalidInput"):
        assert sent == [] or (set(sent) == {"GET"} and result["msg"].startswith(NEED_A_LOOK)), (sent, result["msg"])


@pytest.mark.any_core
@settings(max_examples=examples(100), suppress_health_check=list(HealthCheck))
@given(task=tasks())
@example(task=("jar_job", {"runtime_config": {"password": {"a": "planted"}}}))
def test_any_mix_of_hostile_options(service: LocalDli, task: tuple[str, dict[str, Any]]) -> None:
    run_hostile_task(service, *task)


@pytest.mark.any_core
@pytest.mark.parametrize(("name", "option"), EVERY_OPTION)
def test_every_option_with_hostile_values(service: LocalDli, name: str, option: str) -> None:
    """Each option gets half of the values, in turn; one of each type gets all, see the next test.

    What several modules share is one and the same code: they deal out the values among them.
    """
    spec = SPECS[name][option]
    sharing = sharers(option, spec)
    values = HOSTILE_VALUES[list(SPECS[name]).index(option) % 2 :: 2]
    values = values + (long_containers(10_000) if is_container(spec) else [])
    for value in values[sharing.index(name) :: len(sharing)]:
        run_hostile_task(service, name, {option: value})


@pytest.mark.parametrize("option", EVERY_TYPE.values(), ids=str)
def test_an_option_of_each_type_with_every_hostile_value(service: LocalDli, option: str) -> None:
    """What Ansible makes of a value depends on its core, and on the type of the option alone."""
    for value in HOSTILE_VALUES:
        run_hostile_task(service, "jar_job", {option: value})


@pytest.mark.any_core
@pytest.mark.parametrize("option", EVERY_TYPE.values(), ids=str)
def test_an_option_of_each_type_with_huge_values(service: LocalDli, option: str) -> None:
    huge = long_containers(30_000) if is_container(SPECS["jar_job"][option]) else []
    for value in ["x" * 1_000_000, *huge]:
        run_hostile_task(service, "jar_job", {option: value})


@pytest.mark.any_core
def test_what_would_take_long_to_read_is_not_read() -> None:
    assert memory_megabytes("1" + " " * 1_000_000 + "x") is None
    assert memory_megabytes("9" * 400) is None
    assert canonical(FIELDS_BY_NAME["runtime_config"], "[" * 100_000) == "[" * 100_000


# What an answer can hold in the place of what belongs there. Half a character and others come as JSON escapes.
WRONG_VALUES = [
    None, [], {}, "", "x", "abc", 5, 0, -1, 1.5, 1e308, True, False, "true", "5", "-7", 10**400, -(10**400), 2**63,
    NOT_PRINTABLE, "x" * 100_000, "two\nlines", "a/../b", "job_unheard_of", "[" * 5_000, '{"a": {"b": []}}', [None],
    [[1]], [{}], [{"key": []}], {"key": 1}, {"a": [1]}, {"": None}, nested(500, list), nested(500, dict), *NOT_FINITE,
    "http://dli.example.org", "obs://bucket/elsewhere",
]  # fmt: skip


def places(answer: Any, path: tuple = ()) -> Iterator[tuple]:
    """Every place in an answer, as the keys and indexes that lead to it."""
    yield path
    if isinstance(answer, dict):
        for key in answer:
            yield from places(answer[key], (*path, key))
    elif isinstance(answer, list):
        for index, item in enumerate(answer):
            yield from places(item, (*path, index))


def mutated(answer: Any, path: tuple, how: str, value: Any) -> Any:
    """An answer with one place in it changed."""
    if path:
        copy = dict(answer) if isinstance(answer, dict) else list(answer)
        if len(path) == 1 and how == "remove":
            del copy[path[0]]
        else:
            copy[path[0]] = mutated(answer[path[0]], path[1:], how, value)
        return copy
    return {
        "replace": value,
        "remove": None,
        "wrap": [answer],
        "unwrap": list(answer.values()) if isinstance(answer, dict) else {"a": answer},
        "double": [*answer, *answer] if isinstance(answer, list) else answer,
    }[how]


class Liar:
    """The local service with a liar in front of it, who changes one place of some of its answers.

    :param first: the number of the first answer that is changed.
    :param last: the number of the last one.
    :param place: which place of an answer; any number, there are not as many.
    """

    def __init__(self, service: LocalDli, first: int, last: int, place: int, how: str, value: Any) -> None:
        self._client = Client(create_app(service))
        self._changed = range(first, last + 1)
        self._place, self._how, self._value = place, how, value
        self._number = -1

    def __call__(self, request: Request) -> Response:
        self._number += 1
        path = request.full_path.rstrip("?")
        answer = self._client.open(path, method=request.method, data=request.get_data(), headers=dict(request.headers))
        content = answer.get_data()
        if self._number in self._changed:
            known = json.loads(content)
            found = list(places(known))
            content = json.dumps(mutated(known, found[self._place % len(found)], self._how, self._value)).encode()
        headers = {name: value for name, value in answer.headers if name in ("X-Subject-Token", "X-Request-Id")}
        return Response(content, answer.status_code, headers, content_type="application/json")


TASKS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "create": ("jar_job", "", {"desc": "x", "cu_number": 4, "runtime_config": {"a": 1}, "tags": {"team": "orders"}}),
    "create and start": ("jar_job", "", {"state": "started", "queue_name": "queue"}),
    "change": ("jar_job", "job_init", {"desc": "other", "runtime_config": {"a": 2}, "dependency_jars": ["g/a.jar"]}),
    "change sizes": ("jar_job", "job_init", {"resource_config_version": "v2", "resource_config": {"max_slot": 2}}),
    "by id": ("jar_job", "job_init", {"desc": "other", "job_id": True, "tags": {"team": "orders"}}),
    "start": ("jar_job", "job_cancel_success", {"state": "started"}),
    "stop": ("jar_job", "job_running", {"state": "stopped"}),
    "upgrade": ("jar_job", "job_running", {"state": "started", "cu_number": 8, "health_window": 0.01}),
    "restart": ("jar_job", "job_running_exception", {"state": "restarted"}),
    "delete": ("jar_job", "job_running", {"state": "absent"}),
    "list": ("job_info", "job_running", {"name": None, "execution_plan": True}),
    "list in short": ("job_info", "job_running", {"name": None, "details": False}),
    "read": ("job_info", "job_running", {"execution_plan": True, "show_entrypoint_args": True}),
    "read by id": ("job_info", "job_running", {"job_id": True}),
    "audit": ("job_audit", "job_running", {"name": None, "jobs": [{"name": "orders"}]}),
    "adopt": ("job_adopt", "job_running", {"name": None}),
    "savepoint": ("savepoint", "job_running", {}),
    "import": ("savepoint", "job_cancel_success", {"state": "imported", "savepoint_path": "obs://bucket/folder"}),
}
WAYS_TO_LOG_IN = ("token", "token", "token", "password", "project by name")


def log_in(service: LocalDli, way: str, url: str) -> dict[str, Any]:
    known = service.credentials
    if way == "token":
        return {**access_to(service), "endpoint": url}
    if way == "project by name":
        token = {"token": service.issue_token(), "project_name": known["project_name"]}
        return {**token, "endpoint": url, "auth_url": f"{url}/v3"}
    user = {name: known[name] for name in ("username", "password", "user_domain_name", "project_name")}
    return {**user, "auth_url": f"{url}/v3"}


@pytest.mark.any_core
@settings(max_examples=examples(100), suppress_health_check=list(HealthCheck), deadline=None)
@given(
    task=st.sampled_from(sorted(TASKS)),
    way=st.sampled_from(WAYS_TO_LOG_IN),
    # Chosen from lists, and not as integers, because those would nearly always be small.
    first=st.sampled_from(range(7)),
    more=st.sampled_from([0, 0, 1, 100]),
    place=st.sampled_from(range(120)),
    how=st.sampled_from(["replace", "replace", "replace", "remove", "wrap", "unwrap", "double"]),
    value=st.sampled_from(WRONG_VALUES),
)
def test_hostile_answers(service: LocalDli, httpserver: HTTPServer, task, way, first, more, place, how, value) -> None:
    name, status, options = TASKS[task]
    service.reset()
    httpserver.clear()
    job_id = 1
    if status:
        job = service.jobs.add(
            name="orders", queue_name="queue", obs_bucket="bucket", entrypoint_args="--a b", runtime_config="a=1"
        )
        service.jobs.set_status(job.job_id, status)
        job_id = job.job_id
    liar = Liar(service, first, first + more, place, how, value)
    httpserver.expect_request(re.compile(".*")).respond_with_handler(liar)
    url = httpserver.url_for("").rstrip("/")
    waiting = {} if name in READING else {"wait_timeout": 0.05}
    params = {**log_in(service, way, url), "name": "orders", "retry_timeout": 0.05, "timeout": 5, **waiting, **options}
    if params.get("job_id"):
        params["job_id"] = job_id
        if name != "jar_job":
            params["name"] = None
    result = run_module(MODULES[name], {key: item for key, item in params.items() if item is not None})
    assert_bearable(result)
    if result["failed"]:
        assert result.get("error", {}).get("type") not in (None, "InvalidInput") or is_about_the_address(result), result


@pytest.mark.any_core
def test_every_field_of_a_job_with_every_wrong_value(service: LocalDli) -> None:
    """Refused by the name of the field, or taken and then good for all that is made of it."""
    job = service.jobs.add(name="orders", obs_bucket="bucket", entrypoint_args="--a b", runtime_config="a=1")
    path = f"/v1.0/{service.credentials['project_id']}/streaming/jobs/{job.job_id}"
    known = (
        Client(create_app(service)).get(path, headers={"X-Auth-Token": service.issue_token()}).get_json()["job_detail"]
    )
    refused, taken = 0, 0
    for place in list(places(known))[1:]:
        for value in WRONG_VALUES:
            answer = mutated(known, place, "replace", value)
            try:
                check_job(answer, "GET /x")
            except UnexpectedResponse as exc:
                assert len(str(exc)) < 200 and str(exc).isprintable()
                assert any(str(key) in str(exc) for key in place), (exc, place)
                refused += 1
                continue
            found = ObservedJob(answer, "detail")
            shown_job = {
                name: redacted(name, part, "")
                for name, part in {**found.definition(), **found.returned_fields()}.items()
            }
            json.dumps([shown_job, found.facts(), found.because, found.has_run, found.has_savepoint])
            assert found.restart_times >= 0 or value in (-1, "-7")
            taken += 1
    assert refused > 500 and taken > 500


def is_about_the_address(result: dict[str, Any]) -> bool:
    """What IAM's catalog says of the address is checked as an option is; and rules can be broken with a lie."""
    options = tuple(f"{name} is " for rule in RULES for name in rule.fields)
    return result["msg"].startswith(("The address of DLI in the token's catalog", *options))
