# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options, field table, API contract, documentation and version agree, so that none drifts alone."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.otc.dli.plugins.doc_fragments import (
    auth,
    flink_jar_job,
    flink_job,
    flink_sql_job,
    lifecycle,
    wait,
)
from ansible_collections.otc.dli.plugins.module_utils._errors import ApiError, LifecycleError
from ansible_collections.otc.dli.plugins.module_utils._http.credentials import ENVIRONMENT
from ansible_collections.otc.dli.plugins.module_utils._model import fields as table
from ansible_collections.otc.dli.plugins.module_utils._model.canonical import RESOURCE_CONFIG_DEFAULTS, to_wire
from ansible_collections.otc.dli.plugins.module_utils._model.goal import goal_options, lifecycle_options
from ansible_collections.otc.dli.plugins.module_utils._model.job import ObservedJob
from ansible_collections.otc.dli.plugins.module_utils._module import auth_options, wait_options
from ansible_collections.otc.dli.plugins.module_utils._version import VERSION

from local_dli.jobs import LIVE_FIELDS
from tools import fleet_fragment

ROOT = Path(__file__).resolve().parents[2]
CONTRACT = yaml.safe_load((ROOT / "contract" / "dli-flink.openapi.yaml").read_text(encoding="utf-8"))
SCHEMAS = CONTRACT["components"]["schemas"]
CREATE = {kind: SCHEMAS[f"Flink{kind.name.capitalize()}JobCreate"]["properties"] for kind in table.KINDS}
UPDATE = {kind: SCHEMAS[f"Flink{kind.name.capitalize()}JobUpdate"]["properties"] for kind in table.KINDS}
FIELDS_OF_KINDS = [(kind, field) for kind in table.KINDS for field in kind.fields]

# Where to look when the table of fields does not agree with the rest.
IN_CONTRACT = "plugins/module_utils/_model/fields.py or contract/dli-flink.openapi.yaml, schema"
IN_FRAGMENTS = "plugins/doc_fragments/, flink_job.py and the one of the kind for an option of a job"

# Options of a job that are no field of their own: its identity, and what is sent inside of another field.
NOT_IN_TABLE = {table.JAR: {"name", "job_id", "secret_entrypoint_args", "tags"}, table.SQL: {"name", "job_id", "tags"}}
# What the contract lets clients send and the collection does not offer: job_type has but one value in an update.
NOT_OFFERED = {table.JAR: {"job_type"}, table.SQL: set()}

# A new job has been seen with another one.
CONTRADICTED_DEFAULTS = {"checkpoint_interval": None}

MODULES = {
    path.stem: importlib.import_module(f"ansible_collections.otc.dli.plugins.modules.{path.stem}")
    for path in sorted((ROOT / "plugins" / "modules").glob("*.py"))
}
RESULTS = {name: yaml.safe_load(module.RETURN) for name, module in MODULES.items()}
# The module that describes what others return too.
MAIN = "dli_flink_jar_job"
REFERENCES = [
    (module, key)
    for module, results in RESULTS.items()
    for key in ("job", "retries", "error")
    if module != MAIN and key in results
]
# What two modules return by the same name and do not mean alike: what became of the jobs, or the jobs themselves.
NOT_SHARED = {"jobs"}

TYPES = {
    "str": "string",
    "bucket": "string",
    "int": "integer",
    "bool": "boolean",
    "list": "array",
    "checkpoint_mode": "integer",
    "runtime_config": "string",
    "sql": "string",
    "json": "string",
}


def documented(fragment):
    return yaml.safe_load(fragment.ModuleDocFragment.DOCUMENTATION)["options"]


@pytest.mark.parametrize("kind", table.KINDS, ids=lambda kind: kind.name)
def test_every_field_of_the_contract_is_offered_and_no_other(kind):
    on_create = {field.name for field in kind.fields if field.on_create}
    on_update = {field.name for field in kind.fields if field.on_update}
    schema = f"{IN_CONTRACT} Flink{kind.name.capitalize()}Job"
    assert set(CREATE[kind]) - NOT_OFFERED[kind] == on_create | {"name", "tags"}, f"{schema}Create"
    # With tags in it, they could be updated after all.
    assert set(UPDATE[kind]) - NOT_OFFERED[kind] == on_update | {"name"}, f"{schema}Update"


@pytest.mark.parametrize("kind", table.KINDS, ids=lambda kind: kind.name)
def test_the_calls_and_types_of_a_kind_are_in_the_contract(kind):
    path = f"/v1.0/{{project_id}}/streaming{kind.path}"
    assert {path, f"{path}/{{job_id}}"} <= set(CONTRACT["paths"])
    assert set(kind.job_types) <= set(SCHEMAS["JobType"]["enum"])
    for other in table.KINDS:
        assert other is kind or not set(kind.job_types) & set(other.job_types)


