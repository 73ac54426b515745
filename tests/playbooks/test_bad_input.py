# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every option and rule from its wrong side: one clear sentence, and not a single request; and from its right side."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible_collections.otc.dli.plugins.modules import dli_flink_jar_job

from local_dli import LocalDli
from module_runner import access_to, run_module
from playbooks.ansible_cli import Ansible
from playbooks.expectations import assert_nothing_of_python, assert_one_sentence

V2 = {"resource_config_version": "v2"}
CUSTOM = {"feature": "custom"}
LOGS = {"log_enabled": True}
CONTROL = "\x07"
OBS_ONLY = "must be an obs:// path, because Flink later than 1.15 takes packages only from OBS"
OBS_FORM = "an OBS path has the form obs://bucket/path"
V2_SIZES = "resource_config_version v2 sizes a job by resource_config instead"
NO_BELL = "holds an invisible character or line break (U+0007), but must be plain text"
NO_LINE_BREAK = "holds an invisible character or line break (U+000A), but must be plain text"
NO_INT = "unable to convert to int"
NO_BOOL = "is not a valid boolean"
NO_DICT = "unable to convert to dict"


def sized(**parts: Any) -> dict[str, Any]:
    return {**V2, "resource_config": parts}


def manager(**parts: Any) -> dict[str, Any]:
    return sized(jobmanager_resource_spec=parts)


def worker(**parts: Any) -> dict[str, Any]:
    return sized(taskmanager_resource_spec=parts)


