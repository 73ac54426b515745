# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the files of the role flink_deploy say about each other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.otc.dli.plugins.module_utils._http.credentials import ENVIRONMENT
from ansible_collections.otc.dli.plugins.module_utils._module import auth_options

ROLE = Path(__file__).resolve().parents[2] / "roles" / "flink_deploy"

pytestmark = pytest.mark.any_core


def load(name: str) -> dict:
    return yaml.safe_load((ROLE / name).read_text(encoding="utf-8"))


def test_the_options_have_the_defaults_that_are_documented() -> None:
    options = load("meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    defaults = load("defaults/main.yml")
    assert {*defaults} == {name for name, option in options.items() if not option.get("required")}
    documented = {name: option["default"] for name, option in options.items() if "default" in option}
    assert documented == {name: defaults[name] for name in documented}


def test_every_variable_is_an_option_or_made_by_the_role() -> None:
    made = {*load("vars/main.yml"), *load("defaults/main.yml"), *("flink_deploy_job", "flink_deploy_bucket")}
    texts = [path.read_text(encoding="utf-8") for path in (*ROLE.glob("tasks/*.yml"), ROLE / "vars" / "main.yml")]
    for text in texts:
        made |= {*re.findall(r"register: (flink_deploy_\w+)", text), *re.findall(r"^ +(flink_deploy_\w+):", text, re.M)}
    used = {name for text in texts for name in re.findall(r"\bflink_deploy_\w+", text)}
    assert used - made == set()
    assert {*load("vars/main.yml"), *load("defaults/main.yml")} - used == set()


def test_the_options_that_a_job_must_not_have_are_those_that_say_where_it_is() -> None:
    options = {name: option for name, option in auth_options().items() if name in ENVIRONMENT}
    names = {*options, *(alias for option in options.values() for alias in option["aliases"])}
    assert {*load("vars/main.yml")["flink_deploy_access_options"]} == names


def test_no_task_with_amazon_aws_shows_its_result() -> None:
    """It has signed addresses, and the access key."""

    def tasks(found: list) -> list:
        nested = [task for block in found for part in ("block", "rescue") for task in tasks(block.get(part, []))]
        return [*found, *nested]

    checked = 0
    for path in ROLE.glob("tasks/*.yml"):
        for task in tasks(yaml.safe_load(path.read_text(encoding="utf-8"))):
            if any(key.startswith("amazon.aws.") for key in task):
                assert task["no_log"] is True, task["name"]
                checked += 1
    assert checked > 0
