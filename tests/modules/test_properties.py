# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""For any valid options and any of the service's possible behaviours: the first run changes, the second does not,
and check mode says before what the real run then returns.
"""

from __future__ import annotations

import json
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
from ansible_collections.otc.dli.plugins.module_utils._model.fields import FIELDS
from ansible_collections.otc.dli.plugins.modules import dli_flink_jar_job, dli_flink_sql_job
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from examples import examples
from local_dli import Behaviour, LocalDli
from module_runner import access_to, run_module

pytestmark = pytest.mark.any_core

plain = st.characters(categories=["L", "N", "P", "S"])
words = st.text(plain, min_size=1, max_size=10)
lines = st.text(st.characters(categories=["L", "N", "P", "S"], include_characters=" "), max_size=20)
arguments = st.lists(words, max_size=5).map(" ".join)
obs_paths = st.from_regex(r"obs://[a-z]{1,8}/[a-z0-9./ü]{1,15}\.jar", fullmatch=True)
package_paths = st.from_regex(r"[a-z]{1,8}/[a-z0-9.]{1,15}\.jar", fullmatch=True)
config_keys = st.from_regex(r"[a-z][a-z0-9.-]{0,15}", fullmatch=True)
config_values = st.one_of(st.integers(), st.booleans(), lines)
runtime_configs = st.one_of(
    st.dictionaries(config_keys, config_values, max_size=4),
    st.dictionaries(config_keys, st.integers(), max_size=4).map(
        lambda config: "\n".join(f"{key} = {value}" for key, value in config.items())
    ),
)
tag_strings = st.text(st.characters(categories=["L", "N"], include_characters="_.:+-@, "), max_size=12).filter(
    lambda text: not text.startswith((" ", "_sys_"))
)
tags = st.dictionaries(tag_strings.filter(bool), tag_strings, max_size=4)
resource_specs = st.fixed_dictionaries(
    {},
    optional={
        "cpu": st.sampled_from([0.5, 1, 1.0, 2.5, "4"]),
        "memory": st.sampled_from(["2 GB", "4", "4096MB", "2560 mb", "8GB"]),
    },
)
positive = st.integers(1, 50)


@st.composite
def sizes(draw: st.DrawFn) -> dict[str, Any]:
    """Options that size a job, by CUs or by resources."""
    version = draw(st.sampled_from([None, "v1", "v2"]))
    if version == "v2":
        config = st.fixed_dictionaries(
            {},
            optional={
                "max_slot": positive,
                "parallel_number": positive,
                "jobmanager_resource_spec": resource_specs,
                "taskmanager_resource_spec": resource_specs,
            },
        )
        return {
            "resource_config_version": "v2",
            **draw(st.fixed_dictionaries({}, optional={"resource_config": config})),
        }
    manager = draw(st.integers(1, 5))
    cus = draw(st.integers(manager + 1, 400))
    options = {"manager_cu_number": manager, "cu_number": cus, "tm_cus": draw(positive), "tm_slot_num": draw(positive)}
    options["parallel_number"] = draw(st.integers(1, min(2000, 4 * (cus - manager))))
    if version:
        options["resource_config_version"] = version
    # Left out, these fall back to defaults that could break the rule between them.
    optional = draw(st.sets(st.sampled_from(["tm_cus", "tm_slot_num", "resource_config_version", "parallel_number"])))
    return {name: value for name, value in options.items() if name not in optional}


@st.composite
def definitions(draw: st.DrawFn) -> dict[str, Any]:
    """A valid set of options for a new job."""
    paths = st.one_of(st.just(""), obs_paths)
    options = draw(sizes())
    version = options.get("resource_config_version")
    if version != "v2":
        paths = st.one_of(paths, package_paths)
    optional = {
        "desc": st.text(st.characters(categories=["L", "N", "P", "S"], include_characters=" \n\t"), max_size=50),
        "queue_name": lines,
        "entrypoint": paths,
        "main_class": lines,
        "entrypoint_args": arguments,
        "secret_entrypoint_args": arguments,
        "dependency_jars": st.lists(paths.filter(bool), max_size=3),
        "dependency_files": st.lists(paths.filter(bool), max_size=3),
        "execution_agency_urn": lines,
        "checkpoint_mode": st.sampled_from(["exactly_once", "at_least_once"]),
        "checkpoint_interval": st.integers(1, 3600),
        "smn_topic": lines,
        "restart_when_exception": st.booleans(),
        "resume_checkpoint": st.booleans(),
        "resume_max_num": st.one_of(st.just(-1), positive),
        "runtime_config": runtime_configs,
        "tags": tags,
    }
    options |= draw(st.fixed_dictionaries({}, optional=optional))
    options |= draw(
        st.sampled_from(
            [
                {},
                {"checkpoint_enabled": True},
                {"checkpoint_enabled": False, "checkpoint_path": "obs://bucket/checkpoints"},
                {"checkpoint_path": ""},
            ]
        )
    )
    options |= draw(
        st.sampled_from([{}, {"log_enabled": True, "obs_bucket": "bucket"}, {"log_enabled": False}, {"obs_bucket": ""}])
    )
    if version != "v2" and not (options.get("entrypoint") or options.get("dependency_jars")):
        options |= draw(st.sampled_from([{}, {"flink_version": "1.12"}, {"feature": "basic", "flink_version": "1.12"}]))
    elif version == "v2":
        options |= draw(st.sampled_from([{}, {"flink_version": "1.17"}, {"feature": "custom", "image": "org/image:1"}]))
    return options


def switches() -> dict[str, st.SearchStrategy]:
    """All switches of the local service but those that tests of their own show to end in a warning or error instead."""
    hints = get_type_hints(Behaviour)
    choices = {name: get_args(hint) for name, hint in hints.items() if get_origin(hint) is Literal}
    choices |= {name: (True, False) for name, hint in hints.items() if hint is bool}
    choices["cu_number_reads"] = ("requested", "actual")
    choices["clearing"] = ("empty",)
    choices["list_pages"] = ("full", "short")
    choices["odd_job"] = ("none",)
    return {name: st.sampled_from(values) for name, values in choices.items()}


behaviours = st.builds(Behaviour, **switches())


def promised(result: dict[str, Any]) -> dict[str, Any]:
    return {key: result.get(key) for key in ("failed", "msg", "changed", "changes", "diff", "actions")}


# What only JAR jobs have.
JAR_ONLY = {field.name for field in FIELDS if field.only == "JAR"} | {"secret_entrypoint_args"}
sql_words = st.text(st.characters(categories=["L", "N", "P", "S"], include_characters=" \n\t"), max_size=40)
json_values = st.dictionaries(words, st.integers() | st.lists(words, max_size=2), max_size=2)


@st.composite
def sql_definitions(draw: st.DrawFn) -> dict[str, Any]:
    """A valid set of options for a new SQL job."""
    options = {name: value for name, value in draw(definitions()).items() if name not in JAR_ONLY}
    optional = {
        "sql_body": sql_words,
        "run_mode": st.sampled_from(["exclusive_cluster", "edge_node"]),
        "job_type": st.just("flink_opensource_sql_job"),
        "udf_jar_url": st.one_of(st.just(""), obs_paths),
        "idle_state_retention": st.integers(0, 2**31 - 1),
        "dirty_data_strategy": st.sampled_from(["0", "1", "2:obs://bucket/dirty"]),
        "edge_group_ids": st.lists(words, max_size=2),
        "operator_config": st.one_of(st.just(""), json_values, json_values.map(json.dumps)),
        "static_estimator_config": json_values,
    }
    return options | draw(st.fixed_dictionaries({}, optional=optional))


@settings(max_examples=examples(20), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(first=definitions(), second=definitions(), behaviour=behaviours)
def test_check_mode_predicts_and_a_second_run_changes_nothing(service: LocalDli, first, second, behaviour):
    check_the_promises(service, dli_flink_jar_job, first, second, behaviour)


@settings(max_examples=examples(20), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(first=sql_definitions(), second=sql_definitions(), behaviour=behaviours)
def test_so_it_is_with_sql_jobs(service: LocalDli, first, second, behaviour):
    check_the_promises(service, dli_flink_sql_job, first, second, behaviour)


def check_the_promises(service, module, first, second, behaviour):
    service.reset()
    service.behaviour = behaviour
    access = access_to(service)
    for changes_expected, options in ((True, first), (None, second)):
        params = {**access, "name": "job", **options}
        predicted = run_module(module, params, check_mode=True, diff=True)
        assert writes(service) == [], "check mode writes nothing"
        real = run_module(module, params, diff=True)
        if changes_expected:
            assert real["failed"] is False and real["changed"] is True, real
        assert promised(predicted) == promised(real)
        if not real["failed"]:
            assert wrongly_predicted(predicted["job"], real["job"]) <= {"update_time", *chosen_by_service(real["job"])}
        if real["failed"]:
            # What the second definition leaves out stays as the first has set it, and the two may not fit together.
            assert real["error"]["type"] == "InvalidInput" and writes(service) == []
            continue
        service.requests.clear()
        again = run_module(module, params, diff=True)
        assert again["failed"] is False and again["changed"] is False, again
        assert again["changes"] == {} and again["actions"] == []
        assert again["diff"]["before"] == again["diff"]["after"]
        assert writes(service) == []
    (kept,) = service.jobs.all()
    assert kept.status == "job_init"


def wrongly_predicted(predicted: dict[str, Any], real: dict[str, Any]) -> set[str]:
    """Return what check mode says of the job that is not so; null, and what is not returned, say nothing."""
    return {name for name, value in predicted.items() if None not in (value, real.get(name)) and value != real[name]}


def chosen_by_service(job: dict[str, Any]) -> set[str]:
    return {"cu_number", "real_cu_number", "job_type"} | ({"checkpoint_path"} if job["checkpoint_enabled"] else set())


def writes(service: LocalDli) -> list[str]:
    """Return the paths of the requests since the last call that could change something."""
    found = [request.path for request in service.requests if request.method != "GET"]
    service.requests.clear()
    return found
