# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Different ways to write one value have one canonical form."""

from __future__ import annotations

import json

import pytest
from ansible_collections.otc.dli.plugins.module_utils._model.canonical import (
    canonical,
    merged_resource_config,
    to_wire,
)
from ansible_collections.otc.dli.plugins.module_utils._model.fields import FIELDS_BY_NAME

SAME = {
    "desc": [["x"], ["", None]],
    "cu_number": [[4, "4"], [2, "2", None, ""]],
    "tm_slot_num": [[3, "3"], [None, ""]],
    "resume_max_num": [[-1, "-1", None]],
    "checkpoint_enabled": [[True, "true", "True"], [False, "false", None, ""]],
    "checkpoint_mode": [["exactly_once", 1, "1", "EXACTLY_ONCE", None, ""], ["at_least_once", 2, "2"]],
    "resource_config_version": [["v1", None], ["v2"]],
    "dependency_jars": [[["a", "b"]], [["b", "a"]], [[], None, ""]],
    "runtime_config": [
        [
            {"a.b": 1, "c": True},
            {"c": "true", "a.b": "1"},
            "a.b=1\nc=true",
            " c = true \n\n a.b = 1 \n",
            json.dumps({"a.b": 1, "c": True}),
            json.dumps([{"key": "a.b", "value": "1"}, {"key": "c", "value": "true"}]),
            [{"key": "a.b", "value": "1"}, {"key": "c", "value": "true"}],
        ],
        [{}, "", None, "  ", "{}", "[]"],
        [{"url": "x=y"}, "url=x=y"],
        ["neither lines nor JSON"],
        ["{broken"],
    ],
    "resource_config": [
        [
            None,
            {},
            {"max_slot": 1, "jobmanager_resource_spec": {"cpu": 1}},
            {
                "taskmanager_resource_spec": {"memory": "4 GB"},
                "jobmanager_resource_spec": {"memory": "4096MB", "cpu": "1.0"},
            },
            {"taskmanager_resource_spec": {"memory": "4"}, "parallel_number": "1"},
        ],
        [{"jobmanager_resource_spec": {"memory": "2.5 gb"}}, {"jobmanager_resource_spec": {"memory": "2560 MB"}}],
        [{"jobmanager_resource_spec": {"cpu": 0.5}}],
        [{"max_slot": 2}],
    ],
}


@pytest.mark.parametrize("name", SAME)
def test_ways_to_write_one_value_are_one_and_other_values_are_others(name):
    field = FIELDS_BY_NAME[name]
    forms = []
    for group in SAME[name]:
        first, *others = [canonical(field, value) for value in group]
        assert others == [first] * len(others)
        assert canonical(field, first) == first, "a canonical form is its own canonical form"
        assert first not in forms
        forms.append(first)


def test_checkpoint_mode_goes_out_as_a_number():
    field = FIELDS_BY_NAME["checkpoint_mode"]
    assert [to_wire(field, mode) for mode in ("exactly_once", "at_least_once")] == [1, 2]


def test_runtime_config_goes_out_as_lines_or_as_the_text_that_was_given():
    field = FIELDS_BY_NAME["runtime_config"]
    assert to_wire(field, {"a": True, "b": None, "c": 1}) == "a=true\nb=\nc=1"
    assert to_wire(field, '{"a": 1}') == '{"a": 1}'


def test_a_partial_resource_config_leaves_the_rest():
    current = {"max_slot": 2, "jobmanager_resource_spec": {"cpu": 2.0, "memory": "8 GB"}}
    given = {"max_slot": None, "parallel_number": 3, "jobmanager_resource_spec": {"cpu": 1.0, "memory": None}}
    assert merged_resource_config(current, given) == {
        "max_slot": 2,
        "parallel_number": 3,
        "jobmanager_resource_spec": {"cpu": 1.0, "memory": "8 GB"},
    }