# The option that the message has to name, what it has to say, and the options that are wrong.
BROKEN_RULES: list[tuple[str, str, dict[str, Any]]] = [
    # Which job
    ("name", "is missing; one of them must identify the job", {"name": None}),
    ("name", "must have 1 to 57 characters, not 0", {"name": ""}),
    ("name", "must have 1 to 57 characters, not 58", {"name": "x" * 58}),
    ("name", "may hold only letters, digits, underscores and hyphens", {"name": "two words"}),
    ("name", "may hold only letters, digits, underscores and hyphens", {"name": "orders.v2"}),
    ("name", "may hold only letters, digits, underscores and hyphens", {"name": "Aufträge"}),
    ("name", "may hold only letters, digits, underscores and hyphens", {"name": "orders\n"}),
    ("job_id", "must be at least 1", {"job_id": 0}),
    ("job_id", "must be at least 1", {"job_id": -5}),
    ("job_id", "must be at most 9223372036854775807", {"job_id": 2**63}),
    ("job_id", "is a number of more than 80 digits, but must be at most", {"job_id": 10**400}),
    ("job_id", "must be a number", {"job_id": True}),
    ("name", "must have 1 to 57 characters, not 1000000", {"name": "x" * 1_000_000}),
    ("name", 'is "\\x1b[31m\\x07", but may hold only letters', {"name": f"\x1b[31m{CONTROL}"}),
    # Texts
    ("desc", "has 2049 characters, but must have at most 2048.", {"desc": "x" * 2049}),
    ("desc", NO_BELL, {"desc": f"bell {CONTROL}"}),
    ("queue_name", "has 129 characters, but must have at most 128.", {"queue_name": "x" * 129}),
    ("queue_name", NO_LINE_BREAK, {"queue_name": "two\nlines"}),
    ("main_class", NO_LINE_BREAK, {"main_class": "org.example\nJob"}),
    ("entrypoint_args", NO_BELL, {"entrypoint_args": f"-rate {CONTROL}"}),
    ("execution_agency_urn", NO_LINE_BREAK, {"execution_agency_urn": "two\nlines"}),
    ("obs_bucket", NO_LINE_BREAK, {"obs_bucket": "two\nlines"}),
    ("smn_topic", NO_BELL, {"smn_topic": f"topic{CONTROL}"}),
    ("checkpoint_path", NO_LINE_BREAK, {"checkpoint_path": "obs://bucket/two\nlines"}),
    ("image", NO_LINE_BREAK, {"image": "org/name\n:1", **CUSTOM}),
    # Packages
    ("entrypoint", NO_LINE_BREAK, {"entrypoint": "obs://bucket/two\nlines"}),
    ("entrypoint", OBS_FORM, {"entrypoint": "obs://"}),
    ("entrypoint", OBS_FORM, {"entrypoint": "obs://bucket"}),
    ("entrypoint", OBS_FORM, {"entrypoint": "obs://bucket/"}),
    ("entrypoint", OBS_FORM, {"entrypoint": "obs:///job.jar"}),
    ("entrypoint", OBS_ONLY, {"entrypoint": "job.jar", "flink_version": "1.17"}),
    ("entrypoint", OBS_ONLY, {"entrypoint": "job.jar", "flink_version": "2.0"}),
    ("entrypoint", OBS_ONLY, {"entrypoint": "group/job.jar", "flink_version": "1.17", **V2}),
    ("dependency_jars", OBS_ONLY, {"dependency_jars": ["obs://bucket/a.jar", "b.jar"], "flink_version": "1.17"}),
    ("dependency_jars", OBS_FORM, {"dependency_jars": ["obs://bucket"]}),
    ("dependency_jars", "has an empty entry, but each entry must name a package or file",
     {"dependency_jars": ["obs://bucket/a.jar", " "]}),
    ("dependency_jars", NO_LINE_BREAK, {"dependency_jars": ["obs://bucket/a\nb.jar"]}),
    ("dependency_files", OBS_ONLY, {"dependency_files": ["a.csv"], "flink_version": "1.18"}),
    ("dependency_files", OBS_FORM, {"dependency_files": ["obs://bucket/"]}),
    ("dependency_files", "has an empty entry, but each entry must name a package or file", {"dependency_files": [""]}),
    # Image and version
    ("flink_version", 'must be a version such as "1.17", in quotes', {"flink_version": "1"}),
    ("flink_version", 'must be a version such as "1.17", in quotes', {"flink_version": "v1.15"}),
    ("flink_version", 'must be a version such as "1.17", in quotes', {"flink_version": "latest"}),
    ("flink_version", 'must be a version such as "1.17", in quotes', {"flink_version": "1." + "1" * 5000}),
    ("flink_version", 'must be a version such as "1.17", in quotes', {"flink_version": "١.١٥"}),
    ("flink_version", "is only valid when feature is basic", {"flink_version": "1.15", **CUSTOM}),
    ("image", "is only valid when feature is custom", {"image": "org/name:1", "feature": "basic"}),
    # Sizes under v1
    ("cu_number", "must be from 2 to 10000", {"cu_number": 1}),
    ("cu_number", "must be from 2 to 10000", {"cu_number": 10001}),
    ("cu_number", "must be from 2 to 10000", {"cu_number": -1}),
    ("cu_number", "must be greater than manager_cu_number, which is 4", {"cu_number": 4, "manager_cu_number": 4}),
    ("manager_cu_number", "must be at least 1", {"manager_cu_number": 0}),
    ("parallel_number", "must be from 1 to 2000", {"parallel_number": 0}),
    ("parallel_number", "must be from 1 to 2000", {"parallel_number": 2001, "cu_number": 10000}),
    ("parallel_number", "must be at most 4 * (cu_number - manager_cu_number), which is 4",
     {"parallel_number": 5, "cu_number": 2}),
    ("parallel_number", "must be at most 4 * (cu_number - manager_cu_number), which is 8",
     {"parallel_number": 9, "cu_number": 4, "manager_cu_number": 2}),
    ("tm_cus", "must be at least 1", {"tm_cus": 0}),
    ("tm_slot_num", "must be at least 1", {"tm_slot_num": 0}),
    ("tm_slot_num", "must be at most 2147483647", {"tm_slot_num": 2**31}),
    ("cu_number", "must be a number", {"cu_number": True}),
    ("tm_cus", "must be a number", {"tm_cus": True}),
    # Sizes under v2
    ("resource_config_version", "fits only Flink 1.12, 1.13 and 1.15, not 1.17",
     {"resource_config_version": "v1", "flink_version": "1.17"}),
    ("resource_config_version", "fits only Flink 1.13, 1.15 and 1.17, not 1.12", {**V2, "flink_version": "1.12"}),
    ("cu_number", V2_SIZES, {"cu_number": 4, **V2}),
    ("manager_cu_number", V2_SIZES, {"manager_cu_number": 1, **V2}),
    ("tm_cus", V2_SIZES, {"tm_cus": 1, **V2}),
    ("resource_config", "needs resource_config_version v2",
     {"resource_config": {"max_slot": 1}, "resource_config_version": "v1"}),
    ("resource_config.max_slot", "must be at least 1", sized(max_slot=0)),
    ("resource_config.parallel_number", "must be at least 1", sized(parallel_number=0)),
    ("resource_config.parallel_number", "must be a number", sized(parallel_number=True)),
    ("resource_config.max_slot", "must be at most 2147483647", sized(max_slot=2**31)),
    ("resource_config.jobmanager_resource_spec.cpu", "must be a finite number of at least 0.5", manager(cpu=0.4)),
    ("resource_config.jobmanager_resource_spec.cpu", "must be a finite number of at least 0.5", manager(cpu="nan")),
    ("resource_config.jobmanager_resource_spec.cpu", "must be a finite number of at least 0.5", manager(cpu="inf")),
    ("resource_config.jobmanager_resource_spec.memory", "must be at least 2 GB", manager(memory="1 GB")),
    ("resource_config.jobmanager_resource_spec.memory", "must be at least 2 GB", manager(memory="2047 MB")),
    ("resource_config.jobmanager_resource_spec.memory", "must be an amount in MB or GB", manager(memory="4 TB")),
    ("resource_config.taskmanager_resource_spec.cpu", "must be a finite number of at least 0.5", worker(cpu=0)),
    ("resource_config.taskmanager_resource_spec.memory", "must be at least 2 GB", worker(memory="1.9")),
    ("resource_config.taskmanager_resource_spec.memory", "must be an amount in MB or GB", worker(memory="much")),
    ("resource_config.taskmanager_resource_spec.memory", "must be an amount in MB or GB", worker(memory="")),
    ("resource_config.taskmanager_resource_spec.memory", "must be an amount in MB or GB", worker(memory="9" * 400)),
    ("resource_config.taskmanager_resource_spec.memory", "must be an amount in MB or GB", worker(memory="4 " * 99999)),
    # Checkpoints
    ("checkpoint_interval", "must be from 1 to 3600", {"checkpoint_interval": 0}),
    ("checkpoint_interval", "must be from 1 to 3600", {"checkpoint_interval": 3601}),
    ("checkpoint_path", "the service chooses the path itself when checkpoint_enabled is true",
     {"checkpoint_path": "bucket/path", "checkpoint_enabled": True}),
    # Logs and restarts
    ("log_enabled", "needs obs_bucket, the bucket that the logs go to", {**LOGS, "obs_bucket": ""}),
    ("resume_max_num", "must be -1 (no limit) or greater than 0", {"resume_max_num": 0}),
    ("resume_max_num", "must be at least -1", {"resume_max_num": -2}),
    # Flink settings
    ("runtime_config", "must be a dictionary or a string of key=value lines", {"runtime_config": [1, 2]}),
    ("runtime_config", "must be a dictionary or a string of key=value lines", {"runtime_config": 5}),
    ("runtime_config", "must be a dictionary or a string of key=value lines", {"runtime_config": True}),
    ("runtime_config", "neither key=value lines nor JSON of keys and values", {"runtime_config": "no such thing"}),
    ("runtime_config", "neither key=value lines nor JSON of keys and values", {"runtime_config": "{broken"}),
    ("runtime_config", "neither key=value lines nor JSON of keys and values", {"runtime_config": "[1, 2]"}),
    ("runtime_config", "neither key=value lines nor JSON of keys and values", {"runtime_config": '{"a": {"b": 1}}'}),
    ("runtime_config", "neither key=value lines nor JSON of keys and values", {"runtime_config": '[{"key": []}]'}),
    ("runtime_config", "neither key=value lines nor JSON of keys and values", {"runtime_config": "[" * 100_000}),
    ("runtime_config", "each key must be plain text without an equals sign", {"runtime_config": {"": 1}}),
    ("runtime_config", "each key must be plain text without an equals sign", {"runtime_config": {"a=b": 1}}),
    ("runtime_config", "each key must be plain text without an equals sign", {"runtime_config": {"a\nb": 1}}),
    ("runtime_config", "must be a single number, boolean or line of text", {"runtime_config": {"a": "x\ny"}}),
    ("runtime_config", "must be a single number, boolean or line of text", {"runtime_config": {"a": {"b": 1}}}),
    ("runtime_config", "must be a single number, boolean or line of text", {"runtime_config": {"a": [1]}}),
    ("runtime_config", "must be a single number, boolean or line of text", {"runtime_config": '{"a": null}'}),
    ("runtime_config", "must be a single number, boolean or line of text", {"runtime_config": '[{"key": "a"}]'}),
    ("runtime_config", NO_BELL, {"runtime_config": f"a={CONTROL}"}),
    # Tags
    ("tags", "a job can have at most 20", {"tags": {f"key{i}": "x" for i in range(21)}}),
    ("tags", "whose value must be a single string", {"tags": {"team": ["orders"]}}),
    ("tags", "each key must have at least 1 character", {"tags": {"": "x"}}),
    ("tags", "a key must have at most 128 characters, not 129", {"tags": {"x" * 129: "x"}}),
    ("tags", "a value must have at most 255 characters, not 256", {"tags": {"team": "x" * 256}}),
    ("tags", "a key must not start with a space", {"tags": {" team": "x"}}),
    ("tags", "keys that start with _sys_ are reserved", {"tags": {"_sys_team": "x"}}),
    *[("tags", "a key must have none of =, *, <, >, |, \\.", {"tags": {f"te{c}am": "x"}}) for c in "=*<>|\\"],
    *[("tags", "a value must have none of =, *, <, >, |, \\.", {"tags": {"team": f"x{c}"}}) for c in "=*<>|\\"],
    ("tags", "a key must have no line break or control character", {"tags": {"te\nam": "x"}}),
    ("tags", "a value must have no line break or control character", {"tags": {"team": "two\nlines"}}),
    ("tags", "a value must not start with a space", {"tags": {"team": " x"}}),
    # Waiting, time-outs and what there is not
    ("timeout", "must be a number of seconds greater than 0", {"timeout": 0}),
    ("timeout", "must be a number of seconds greater than 0", {"timeout": -1}),
    ("timeout", "must be a number of seconds greater than 0", {"timeout": "nan"}),
    ("wait_timeout", "must be a number of seconds greater than 0", {"wait_timeout": 0}),
    ("health_window", "must be a number of seconds, 0 or more", {"health_window": -1}),
    ("health_window", "must be a number of seconds, 0 or more", {"health_window": "inf"}),
]  # fmt: skip

