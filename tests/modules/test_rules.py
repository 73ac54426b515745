# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each rule between fields, whether the task gives what breaks it or the job has it already."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

import pytest
from ansible_collections.otc.dli.plugins.module_utils._model.fields import FIELDS_BY_NAME, JAR, SQL
from ansible_collections.otc.dli.plugins.module_utils._model.rules import RULES, Rule
from ansible_collections.otc.dli.plugins.modules import dli_flink_jar_job, dli_flink_jar_jobs, dli_flink_sql_job

from local_dli import Behaviour, LocalDli
from module_runner import run_module
from playbooks.expectations import assert_one_sentence

# The rules know nothing of Ansible.
pytestmark = pytest.mark.any_core

V2_RESOURCES = {"max_slot": 2, "parallel_number": 1}


@dataclass(frozen=True)
class Cell:
    """What a rule is tried with.

    :param broken: values that break it together.
    :param kept: values of the same fields that keep it.
    :param says: what the message has to say.
    :param around: what the job has of other fields, and of those that the task gives.
    """

    broken: dict[str, Any]
    kept: dict[str, Any]
    says: str
    around: dict[str, Any] = field(default_factory=dict)


def package(name: str, value: Any, kept: Any) -> Cell:
    says = f"{name} must be an obs:// path, because Flink later than 1.15 takes packages only from OBS"
    return Cell(
        {name: value, "flink_version": "1.17", "feature": "basic"},
        {name: kept, "flink_version": "1.17", "feature": "basic"},
        says,
        {"resource_config_version": "v2", "feature": "custom"},
    )


def v1_only(name: str) -> Cell:
    says = "resource_config_version v2 sizes a job by resource_config instead"
    around = {"cu_number": 12} if name != "cu_number" else {}
    return Cell({name: 3, "resource_config_version": "v2"}, {name: 3, "resource_config_version": "v1"}, says, around)


CELLS: dict[str, Cell] = {
    "cu_number and manager_cu_number and resource_config_version": Cell(
        {"cu_number": 3, "manager_cu_number": 3, "resource_config_version": "v1"},
        {"cu_number": 4, "manager_cu_number": 3, "resource_config_version": "v1"},
        "cu_number must be greater than manager_cu_number, which is 3",
        {"resource_config_version": "v2"},
    ),
    "parallel_number and cu_number and manager_cu_number and resource_config_version": Cell(
        {"parallel_number": 9, "cu_number": 4, "manager_cu_number": 2, "resource_config_version": "v1"},
        {"parallel_number": 8, "cu_number": 5, "manager_cu_number": 2, "resource_config_version": "v1"},
        "parallel_number must be at most 4 * (cu_number - manager_cu_number), which is 8",
        {"resource_config_version": "v2"},
    ),
    "log_enabled and obs_bucket": Cell(
        {"log_enabled": True, "obs_bucket": ""},
        {"log_enabled": True, "obs_bucket": "bucket"},
        "log_enabled needs obs_bucket, the bucket that the logs go to",
    ),
    "checkpoint_path and checkpoint_enabled": Cell(
        {"checkpoint_path": "b/p", "checkpoint_enabled": True},
        {"checkpoint_path": "b/p", "checkpoint_enabled": False},
        "the service chooses the path itself when checkpoint_enabled is true",
    ),
    "flink_version and feature": Cell(
        {"flink_version": "1.15", "feature": "custom"},
        {"flink_version": "1.15", "feature": "basic"},
        "flink_version is only valid when feature is basic",
    ),
    "image and feature": Cell(
        {"image": "org/name:1", "feature": "basic"},
        {"image": "org/name:1", "feature": "custom"},
        "image is only valid when feature is custom",
    ),
    "resource_config_version and flink_version and feature": Cell(
        {"resource_config_version": "v2", "flink_version": "1.12", "feature": "basic"},
        {"resource_config_version": "v2", "flink_version": "1.13", "feature": "basic"},
        "resource_config_version v2 fits only Flink 1.13, 1.15 and 1.17, not 1.12",
        {"feature": "custom"},
    ),
    "entrypoint and flink_version and feature": package("entrypoint", "group/a.jar", "obs://bucket/a.jar"),
    "dependency_jars and flink_version and feature": package(
        "dependency_jars", ["obs://b/a.jar", "a.jar"], ["obs://b/a.jar"]
    ),
    "dependency_files and flink_version and feature": package("dependency_files", ["a.csv"], ["obs://b/a.csv"]),
    "udf_jar_url and flink_version and feature": package("udf_jar_url", "group/a.jar", "obs://bucket/a.jar"),
    "cu_number and resource_config_version": v1_only("cu_number"),
    "manager_cu_number and resource_config_version": v1_only("manager_cu_number"),
    "tm_cus and resource_config_version": v1_only("tm_cus"),
    "resource_config and resource_config_version": Cell(
        {"resource_config": V2_RESOURCES, "resource_config_version": "v1"},
        {"resource_config": V2_RESOURCES, "resource_config_version": "v2"},
        "resource_config needs resource_config_version v2",
    ),
    "run_mode and job_type": Cell(
        {"run_mode": "shared_cluster", "job_type": "flink_opensource_sql_job"},
        {"run_mode": "exclusive_cluster", "job_type": "flink_opensource_sql_job"},
        "a shared cluster runs only jobs of the type flink_sql_job, not flink_opensource_sql_job",
        {"run_mode": "edge_node"},
    ),
}
# What a rule needs that its first field goes with, and neither the task nor the job has.
NEEDED = {"log_enabled": True, "image": "org/name:1", "resource_config": V2_RESOURCES}
MODULES = {"jar": dli_flink_jar_job, "fleet": dli_flink_jar_jobs, "sql": dli_flink_sql_job}
KINDS = {"jar": JAR, "fleet": JAR, "sql": SQL}


