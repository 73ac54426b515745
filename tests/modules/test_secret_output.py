# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A secret comes out of no module: planted in every option and in every field of a response, in every form.

Each secret has the word "planted" in it. A module writes to the system's log and to its output, and both are searched;
that it does write there what is no secret shows that the search finds things.
"""

from __future__ import annotations

import base64
import json
import shlex
import unicodedata
from collections.abc import Callable
from typing import Any, Literal
from urllib.parse import quote, quote_plus

import pytest
import yaml
from ansible.module_utils import basic
from ansible_collections.otc.dli.plugins.module_utils._model.redactor import Redactor
from ansible_collections.otc.dli.plugins.module_utils._model.secret_forms import parts_of
from ansible_collections.otc.dli.plugins.module_utils._text import MASK
from ansible_collections.otc.dli.plugins.modules import (
    dli_flink_jar_job,
    dli_flink_job_adopt,
    dli_flink_job_audit,
    dli_flink_job_info,
)

from local_dli import LocalDli
from module_runner import SHOW_OPTIONS, access_to, run_module
from modules.all_modules import MODULES

SECRET = (
    '--db-password=planted-%41-Kö\\nig --key "planted-2 two words" -token planted-bare --pin=planted-3?a=planted-4&c=5 '
    '--json \'{"p": "planted-json"}\' --auth planted-u:planted-p --list planted-l1,planted-l2'
)
WORDS = ["planted-2 two words", "planted-bare", "planted-4", "planted-json", "planted-u:planted-p", "planted-l2"]
FORMS = {
    "plain": lambda secret: secret,
    "repr": repr,
    "JSON": json.dumps,
    "JSON with all letters": lambda secret: json.dumps(secret, ensure_ascii=False),
    "JSON in JSON": lambda secret: json.dumps(json.dumps(secret)),
    "URL": quote,
    "URL, slashes too": lambda secret: quote(secret, safe=""),
    "URL in small letters": lambda secret: quote(secret, safe="").replace("%2F", "%2f").replace("%3D", "%3d"),
    "form": quote_plus,
    "shell": shlex.quote,
    "shell word": lambda secret: " ".join(map(shlex.quote, shlex.split(secret))),
    "SQL": lambda secret: "'" + secret.replace("'", "''") + "'",
    "YAML block": lambda secret: yaml.safe_dump({"a": {"b": secret}}, default_style="|", width=1000),
    "YAML": lambda secret: yaml.safe_dump({"a": {"b": secret}}, allow_unicode=True, width=1000),
    "HTML": lambda secret: secret.replace("&", "&amp;").replace('"', "&quot;").replace("'", "&#39;"),
    "lines": lambda secret: "\n".join(secret.split()),
    "base64 of a header": lambda secret: "Basic " + base64.b64encode(f"user:{secret}".encode()).decode(),
    "letters and marks apart": lambda secret: unicodedata.normalize("NFD", secret),
    "letters and marks apart, in JSON": lambda secret: json.dumps(unicodedata.normalize("NFD", secret)),
    "letters and marks apart, in a URL": lambda secret: quote(unicodedata.normalize("NFD", secret)),
    "unquoted words": lambda _secret: " | ".join(WORDS),
}
ALL_FORMS = {name: form(SECRET) for name, form in FORMS.items()}
VISIBLE = "nothing-to-hide"


def spec_of(module: Any) -> dict[str, Any]:
    specs = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "run_module", lambda options, *_others: specs.append(options))
        module.main()
    return specs[0]


SPECS = {name: spec_of(module) for name, module in MODULES.items()}


@pytest.fixture(name="log")
def fixture_log(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is written to the system's log."""
    lines: list[str] = []
    monkeypatch.setattr(basic.syslog, "syslog", lambda *arguments: lines.append(arguments[-1]))
    return lines