# What Ansible itself refuses, in its own words, because of the types, choices and names of the options.
BROKEN_TYPES: list[tuple[str, str, dict[str, Any]]] = [
    ("job_id", NO_INT, {"job_id": "orders"}),
    ("state", "must be one of: present, started, stopped, restarted, absent", {"state": "running"}),
    ("dependency_jars", "unable to convert to list", {"dependency_jars": {"a": "b"}}),
    ("feature", "must be one of: basic, custom", {"feature": "special"}),
    ("cu_number", NO_INT, {"cu_number": "four"}),
    ("cu_number", NO_INT, {"cu_number": "4.5"}),
    ("cu_number", NO_INT, {"cu_number": ""}),
    ("cu_number", NO_INT, {"cu_number": [4]}),
    ("manager_cu_number", NO_INT, {"manager_cu_number": "one"}),
    ("parallel_number", NO_INT, {"parallel_number": "many"}),
    ("tm_cus", NO_INT, {"tm_cus": "one"}),
    ("tm_slot_num", NO_INT, {"tm_slot_num": "one"}),
    ("resource_config_version", "must be one of: v1, v2", {"resource_config_version": "v3"}),
    ("resource_config", "slots", sized(slots=1)),
    ("max_slot", NO_INT, sized(max_slot="one")),
    ("cpu", "unable to convert to float", worker(cpu="two")),
    ("disk", "Unsupported parameters", worker(disk="1 GB")),
    ("checkpoint_enabled", NO_BOOL, {"checkpoint_enabled": "perhaps"}),
    ("checkpoint_mode", "must be one of: exactly_once, at_least_once", {"checkpoint_mode": "at_most_once"}),
    ("checkpoint_interval", NO_INT, {"checkpoint_interval": "10s"}),
    ("log_enabled", NO_BOOL, {"log_enabled": "maybe"}),
    ("restart_when_exception", NO_BOOL, {"restart_when_exception": "always"}),
    ("resume_checkpoint", NO_BOOL, {"resume_checkpoint": "latest"}),
    ("resume_max_num", NO_INT, {"resume_max_num": "unlimited"}),
    ("tags", NO_DICT, {"tags": ["team"]}),
    ("timeout", "unable to convert to float", {"timeout": "a minute"}),
    ("wait_timeout", "unable to convert to float", {"wait_timeout": "a minute"}),
    ("wait", NO_BOOL, {"wait": "perhaps"}),
    ("trigger_savepoint", NO_BOOL, {"trigger_savepoint": "perhaps"}),
    ("resume_savepoint", NO_BOOL, {"resume_savepoint": "latest"}),
    ("rollback", NO_BOOL, {"rollback": "perhaps"}),
    ("upgrade_mode", "must be one of: savepoint, stateless, fail", {"upgrade_mode": "blue-green"}),
    ("validate_certs", NO_BOOL, {"validate_certs": "perhaps"}),
    ("job_type", "Unsupported parameters", {"job_type": "flink_jar_job"}),
]  # fmt: skip