def of_module(module: str, values: dict[str, Any]) -> dict[str, Any]:
    """Return the values of the fields that a module's jobs have."""
    return {name: value for name, value in values.items() if FIELDS_BY_NAME[name] in KINDS[module].fields}


def can_be_broken(module: str, rule: Rule) -> bool:
    return bool(rule.broken(of_module(module, CELLS[rule.name].broken)))


def parts(rule: Rule, what: dict[str, Any]) -> list[tuple[str, ...]]:
    """Return all choices of fields that a task gives, while the job has the others."""
    names = list(what)
    choices = [part for size in range(1, len(names)) for part in itertools.combinations(names, size)]
    return [
        part
        for part in choices
        if (not rule.of or rule.of in part) and all(FIELDS_BY_NAME[name].on_update for name in part)
    ]


def given_alone(rule: Rule, values: dict[str, Any]) -> list[dict[str, Any]]:
    """Return all choices of values that break a rule whatever the job has."""
    choices = [{name: values[name] for name in part} for part in parts(rule, values)]
    return [values, *(given for given in choices if rule.broken(given))]


def cells(what: str) -> list[Any]:
    """Return what to try rules with, where what the job has matters to them."""
    return [
        pytest.param(module, rule, part, id=f"{module}: {rule.name}: {' and '.join(part)} given")
        for rule in RULES
        if rule.name in CELLS
        for module in MODULES
        if can_be_broken(module, rule)
        for values in [of_module(module, getattr(CELLS[rule.name], what))]
        for part in parts(rule, values)
        if not rule.broken({name: values[name] for name in part})
    ]


def each_rule() -> list[Any]:
    return [
        pytest.param(module, rule, id=f"{module}: {rule.name}")
        for rule in RULES
        if rule.name in CELLS
        for module in MODULES
        if can_be_broken(module, rule)
    ]


@pytest.fixture(name="run")
def fixture_run(service: LocalDli, access: dict[str, str]) -> Any:
    """Return a function that runs a module on the job named job, and returns what became of that one."""

    def run(module: str, check_mode: bool = False, **options: Any) -> dict[str, Any]:
        job = {"name": "job", "state": "started", **options}
        if module != "fleet":
            return run_module(MODULES[module], {**access, **job}, check_mode=check_mode)
        result = run_module(MODULES[module], {**access, "jobs": [job]}, check_mode=check_mode)
        (verdict,) = result["jobs"] if "jobs" in result else [result]
        return {**verdict, "failed": result["failed"], "changed": result["changed"]}

    return run