def leaks(text: str) -> list[str]:
    """Return what is in a text of the secrets."""
    encoded = [base64.b64encode(word.encode()).decode().rstrip("=")[:-1] for word in (SECRET, *WORDS)]
    return [text[max(0, text.find(word) - 60) : text.find(word) + 60] for word in ("planted", *encoded) if word in text]


def run(name: str, service: LocalDli, options: dict[str, Any], **how: bool) -> str:
    """Run a module, and return all that it has put out, as Ansible stores it."""
    identity: dict[str, Any] = {
        "jar_jobs": {"jobs": [{"name": "orders"}]},
        "job_export": {"obs_dir": "bucket/folder"},
        "job_import": {"zip_file": "bucket/file.zip"},
        "savepoint": {"name": "orders", "savepoint_path": "obs://bucket/path"},
    }.get(name, {"name": "orders"})
    waiting = {"wait_timeout": 0.05} if "wait_timeout" in SPECS[name] else {}
    params = {**access_to(service), **SHOW_OPTIONS, "retry_timeout": 0, **waiting, **identity}
    result = run_module(MODULES[name], {**params, **options}, diff=True, **how)
    assert "fault of the collection" not in str(result.get("msg")), result
    return json.dumps(result, ensure_ascii=False, default=str)


def secret_options(name: str) -> dict[str, Any]:
    """Return a secret in a place that each module has, and where it is no part of how the task logs in."""
    if name in ("jar_job",):
        return {"secret_entrypoint_args": SECRET}
    if name in ("jar_jobs", "job_audit"):
        return {"jobs": [{"name": "orders", "secret_entrypoint_args": SECRET}]}
    # Of the ways to log in the token is chosen, whatever the environment offers.
    return {}


UNPLANTED = ("endpoint", "timeout")
# Each option once, in the first module that has it: its checks and messages are the same in the others.
FIRST_WITH = {
    json.dumps([option, spec], default=str): (name, option)
    for name, options in reversed(SPECS.items())
    for option, spec in options.items()
    if option not in UNPLANTED
}
CELLS = sorted(FIRST_WITH.values())
SHAPES: list[Callable[[str], Any]] = [
    lambda text: text,
    lambda text: [text],
    lambda text: {"key": text},
    lambda text: [{"name": text, "key": {"key": [text]}}],
]