# The neighbours of the above that are right.
GOOD: list[dict[str, Any]] = [
    {"name": "x" * 57},
    {"name": "x"},
    {"name": "-Orders_2-"},
    {"desc": "x" * 2048},
    {"desc": "two\nlines, and a\ttab: ä ✓"},
    {"desc": ""},
    {"queue_name": "x" * 128},
    {"entrypoint": "group/job.jar"},
    {"entrypoint": "group/job.jar", "flink_version": "1.12"},
    {"entrypoint": "obs://b/j", "flink_version": "1.15"},
    {"entrypoint_args": "-windowSize 2000\n-rate 3\n"},
    {"dependency_jars": ["group/a.jar", "obs://bucket/b.jar"], "dependency_files": []},
    {"dependency_files": ["obs://bucket/a.csv"], **V2},
    {"flink_version": "1.15", "feature": "basic", "resource_config_version": "v1"},
    {"flink_version": "1.12", "resource_config_version": "v1"},
    {"flink_version": "1.17", **V2},
    {"flink_version": "1.15.3"},
    {"image": "organisation/name:1.0", **CUSTOM},
    {"cu_number": 2, "manager_cu_number": 1, "parallel_number": 4},
    {"cu_number": 400, "parallel_number": 1596},
    {"cu_number": 3, "manager_cu_number": 2, "parallel_number": 4},
    {"cu_number": "4", "parallel_number": "12"},
    {"tm_cus": 1, "tm_slot_num": 1},
    sized(max_slot=1, parallel_number=1),
    {**V2, "parallel_number": 100, "tm_slot_num": 1},
    {**manager(cpu=0.5, memory="2 GB")},
    {**worker(cpu="0.5", memory="2048MB")},
    {**worker(memory="2")},
    {"checkpoint_interval": 1},
    {"checkpoint_interval": 3600, "checkpoint_mode": "at_least_once", "checkpoint_enabled": "yes"},
    {"checkpoint_path": "bucket/path", "checkpoint_enabled": False},
    {"checkpoint_path": "", "checkpoint_enabled": True},
    {"log_enabled": False, "obs_bucket": ""},
    {"log_enabled": True, "obs_bucket": "bucket"},
    {"resume_max_num": -1, "resume_checkpoint": True, "restart_when_exception": True},
    {"resume_max_num": 1},
    {"runtime_config": {"a": 1, "b": True, "c": "x=y", "d": ""}},
    {"runtime_config": "a=1\nb=x=y\n"},
    {"runtime_config": '{"a": 1}'},
    {"runtime_config": ""},
    {"runtime_config": {}},
    {"tags": {f"key{i}": "x" for i in range(20)}},
    {"tags": {"x" * 128: "y" * 255}},
    {"tags": {"team of_sys_": "", "number": 4711, "yes": True}},
    {"tags": {}},
    {"timeout": 0.5, "wait_timeout": 0.1},
]