def plant(service: LocalDli, module: str, **fields: Any) -> dict[str, Any]:
    """Plant a running job and return its definition."""
    usual = {"sql_body": "SELECT 1", "job_type": "flink_opensource_sql_job"} if module == "sql" else {}
    usual |= {} if module == "sql" else {"entrypoint": "obs://bucket/usual.jar", "job_type": "flink_jar_job"}
    job = service.jobs.add(
        name="job", queue_name="queue", status="job_running", **{"obs_bucket": "bucket", **usual, **fields}
    )
    return dict(job.fields)


def assert_untouched(service: LocalDli, before: dict[str, Any]) -> None:
    (job,) = service.jobs.all()
    assert (job.status, job.fields) == ("job_running", before)
    assert {sent.method for sent in service.requests} == {"GET"}


def from_option(message: str, rule: Rule, given: dict[str, Any]) -> str:
    """Return a message without what a fleet puts before it, which says whose it is."""
    return message[message.index(f"{next(name for name in rule.fields if name in given)} is ") :]


def assert_says(message: str, rule: Rule, given: dict[str, Any], already: dict[str, Any]) -> None:
    """Check that a message names the option, what it is, the rule, and what the job has."""
    option = next(name for name in rule.fields if name in given)
    assert message.startswith(f"{option} is "), message
    assert CELLS[rule.name].says.removeprefix(f"{option} ") in message
    for name, value in already.items():
        assert (f"shows no {name}" if value == "" else f"{name} ") in message.partition("; the job ")[2], message
    assert_one_sentence(message)


def test_each_rule_has_its_cells() -> None:
    assert {rule.name for rule in RULES} == set(CELLS)
    assert all(set(CELLS[rule.name].broken) == set(CELLS[rule.name].kept) == set(rule.fields) for rule in RULES)