@pytest.mark.parametrize(("kind", "field"), FIELDS_OF_KINDS, ids=lambda value: value.name)
def test_field_is_as_the_contract_says(kind, field):
    where = f"{IN_CONTRACT} Flink{kind.name.capitalize()}JobCreate or Update"
    for schema in (side[kind][field.name] for side in (CREATE, UPDATE) if field.name in side[kind]):
        if field.form == "resource_config":
            assert schema["$ref"].endswith("/ResourceConfig")
            continue
        assert schema["type"] == TYPES[field.form], where
        assert schema.get("maximum") == field.maximum, where
        assert schema.get("maxLength") == field.max_length, where
        # The contract has only documented bounds; that there is no JobManager without CUs needs no document.
        assert field.minimum == schema.get("minimum", 1 if field.form == "int" else None), where
        has_default = schema.get("default") == to_wire(field, field.default)
        assert has_default or field.name in CONTRADICTED_DEFAULTS, where
        choices = [to_wire(field, choice) for choice in field.choices]
        assert schema.get("enum", []) == choices, where


def test_a_default_that_is_contradicted_decides_nothing():
    assert {name: table.FIELDS_BY_NAME[name].default for name in CONTRADICTED_DEFAULTS} == CONTRADICTED_DEFAULTS


@pytest.mark.parametrize("field", table.FIELDS, ids=lambda field: field.name)
def test_field_is_read_where_the_contract_has_it(field):
    place = "FlinkJobDetail" if field.top_level else "FlinkJobConfig"
    other = "FlinkJobConfig" if field.top_level else "FlinkJobDetail"
    written = "FlinkJobListItem" if field.top_level else "FlinkJobConfig"
    assert (field.name in SCHEMAS[place]["properties"]) == field.reads_back, f"{IN_CONTRACT} {written}"
    # The detail has the groups of edge nodes twice (documented).
    assert field.name not in SCHEMAS[other]["properties"] or field.name == "edge_group_ids"


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
    for properties in CREATE.values():
        assert properties["name"]["maxLength"] == table.NAME_MAX_LENGTH
        assert properties["tags"]["maxItems"] == table.TAGS_MAX_COUNT
    assert tag["key"]["maxLength"] == table.TAG_KEY_MAX_LENGTH
    assert tag["value"]["maxLength"] == table.TAG_VALUE_MAX_LENGTH


def test_facts_of_a_job_are_properties_of_the_contract():
    known = set(SCHEMAS["FlinkJobDetail"]["properties"]) | set(SCHEMAS["FlinkJobConfig"]["properties"])
    assert set(ObservedJob({"job_id": 1}).facts()) <= known


def described(option):
    """Return what argument spec and documentation both have of an option."""
    described_option = {key: option[key] for key in ("type", "elements", "choices", "default") if key in option}
    described_option["aliases"] = option.get("aliases", [])
    suboptions = option.get("options") or option.get("suboptions") or {}
    described_option["suboptions"] = {name: described(value) for name, value in suboptions.items()}
    return described_option


@pytest.mark.parametrize(
    ("options", "fragments"),
    [
        (table.job_options(table.JAR), (flink_job, flink_jar_job)),
        (table.job_options(table.SQL), (flink_job, flink_sql_job)),
        (auth_options(), (auth,)),
        ({**lifecycle_options(), "state": goal_options()["state"]}, (lifecycle,)),
        (wait_options(), (wait,)),
    ],
    ids=["JAR job", "SQL job", "auth", "lifecycle", "wait"],
)
def test_documentation_has_the_options_of_the_argument_spec(options, fragments):
    documentation = {name: option for fragment in fragments for name, option in documented(fragment).items()}
    assert {name: described(option) for name, option in options.items()} == {
        name: described(option) for name, option in documentation.items()
    }, IN_FRAGMENTS


def test_the_options_of_a_fleet_are_those_of_a_job():
    """Editors read the fragment without running it, so it is text that `make generated` writes."""
    written = fleet_fragment.TARGET.read_text(encoding="utf-8")
    assert written == fleet_fragment.fragment(), "plugins/doc_fragments/fleet.py: make fragments"


def documented_options():
    """Return every option and suboption of every module and fragment, by where it stands."""
    fragments = {
        path.stem: importlib.import_module(f"ansible_collections.otc.dli.plugins.doc_fragments.{path.stem}")
        for path in sorted((ROOT / "plugins" / "doc_fragments").glob("*.py"))
    }
    texts = {name: module.DOCUMENTATION for name, module in MODULES.items()}
    for name, fragment in fragments.items():
        parts = vars(fragment.ModuleDocFragment).items()
        texts.update({f"{name}.{part}": text for part, text in parts if part.isupper()})

    def walk(place, options):
        for name, option in options.items():
            yield f"{place}.{name}", option
            yield from walk(f"{place}.{name}", option.get("suboptions", {}))

    return dict(pair for place, text in texts.items() for pair in walk(place, yaml.safe_load(text).get("options", {})))