def access(service: LocalDli) -> dict[str, Any]:
    return {**access_to(service), "name": "orders"}


def table(cases: list[tuple[str, str, dict[str, Any]]]) -> Any:
    ids = [f"{number}-{option}" for number, (option, _rule, _options) in enumerate(cases)]
    return pytest.mark.parametrize(("option", "rule", "options"), cases, ids=ids)


def refused(options: dict[str, Any], check_mode: bool, service: LocalDli) -> str:
    """Return the message that these options get, having seen to it that nothing was sent and nothing happened."""
    params = {key: value for key, value in {**access(service), **options}.items() if value is not None}
    result = run_module(dli_flink_jar_job, params, check_mode=check_mode)
    assert (result["failed"], result["changed"]) == (True, False)
    assert_nothing_of_python(result)
    assert service.requests == []
    assert service.jobs.all() == []
    return result["msg"]


@pytest.mark.parametrize("check_mode", [False, True], ids=["real", "check"])
@table(BROKEN_RULES)
def test_a_broken_rule(option: str, rule: str, options: dict[str, Any], check_mode: bool, service: LocalDli) -> None:
    message = refused(options, check_mode, service)
    assert re.match(rf"{re.escape(option)}(?![\w.])", message), message
    assert rule in message
    assert_one_sentence(message)