class Read(dict[str, Any]):
    """Values that remember which of them were asked for."""

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__(values)
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.names.add(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self.names.add(str(name))
        return super().__contains__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.names.add(name)
        return super().get(name, default)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_is_about_all_that_it_reads(rule: Rule) -> None:
    """A change of a field that it reads but does not list would not be checked."""
    read: set[str] = set()
    for cell in CELLS.values():
        for values in (cell.broken, cell.kept):
            fields = Read(values)
            rule.broken(fields)
            read |= fields.names
    assert read == set(rule.fields)


@pytest.mark.parametrize(("module", "rule"), each_rule())
def test_a_task_that_breaks_a_rule_alone_sends_nothing(module: str, rule: Rule, run: Any, service: LocalDli) -> None:
    for given in given_alone(rule, of_module(module, CELLS[rule.name].broken)):
        result = run(module, **given)
        assert result["failed"] and not result["changed"]
        assert_says(from_option(result["msg"], rule, given), rule, given, {})
        assert service.requests == []


@pytest.mark.parametrize(("module", "rule", "part"), cells("broken"))
def test_what_the_job_has_already_breaks_a_rule_too(
    module: str, rule: Rule, part: tuple[str, ...], run: Any, service: LocalDli
) -> None:
    """It runs, is read, and is neither stopped nor changed; check mode says the same."""
    cell = CELLS[rule.name]
    given = {name: cell.broken[name] for name in part}
    already = {name: value for name, value in of_module(module, cell.broken).items() if name not in part}
    before = plant(service, module, **{**of_module(module, cell.around), **already})
    result = run(module, **given)
    assert result["failed"] and not result["changed"], result
    assert_says(from_option(result["msg"], rule, given), rule, given, already)
    assert_untouched(service, before)
    assert run(module, check_mode=True, **given)["msg"] == result["msg"]


@pytest.mark.parametrize(("module", "rule", "part"), cells("kept"))
def test_what_the_job_has_already_keeps_a_rule_too(
    module: str, rule: Rule, part: tuple[str, ...], run: Any, service: LocalDli
) -> None:
    cell = CELLS[rule.name]
    given = {name: cell.kept[name] for name in part}
    already = {name: value for name, value in of_module(module, cell.kept).items() if name not in part}
    plant(service, module, **{**of_module(module, cell.around), **already})
    result = run(module, check_mode=True, **given)
    assert not result["failed"], result["msg"]


@pytest.mark.parametrize(("module", "rule"), each_rule())
def test_a_rule_that_the_job_breaks_by_itself_stops_no_other_change(
    module: str, rule: Rule, run: Any, service: LocalDli
) -> None:
    """Nor does a task that describes a part of it as it is."""
    cell = CELLS[rule.name]
    before = plant(service, module, **of_module(module, {**cell.around, **cell.broken}))
    part = rule.fields[0]
    for given in ({}, {part: cell.broken[part]} if before[part] == cell.broken[part] else {}):
        result = run(module, check_mode=True, desc="another", **given)
        assert not result["failed"], result["msg"]
        assert result["changes"].keys() == {"desc"}


@pytest.mark.parametrize(
    ("module", "name"),
    [(module, name) for module in MODULES for name in NEEDED if FIELDS_BY_NAME[name] in KINDS[module].fields],
)
def test_what_a_field_needs_is_asked_for_where_neither_task_nor_job_has_it(
    module: str, name: str, run: Any, service: LocalDli
) -> None:
    """A new job is made of the task alone; of one that is there the message says what it lacks."""
    needs = {"log_enabled": "obs_bucket", "image": "feature", "resource_config": "resource_config_version"}[name]
    result = run(module, state="present", **{name: NEEDED[name]})
    assert result["failed"] and f"{name} is " in result["msg"] and needs in result["msg"]
    assert service.jobs.all() == []
    before = plant(service, module, **{needs: ""})
    result = run(module, **{name: NEEDED[name]})
    assert result["failed"] and f"; the job shows no {needs}." in result["msg"]
    assert_untouched(service, before)


def test_what_the_service_may_have_rewritten_breaks_no_rule(run: Any, service: LocalDli) -> None:
    """The CUs in use say nothing of those that were requested."""
    service.behaviour = Behaviour(cu_number_reads="actual")
    plant(service, "jar", cu_number=12, parallel_number=1)
    result = run("jar", check_mode=True, parallel_number=40)
    assert not result["failed"], result["msg"]


@pytest.mark.parametrize("version", ["1.18", "2.0", "1.10"])
@pytest.mark.parametrize("resources", ["v1", "v2"])
def test_a_version_that_is_not_known_is_left_to_the_service(
    version: str, resources: str, run: Any, service: LocalDli
) -> None:
    plant(service, "jar", resource_config_version=resources)
    result = run("jar", check_mode=True, flink_version=version)
    assert not result["failed"], result["msg"]


@pytest.mark.parametrize("version", ["1.15", "1.15.3"])
def test_a_package_of_dli_on_flink_1_15_is_advised_against(version: str, run: Any, service: LocalDli) -> None:
    plant(service, "jar", flink_version=version)
    result = run("jar", check_mode=True, entrypoint="group/a.jar")
    assert not result["failed"] and 'entrypoint has the package "group/a.jar"' in str(result["warnings"])
    assert "warnings" not in run("jar", check_mode=True, desc="another")


def test_a_package_of_dli_comes_to_flink_1_15_by_the_feature(run: Any, service: LocalDli) -> None:
    plant(service, "jar", feature="custom", flink_version="1.15", entrypoint="group/a.jar")
    assert 'entrypoint has the package "group/a.jar"' in str(run("jar", check_mode=True, feature="basic")["warnings"])


def test_a_switch_of_the_feature_leaves_out_what_goes_with_the_other(run: Any, service: LocalDli) -> None:
    plant(service, "jar", feature="basic", flink_version="1.15")
    result = run("jar", feature="custom", image="org/name:1")
    assert not result["failed"], result["msg"]
    (update,) = [sent for sent in service.requests if sent.method == "PUT"]
    assert update.json["feature"] == "custom" and "flink_version" not in update.json