def test_each_description_is_a_list():
    """The help of ansible-console shows the first element, which of plain text is its first letter."""
    options = documented_options()
    assert {"lifecycle.DOCUMENTATION.state", "fleet.DESIRED.jobs.state", "dli_flink_savepoint.state"} <= set(options)
    assert [place for place, option in options.items() if not isinstance(option["description"], list)] == []


def returned_by_several():
    keys = {key for results in RESULTS.values() for key in results if key not in NOT_SHARED}
    return sorted(key for key in keys if sum(key in results for results in RESULTS.values()) > 1)


@pytest.mark.parametrize("key", returned_by_several())
def test_what_several_modules_return_is_described_alike(key):
    values = {name: results[key] for name, results in RESULTS.items() if key in results}
    forms = {name: [value.get(part) for part in ("type", "elements", "returned")] for name, value in values.items()}
    assert len({str(form) for form in forms.values()}) == 1, forms


def test_the_main_module_documents_the_facts_of_errors():
    results = RESULTS[MAIN]
    documented = set(results["error"]["contains"])
    assert set(ApiError("GET /", 400, "DLI.0001", "No.", "1").details()) <= documented
    assert set(LifecycleError("No.", {}).details()) <= documented


def test_every_module_documents_retries_and_errors():
    assert {module for module, results in RESULTS.items() if {"retries", "error"} - results.keys()} == set()


@pytest.mark.parametrize(("module", "key"), REFERENCES)
def test_the_other_modules_refer_to_the_main_module(module, key):
    """What is the same in every module is described once; a sample shows what of it this module can return."""
    value, described = RESULTS[module][key], RESULTS[MAIN][key]["contains"]
    assert f"RV(otc.dli.{MAIN}#module:{key})" in " ".join(value["description"])
    fields = set(table.FIELDS_BY_NAME) if key == "job" else set()
    assert "contains" not in value and set(value["sample"]) <= set(described) | fields


def live(kind):
    return {field.name for field in kind.fields if field.live}


@pytest.mark.parametrize("kind", table.KINDS, ids=lambda kind: kind.name)
def test_a_module_documents_the_live_fields(kind):
    notes = yaml.safe_load(MODULES[f"dli_flink_{kind.name.lower()}_job"].DOCUMENTATION)["notes"]
    (note,) = (note for note in notes if note.startswith("A job that may be running accepts changes of"))
    documented_as_live = set(re.findall(r"O\((\w+)\)", note.partition(" only.")[0]))
    assert documented_as_live == live(kind), f"plugins/modules/dli_flink_{kind.name.lower()}_job.py: notes"


def test_the_documents_and_the_local_service_have_the_live_fields():
    lifecycle_page = (ROOT / "docs" / "lifecycle.md").read_text(encoding="utf-8")
    sentence = lifecycle_page.partition("A running job takes some changes at once:")[2].partition(".")[0]
    assert set(re.findall(r"`(\w+)`", sentence)) == live(table.JAR), "docs/lifecycle.md"
    # The local service takes the path only where it has not made one itself.
    assert LIVE_FIELDS | {"checkpoint_path"} == live(table.JAR), "tests/local_dli/jobs.py: LIVE_FIELDS"


def test_contributing_names_what_the_code_has():
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = page.partition("## Where do I change …")[2].partition("\n\n**")[0].splitlines()
    named = [re.findall(r"`(_[\w/]+\.py|_\w+)`", row.rpartition(" | ")[2]) for row in rows if "`_" in row]
    assert len(named) > 10
    for names in named:
        paths = [ROOT / "plugins" / "module_utils" / name for name in names if name.endswith(".py")]
        code = "".join(path.read_text(encoding="utf-8") for path in paths)
        functions = [name for name in names if not name.endswith(".py")]
        assert [name for name in functions if not re.search(rf"(def|class) {name}\b", code)] == []


@pytest.mark.parametrize("module", MODULES)
def test_a_module_that_restarts_jobs_does_not_call_all_of_it_idempotent(module):
    documentation = yaml.safe_load(MODULES[module].DOCUMENTATION)
    restarts = bool({"otc.dli.lifecycle", "otc.dli.fleet"} & set(documentation["extends_documentation_fragment"]))
    idempotent = documentation.get("attributes", {}).get("idempotent", {})
    assert ("restarted" in idempotent.get("details", "")) == restarts
    assert not restarts or idempotent["support"] == "partial"


@pytest.mark.parametrize("kind", table.KINDS, ids=lambda kind: kind.name)
def test_job_options_are_the_field_table_and_little_else(kind):
    assert set(table.job_options(kind)) == set(kind.names) | NOT_IN_TABLE[kind]


def test_documentation_names_the_environment_variables():
    options = documented(auth)
    for option, variables in ENVIRONMENT.items():
        for variable in variables:
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