@pytest.mark.parametrize(("name", "option"), CELLS)
def test_a_secret_in_any_option(
    name: str, option: str, service: LocalDli, log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pasted beside the place where it belongs, in all forms, as a text, in lists and in dictionaries."""
    monkeypatch.setenv("OS_SECURITY_TOKEN", SECRET)
    forms = list(ALL_FORMS.values())
    for number, shape in enumerate(SHAPES):
        value = shape("\n".join([SECRET, *forms[number :: len(SHAPES)]]))
        given = {**secret_options(name), option: value}
        if option == "jobs":
            given = {"jobs": value}
        assert leaks(run(name, service, given)) == []
    assert leaks("\n".join(log)) == []


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize("shape", SHAPES, ids=["text", "list", "dictionary", "all of these"])
def test_a_secret_in_all_options_of_a_module(
    name: str, shape: Callable[[str], Any], service: LocalDli, log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In all forms; one of the options is refused, and all of them would be shown."""
    monkeypatch.setenv("OS_SECURITY_TOKEN", SECRET)
    value = shape("\n".join(ALL_FORMS.values()))
    options = dict.fromkeys(SPECS[name].keys() - {*UNPLANTED}, value)
    assert leaks(run(name, service, {**options, "desc": value})) == []
    assert leaks("\n".join(log)) == []


MISSPELT = [
    {"secret_entrypoint_arg": SECRET},
    {"secret_entrypoint_arg": [SECRET], "state": "startd"},
    {"pasword": SECRET, "extra": {"a": [SECRET, 12345678]}},
    {"state": "startd", "runtime_config": {"s3.secret-key": SECRET}},
    {"timeout": "soon", "runtime_config": {"s3.secret-key": SECRET}},
    {"timeout": -1, "runtime_config": {"s3.secret-key": SECRET}},
    {"runtime_config": {"s3": {"secret-key": SECRET}}},
    {"runtime_config": {"s3.secret-key": {"a": [SECRET]}}},
    {"runtime_config": "s3.secret-key: planted-text"},
    {"runtime_config": "# planted-comment\ns3.secret-key=planted-line\nstate.ttl=1"},
    {"runtime_config": "no line of settings: planted-1\nnor this: planted-2"},
    {"runtime_config": ["s3.secret-key=planted-1", "a: planted-2"]},
    {"runtime_config": [{"key": "s3.secret-key", "value": "planted-1"}]},
    {"runtime_config": "env.java.opts=-Dpassword=planted-1"},
    {"endpoint": "http://user:planted-1@localhost/"},
    {"--password planted": 1, "token planted": None},
    {"runtime_config": {"password=planted": 1}},
    {"runtime_config": {"s3.secret-key: planted": "on"}},
    {"entrypoint": "obs://u:planted@bucket/job.jar"},
]


@pytest.mark.parametrize("options", MISSPELT, ids=str)
@pytest.mark.parametrize("name", ["jar_job", "jar_jobs", "sql_job"])
def test_a_secret_in_options_that_are_refused(
    name: str, options: dict[str, Any], service: LocalDli, log: list[str]
) -> None:
    if name == "jar_jobs":
        of_task = {key: value for key, value in options.items() if key in ("timeout", "endpoint")}
        of_job = {key: value for key, value in options.items() if key not in of_task}
        for jobs in ([{"name": "orders", **of_job}], json.dumps([{"name": "orders", **of_job}])):
            output = run(name, service, {**of_task, "jobs": jobs})
            assert leaks(output) == []
        assert leaks(run(name, service, {**of_task, "defaults": of_job})) == []
    else:
        output = run(name, service, {**options, "desc": VISIBLE})
        assert leaks(output) == []
        assert VISIBLE in output
    assert leaks("\n".join(log)) == []


SQL = 'CREATE SINK STREAM s WITH (type = "rds", username = "u", password = "planted-1"); -- the token: planted-2'


def test_secrets_in_what_is_logged(service: LocalDli, log: list[str]) -> None:
    """The log is written while the module is made, before anything of ours would run."""
    run("jar_job", service, {"runtime_config": {"s3.secret-key": "planted-1"}, "desc": VISIBLE})
    run("sql_job", service, {"sql_body": SQL, "desc": VISIBLE})
    run("job_template", service, {"sql_body": SQL, "desc": VISIBLE})
    for secret in (SECRET, "planted\nline", 'planted "quoted"', "planted \\ back"):
        run("jar_jobs", service, {"jobs": [{"name": "orders", "desc": VISIBLE, "secret_entrypoint_args": secret}]})
    invoked = [line for line in log if line.startswith("Invoked with")]
    assert len(invoked) == 7
    assert all(VISIBLE in line for line in invoked)
    # Older cores log warnings too.
    assert leaks("\n".join(log)) == []


TEXT_FIELDS = ["status_desc", "savepoint_path", "user_name", "user_id", "desc", "queue_name", "name"]
CONFIG_FIELDS = ["entrypoint", "main_class", "smn_topic", "obs_bucket", "image", "feature", "flink_version"]
CONFIG_FIELDS += [
    "checkpoint_path",
    "execution_agency_urn",
    "resource_config_version",
    "checkpoint_mode",
    "udf_jar_url",
]


@pytest.mark.parametrize("field", [*TEXT_FIELDS, *CONFIG_FIELDS])
@pytest.mark.parametrize("form", FORMS)
def test_a_secret_in_any_field_of_a_response(field: str, form: str, log: list[str]) -> None:
    """Whatever field of a result it would be in."""
    redactor = Redactor()
    redactor.hide(SECRET)
    value = f"said {ALL_FORMS[form]}"
    result = {
        "job": {field: value},
        "changes": {field: {"before": value, "after": "x"}},
        "diff": [{"before": {field: value}, "after": {}}],
        "jobs": [{"job": {field: [value]}, "error": {"message": value}, "msg": value}],
        "risks": [value],
    }
    shown = redactor.result(result)
    assert leaks(json.dumps(shown, ensure_ascii=False)) == []
    assert shown["changes"][field]["after"] == "x"


# What a service quotes of the arguments when it takes them apart.
INNER = {
    '--password="planted-x"': ["planted-x"],
    "--phrase 'planted secret phrase-9'": ["planted secret phrase-9", "phrase-9"],
    '--json \'{"password": "planted-x", "n": [12345678]}\'': ["planted-x", "12345678"],
    '{"password":"planted-x"}': ["planted-x", "password:planted-x"],
    "--auth admin:planted-p": ["planted-p"],
    "--auth=admin:planted-p": ["planted-p", "admin:planted-p"],
    "--keys one-key-1,planted-k": ["planted-k", "one-key-1"],
    "--keys=a;planted-k|b": ["planted-k"],
    "--url jdbc:db://host:33/x?user=u&password=planted-q": ["planted-q"],
    "--url db://user:planted-q@host/": ["planted-q"],
    '-Dkey="it\'s planted"': ["it's planted"],
    "--key $'planted\\x41\\nline'": ["plantedA\nline"],
    '--json=\'{"a": "{\\"b\\": \\"planted-n\\"}"}\'': ["planted-n"],
    "--url https://u:planted%2Fx@host/": ["planted%2Fx", "planted/x"],
    "--header=cGxhbnRlZC11OnBsYW50ZWQtcA==": ["planted-u:planted-p", "planted-p"],
    "--key 'planted without an end": ["without"],
    "it's --key planted-k": ["planted-k"],
}


@pytest.mark.parametrize("secret", INNER)
def test_the_inner_parts_of_arguments(secret: str) -> None:
    redactor = Redactor()
    redactor.hide(secret)
    for part in INNER[secret]:
        assert part in parts_of(secret)
        for name in FORMS.keys() - {"shell word"}:
            assert part not in redactor.text(f"Cannot use <{FORMS[name](part)}>."), name


HARMLESS = (
    "--pin 1000 --env prod --mode update --pw job_running --port 1795 --switch on --n 12 --path 'a,b' --state started"
)
SENTENCES = [
    "Job 100001 of production was updated at 1578467395713.",
    "The name prod-a is taken; prod_running, 17951, my_prod, update-1.",
]


@pytest.mark.parametrize("sentence", SENTENCES)
def test_short_parts_are_hidden_only_as_whole_words(sentence: str) -> None:
    redactor = Redactor()
    redactor.hide(HARMLESS)
    assert redactor.text(sentence) == sentence
    assert redactor.text('It said prod:1000, "update"\\nprod and %20prod.') == (
        'It said ********:********, "********"\\n******** and %20********.'
    )


CERTAIN = {
    "--password hunt3r": "hunt3r",
    "--db.password=hunt3r": "hunt3r",
    "--db-passwd 'hu 3r5'": "hu 3r5",
    "--pwd -hunt3r": "-hunt3r",
    "hunt3r": "hunt3r",
}


@pytest.mark.parametrize("secret", CERTAIN)
@pytest.mark.parametrize("field", ["desc", "entrypoint", "smn_topic", "status_desc", "msg", "savepoint_path"])
def test_a_short_secret_that_is_one_beyond_doubt_is_hidden_in_fields_too(secret: str, field: str) -> None:
    """What follows the name of a sensitive flag, and what is secret as a whole; but not as a part of another word."""
    redactor = Redactor()
    redactor.hide(secret)
    shown = redactor.result({field: f"said {CERTAIN[secret]} and {CERTAIN[secret]}s", "name": "hunt3r", "job_id": 1})
    assert shown == {field: f"said ******** and {CERTAIN[secret]}s", "name": "hunt3r", "job_id": 1}


def test_who_needs_a_savepoint_can_read_where_it_is() -> None:
    redactor = Redactor()
    redactor.hide("--bucket streaming-bucket --password planted-password")
    path = "obs://streaming-bucket/jobs/savepoint/1/2/"
    assert redactor.result({"savepoint_path": path, "desc": path}) == {
        "savepoint_path": path,
        "desc": "obs://********/jobs/savepoint/1/2/",
    }
    assert redactor.result({"savepoint_path": "obs://planted-password/x"}) == {"savepoint_path": "obs://********/x"}


def scalars(value: Any) -> set[str]:
    """Return all words and numbers of a result."""
    if isinstance(value, dict):
        return {word for item in value.values() for word in scalars(item)}
    if isinstance(value, list):
        return {word for item in value for word in scalars(item)}
    return {str(value)} if value is not None and " " not in str(value) else set()


FREE_TEXT = ("risks", "warnings", "invocation")


@pytest.mark.parametrize("state", ["present", "started", "stopped", "absent"])
@pytest.mark.parametrize("check_mode", [True])
def test_nothing_else_changes_its_type_or_value(state: str, check_mode: bool, service: LocalDli) -> None:
    """With secrets that are the very ids, names, statuses, operations and counts of the result, or a part of one."""

    def result(name: str, secret: str) -> dict[str, Any]:
        what_a_new_job_needs = {"queue_name": "streaming-prod", "entrypoint": "obs://bucket/job.jar"}
        of_job = {"secret_entrypoint_args": secret, "cu_number": 4, "state": state, **what_a_new_job_needs}
        if name == "jar_jobs":
            options: dict[str, Any] = {"jobs": [{"name": "orders-prod", **of_job}, {"name": "new-prod", **of_job}]}
        else:
            options = {"name": "orders-prod", **of_job}
        found = run_module(MODULES[name], {**access_to(service), **options}, check_mode, diff=True)
        assert not found["failed"], found
        return {key: value for key, value in found.items() if key not in FREE_TEXT}

    job = service.jobs.add(name="orders-prod", queue_name="streaming-prod", cu_number=2, flink_version="1.12")
    service.jobs.set_status(job.job_id, "job_running" if state == "stopped" else "job_init")
    for name in ("jar_job", "jar_jobs"):
        plain = result(name, "--x zzzzzzzzzz")
        kept = {word for word in scalars(plain) if word.replace("-", "").replace("_", "").isalnum()} - {"********"}
        assert {"orders-prod", str(job.job_id)} <= kept
        assert len(kept) > 5
        parts = {word[first : first + 4] for word in kept for first in range(len(word) - 3)}
        assert result(name, " ".join(f"--x {word}" for word in sorted(kept | parts))) == plain


OLD = "--password planted-old-1 --key=planted-old-2"


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize(
    ("name", "given"), [("jar_job", True), ("jar_job", False), ("jar_jobs", True), ("jar_jobs", False)]
)
@pytest.mark.parametrize("state", ["present", "started", "stopped"])
def test_a_previous_secret_is_hidden_from_when_it_is_read(
    name: str, given: bool, state: str, check_mode: bool, service: LocalDli
) -> None:
    """In the service's words about the status, and where these are the reason why nothing can be planned."""
    job = service.jobs.add(name="orders", entrypoint_args=f"-rate 3 {OLD}", queue_name="queue", start_time=1)
    service.jobs.set_status(job.job_id, "job_running_exception")
    job.status_desc = f"Cannot log in with 'planted-old-1' at rate 3: {OLD}, {json.dumps(OLD)}"
    of_job = {"state": state, "entrypoint_args": "-rate 3"}
    if given:
        of_job["secret_entrypoint_args"] = "--password planted-new"
    options = {"jobs": [{"name": "orders", **of_job}]} if name == "jar_jobs" else {"name": "orders", **of_job}
    output = run(name, service, options, check_mode=check_mode)
    assert leaks(output) == []
    if name == "jar_job":
        assert "Cannot log in with" in output
        assert "at rate 3" in output


@pytest.mark.parametrize("show", [True, False])
def test_modules_that_only_read_hide_what_they_read_in_the_words_of_the_service(show: bool, service: LocalDli) -> None:
    """Of arguments and SQL, unless they are to be shown; of sensitive settings and options always."""
    jar = {"entrypoint_args": "--password args-planted -rate 3", "runtime_config": "s3.secret-key=planted-setting"}
    sql = {"sql_body": "CREATE TABLE t WITH ('password' = 'planted-in-sql')"}
    for options, secrets in (
        ({"name": "orders", **jar}, "args-planted, planted-setting"),
        ({"name": "hourly", "job_type": "flink_opensource_sql_job", **sql}, "planted-in-sql"),
    ):
        job = service.jobs.add(**options)
        service.jobs.set_status(job.job_id, "job_submit_fail")
        job.status_desc = f"There is no user for {secrets}."
    tasks: list[tuple[Any, dict[str, Any]]] = [
        (dli_flink_job_info, {"show_entrypoint_args": show}),
        (dli_flink_job_info, {"show_entrypoint_args": show, "name": "orders"}),
        (dli_flink_job_info, {"show_entrypoint_args": show, "stream_graph": "job_graph", "execution_plan": True}),
    ]
    if not show:
        tasks += [
            (dli_flink_job_audit, {}),
            (dli_flink_job_audit, {"jobs": [{"name": "orders", "entrypoint_args": "-rate 3"}]}),
            (dli_flink_job_adopt, {}),
        ]
    for module, options in tasks:
        output = json.dumps(run_module(module, {**access_to(service), **SHOW_OPTIONS, **options}, diff=True))
        assert '"failed": false' in output
        assert "There is no user for" in output or module is dli_flink_job_adopt
        assert leaks(output.replace("args-planted", "") if show else output) == []


@pytest.mark.parametrize("secret", [unicodedata.normalize("NFD", "plänted-éàù"), "plänted-éàù"])
@pytest.mark.parametrize(
    "form", ["db.password={}", '{{"db.password": "{}"}}', '[{{"key": "password", "value": "{}"}}]']
)
@pytest.mark.parametrize("shown", ["NFC", "NFD"])
def test_a_secret_setting_is_hidden_as_the_service_writes_it(
    form: str, secret: str, shown: Literal["NFC", "NFD"], service: LocalDli
) -> None:
    """A letter and its mark may be two characters."""
    settings = form.format(secret)
    job = service.jobs.add(name="orders", runtime_config=settings)
    service.jobs.set_status(job.job_id, "job_submit_fail")
    job.status_desc = f"Cannot log in with {unicodedata.normalize(shown, secret)}."
    for module, options in ((dli_flink_job_info, {}), (dli_flink_jar_job, {"runtime_config": settings})):
        output = run_module(module, {**access_to(service), "name": "orders", **options})
        assert not output["failed"]
        text = json.dumps(output, ensure_ascii=False)
        assert [form for form in ("NFC", "NFD") if unicodedata.normalize(form, "änted") in text] == []


@pytest.mark.parametrize("secret", ["abce\u0301fghi", "abc\u00e9fghi", "e\u0301", "\u2126-planted"])
def test_a_secret_is_hidden_whatever_forms_its_letters_have(secret: str) -> None:
    redactor = Redactor()
    redactor.hide(secret)
    for form in ("NFC", "NFD"):
        shown = redactor.text(f"said {unicodedata.normalize(form, secret)}.")
        assert shown == f"said {MASK}."
