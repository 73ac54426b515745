# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options, field table, API contract, documentation and version tell the same, so that none drifts alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.otc.dli.plugins.doc_fragments import auth, flink_jar_job, lifecycle, wait
from ansible_collections.otc.dli.plugins.module_utils import _flink_job_fields as table
from ansible_collections.otc.dli.plugins.module_utils._credentials import ENVIRONMENT
from ansible_collections.otc.dli.plugins.module_utils._flink_job import FlinkJob
from ansible_collections.otc.dli.plugins.module_utils._flink_job_goal import goal_options, lifecycle_options
from ansible_collections.otc.dli.plugins.module_utils._flink_job_values import RESOURCE_CONFIG_DEFAULTS, to_wire
from ansible_collections.otc.dli.plugins.module_utils._module import auth_options, wait_options
from ansible_collections.otc.dli.plugins.module_utils._version import VERSION

ROOT = Path(__file__).resolve().parents[2]
CONTRACT = yaml.safe_load((ROOT / "contract" / "dli-flink.openapi.yaml").read_text(encoding="utf-8"))
SCHEMAS = CONTRACT["components"]["schemas"]
CREATE = SCHEMAS["FlinkJarJobCreate"]["properties"]
UPDATE = SCHEMAS["FlinkJarJobUpdate"]["properties"]

# Options of a job that are no field of their own: its identity, and what is sent inside of another field.
NOT_IN_TABLE = {"name", "job_id", "secret_entrypoint_args", "tags"}
# What the contract lets clients send and the collection does not offer: the vendor's SDK writes flink_log_config,
# which the service's documentation does not have; job_type has but one value here.
NOT_OFFERED = {"flink_log_config", "job_type"}

TYPES = {
    "str": "string",
    "int": "integer",
    "bool": "boolean",
    "list": "array",
    "checkpoint_mode": "integer",
    "runtime_config": "string",
}


def documented(fragment):
    return yaml.safe_load(fragment.ModuleDocFragment.DOCUMENTATION)["options"]


def test_every_field_of_the_contract_is_offered_and_no_other():
    offered = set(table.JAR.names)
    assert offered | {"name", "tags"} | NOT_OFFERED >= set(CREATE) | set(UPDATE)
    assert set(CREATE) >= offered | {"name", "tags"}
    assert set(UPDATE) >= offered | {"name"}
    assert "tags" not in UPDATE, "then tags could be updated after all"


@pytest.mark.parametrize("field", table.JAR.fields, ids=lambda field: field.name)
def test_field_is_as_the_contract_says(field):
    for schema in (CREATE[field.name], UPDATE[field.name]):
        if field.kind == "resource_config":
            assert schema["$ref"].endswith("/ResourceConfig")
            continue
        assert schema["type"] == TYPES[field.kind]
        assert schema.get("maximum") == field.maximum
        assert schema.get("maxLength") == field.max_length
        # The contract has only documented bounds; that there is no JobManager without CUs needs no document.
        assert field.minimum == schema.get("minimum", 1 if field.kind == "int" else None)
        default = to_wire(field, field.default)
        assert schema.get("default") == default
        choices = [to_wire(field, choice) for choice in field.choices]
        assert schema.get("enum", []) == choices


@pytest.mark.parametrize("field", table.JAR.fields, ids=lambda field: field.name)
def test_field_is_read_where_the_contract_has_it(field):
    place = "FlinkJobDetail" if field.top_level else "FlinkJobConfig"
    other = "FlinkJobConfig" if field.top_level else "FlinkJobDetail"
    assert field.name in SCHEMAS[place]["properties"]
    assert field.name not in SCHEMAS[other]["properties"]


def test_resource_config_is_as_the_contract_says():
    properties = SCHEMAS["ResourceConfig"]["properties"]
    assert set(properties) == set(table.RESOURCE_CONFIG_OPTIONS) == set(RESOURCE_CONFIG_DEFAULTS)
    spec = SCHEMAS["ResourceSpec"]["properties"]
    for name in ("jobmanager_resource_spec", "taskmanager_resource_spec"):
        assert set(spec) == set(table.RESOURCE_CONFIG_OPTIONS[name]["options"])
        assert {key: value["default"] for key, value in spec.items()} == RESOURCE_CONFIG_DEFAULTS[name]
    for name in ("max_slot", "parallel_number"):
        assert properties[name]["default"] == RESOURCE_CONFIG_DEFAULTS[name]


def test_name_and_tags_are_as_the_contract_says():
    tag = SCHEMAS["Tag"]["properties"]
    assert CREATE["name"]["maxLength"] == table.NAME_MAX_LENGTH
    assert CREATE["tags"]["maxItems"] == table.TAGS_MAX_COUNT
    assert tag["key"]["maxLength"] == table.TAG_KEY_MAX_LENGTH
    assert tag["value"]["maxLength"] == table.TAG_VALUE_MAX_LENGTH


def test_facts_of_a_job_are_properties_of_the_contract():
    known = set(SCHEMAS["FlinkJobDetail"]["properties"]) | set(SCHEMAS["FlinkJobConfig"]["properties"])
    assert set(FlinkJob({"job_id": 1}).facts()) <= known


def described(option):
    """Return what argument spec and documentation both tell of an option."""
    described_option = {key: option[key] for key in ("type", "elements", "choices", "default") if key in option}
    described_option["aliases"] = option.get("aliases", [])
    suboptions = option.get("options") or option.get("suboptions") or {}
    described_option["suboptions"] = {name: described(value) for name, value in suboptions.items()}
    return described_option


@pytest.mark.parametrize(
    ("options", "fragment"),
    [
        (table.job_options(table.JAR), flink_jar_job),
        (auth_options(), auth),
        ({**lifecycle_options(), "state": goal_options()["state"]}, lifecycle),
        (wait_options(), wait),
    ],
    ids=["job", "auth", "lifecycle", "wait"],
)
def test_documentation_has_the_options_of_the_argument_spec(options, fragment):
    documentation = documented(fragment)
    assert {name: described(option) for name, option in options.items()} == {
        name: described(option) for name, option in documentation.items()
    }


def test_job_options_are_the_field_table_and_little_else():
    assert set(table.job_options(table.JAR)) == set(table.JAR.names) | NOT_IN_TABLE


def test_documentation_names_the_environment_variables():
    options = documented(auth)
    for option, variable in ENVIRONMENT.items():
        assert f"E({variable})" in " ".join(options[option]["description"])


def test_version_is_said_once():
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
    assert galaxy["version"] == VERSION


def test_action_group_has_every_module():
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    modules = {path.stem for path in (ROOT / "plugins" / "modules").glob("*.py")}
    assert set(runtime["action_groups"]["dli"]) == modules


def test_readme_shows_the_playbook_of_the_demo():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    playbook = (ROOT / "demo" / "flink_job.yml").read_text(encoding="utf-8")
    without_header = re.sub(r"\A(---\n)?(#[^\n]*\n)+\n*(---\n)?", "", playbook).removeprefix("---\n").strip()
    assert without_header in readme