@table(BROKEN_TYPES)
def test_a_broken_type(option: str, rule: str, options: dict[str, Any], service: LocalDli) -> None:
    message = refused(options, False, service)
    assert re.search(rf"\b{option}\b", message.partition("Supported parameters include")[0]), message
    assert rule in message
    assert "\n" not in message


@pytest.mark.parametrize("options", GOOD, ids=[f"{i}-{'-'.join(case)}" for i, case in enumerate(GOOD)])
def test_its_neighbours_are_taken(options: dict[str, Any], service: LocalDli) -> None:
    result = run_module(dli_flink_jar_job, {**access(service), **options})
    assert not result["failed"], result["msg"]
    assert result["changed"]
    # The only thing to say of most of these jobs is that they have nothing to run yet.
    warnings = [str(warning) for warning in result.get("warnings", [])]
    assert [warning for warning in warnings if "without entrypoint" not in warning] == []
    assert bool(warnings) == ("entrypoint" not in options)
    assert len(service.jobs.all()) == 1
    again = run_module(dli_flink_jar_job, {**access(service), **options})
    assert (again["failed"], again["changed"]) == (False, False)


def test_real_playbook_with_one_mistake_in_each_task(ansible: Ansible, service: LocalDli) -> None:
    variables = {"dli_token": service.issue_token(), "dli_endpoint": service.url}
    play = ansible.runner("bad_input.yml", variables=variables)
    assert play.code == 0, play.stdout
    events = [event for event in play.events if event["event"] == "runner_on_failed"]
    messages = [event["event_data"]["res"]["msg"] for event in events]
    expected = [
        "name or job_id is missing; one of them must identify the job.",
        'name is "two words", but may hold only letters, digits, underscores and hyphens.',
        "cu_number is 1, but must be from 2 to 10000.",
        "argument 'cu_number' is of type",
        'entrypoint is "job.jar", but must be an obs:// path, because Flink later than 1.15 takes packages only from',
        "log_enabled is true, but needs obs_bucket, the bucket that the logs go to.",
        "resource_config is given, but needs resource_config_version v2.",
        "runtime_config is a string that is neither key=value lines nor JSON of keys and values.",
        "value of checkpoint_mode must be one of: exactly_once, at_least_once, got: at_most_once",
        "Unsupported parameters for (otc.dli.dli_flink_jar_job) module: cluster.",
        "project_id or project_name is missing; a Flink job belongs to a project, which the environment can name as",
    ]
    assert len(messages) == len(expected)
    for message, beginning in zip(messages, expected):
        assert message.startswith(beginning)
    assert play.stdout.count("fatal: [localhost]: FAILED!") == len(expected)
    assert "Traceback" not in play.stdout
    assert service.requests == []
