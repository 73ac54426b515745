# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Different ways to write one value have one canonical form."""

from __future__ import annotations

import json

import pytest
from ansible_collections.otc.dli.plugins.module_utils._model.canonical import (
    canonical,
    is_same,
    list_from_option,
    merged_resource_config,
    to_wire,
)
from ansible_collections.otc.dli.plugins.module_utils._model.fields import FIELDS_BY_NAME

SAME = {
    "desc": [
        ["x", " x\n"],
        ["", None, " "],
        ["a\nb", "a\r\nb", "a\rb\r\n"],
        ["\u00e9", "e\u0301"],
        ["a  b"],
    ],
    "obs_bucket": [["b", "obs://b", " b ", "b/", "obs://b/"], ["", None]],
    "queue_name": [["q", " q "], ["", None]],
    "cu_number": [[4, "4"], [2, "2", None, ""]],
    "tm_slot_num": [[3, "3"], [None, ""]],
    "resume_max_num": [[-1, "-1", None]],
    "checkpoint_enabled": [[True, "true", "True"], [False, "false", None, ""]],
    "checkpoint_mode": [["exactly_once", 1, "1", "EXACTLY_ONCE", None, ""], ["at_least_once", 2, "2"]],
    "resource_config_version": [["v1", None], ["v2"]],
    "dependency_jars": [[["a", "b"], [" a", "b "]], [["b", "a"]], [[], None, ""]],
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
        [{"[a": "1", "b": "{"}, "[a=1\nb={"],
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


def test_runtime_config_goes_out_as_a_list_or_as_the_text_that_was_given():
    field = FIELDS_BY_NAME["runtime_config"]
    settings = [{"key": "a", "value": "true"}, {"key": "b", "value": ""}, {"key": "c", "value": "1"}]
    assert json.loads(to_wire(field, {"a": True, "b": None, "c": 1})) == settings
    assert to_wire(field, {}) == ""
    for text in ('{"a": 1}', "a=1\nb=2"):
        assert to_wire(field, text) == text


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("[]", []),
        ("[ ]", []),
        ("a", ["a"]),
        ("a, b ,c", ["a", "b", "c"]),
        ('["a", "b"]', ["a", "b"]),
        ("['a', 'b, c']", ["a", "b, c"]),
        ("[a, b]", ["[a", "b]"]),
        ("[1, 2]", ["[1", "2]"]),
    ],
)
def test_a_list_that_is_given_as_a_text_is_the_list_that_is_meant(text, meant):
    # So Ansible makes a list of a text.
    assert list_from_option(text.split(",")) == meant


def memory(amount: str) -> dict:
    return canonical(FIELDS_BY_NAME["resource_config"], {"taskmanager_resource_spec": {"memory": amount}})


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("4.2 GB", "4301 MB", True),
        ("4.2 GB", "4300 MB", True),
        ("4.2 GB", "4299 MB", False),
        ("4.2 GB", "4302 MB", False),
        ("4 GB", "4096 MB", True),
        ("4096 MB", "4097 MB", False),
    ],
)
def test_memory_that_is_shown_in_whole_megabytes_is_the_same(one, other, same):
    field = FIELDS_BY_NAME["resource_config"]
    assert is_same(field, memory(one), memory(other)) == is_same(field, memory(other), memory(one)) == same


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ('{"a": "e\u0301"}', '{"a":"\\u00e9"}', True),
        ('{"a": "e\\u0301"}', '{"a": "\u00e9"}', True),
        ('{"e\u0301": [1, "e\u0301"]}', '{"\u00e9": [1, "\u00e9"]}', True),
        # A mark after what JSON writes as an escape.
        ('{"a": "line\\n\u0301", "b": 1}', ' {"b":1, "a": "line\\n\\u0301"}', True),
        ('{"e\u0301": 1, "\u00e9": 2}', '{"\u00e9": 2, "e\u0301": 1}', True),
        ('{"e\u0301": 1, "\u00e9": 2}', '{"\u00e9": 2}', False),
        ('{"e\u0301": 1, "\u00e9": 2}', '{"e\u0301": 9, "\u00e9": 2}', False),
        ('{"a": true}', '{"a": 1}', False),
        ('{"a": 1}', '{"a": 1.0}', False),
        ("not e\u0301 JSON", " not \u00e9 JSON\n", True),
        ("[" * 5_000, "[" * 5_001, False),
    ],
)
def test_json_is_the_same_with_escapes_and_letters_in_other_forms(one, other, same):
    field = FIELDS_BY_NAME["operator_config"]
    values = [canonical(field, value) for value in (one, other)]
    assert [canonical(field, value) for value in values] == values, "a canonical form is its own canonical form"
    assert is_same(field, *values) == is_same(field, *reversed(values)) == same


@pytest.mark.parametrize("name", ["operator_config", "runtime_config"])
def test_letters_stay_as_they_stand_so_that_what_is_secret_is_found(name):
    for letter in ("e\u0301", "\u00e9", "\u2126"):
        assert letter in str(canonical(FIELDS_BY_NAME[name], json.dumps({"password": letter})))


def test_a_partial_resource_config_leaves_the_rest():
    current = {"max_slot": 2, "jobmanager_resource_spec": {"cpu": 2.0, "memory": "8 GB"}}
    given = {"max_slot": None, "parallel_number": 3, "jobmanager_resource_spec": {"cpu": 1.0, "memory": None}}
    assert merged_resource_config(current, given) == {
        "max_slot": 2,
        "parallel_number": 3,
        "jobmanager_resource_spec": {"cpu": 1.0, "memory": "8 GB"},
    }
