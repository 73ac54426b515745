# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter that reads a dictionary from text; tests/awx has it in the playbook that needs it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.otc.dli.plugins.filter.dict_from_text import FilterModule
from hypothesis import given
from hypothesis import strategies as st

dict_from_text = FilterModule().filters()["dict_from_text"]
PAIRS = {"a.b": "1", "c.d": "x: y"}


@pytest.mark.parametrize(
    "text",
    [
        "a.b=1\nc.d=x: y",
        "  a.b = 1 \r\n\r\n c.d = x: y \r\n",
        "a.b: 1\nc.d: 'x: y'",
        'a.b : 1  # one\n"c.d": "x: y"\n',
        '{"a.b": "1",\n "c.d": "x: y"}',
        PAIRS,
    ],
)
def test_ways_to_write_it(text: Any) -> None:
    assert dict_from_text(text) == PAIRS


@pytest.mark.parametrize("value", ["0123", "yes", "1.10", "12:30", "1_000", "0x10", "2026-99-99", "null", "~", "="])
@pytest.mark.parametrize("line", ["key: {}", "key={}"])
def test_a_value_in_a_line_stays_what_was_written(line: str, value: str) -> None:
    assert dict_from_text(line.format(value)) == {"key": value}


def test_values_of_json_keep_their_types() -> None:
    assert dict_from_text(' {"a": 1, "b": true, "c": {"d": null}}') == {"a": 1, "b": True, "c": {"d": None}}


def test_dictionaries_in_lines() -> None:
    text = "max_slot: 2\ntaskmanager_resource_spec:\n  memory: 8 GB\n"
    assert dict_from_text(text) == {"max_slot": "2", "taskmanager_resource_spec": {"memory": "8 GB"}}


@pytest.mark.parametrize("text", ["", " \n\t"])
def test_blank_text(text: str) -> None:
    assert dict_from_text(text) == {}


@pytest.mark.parametrize(
    "text",
    [
        *("words", "=1", "a=1\nwords", "[1]", "a: 1\nwords", "a: 'b", "a: *b", "a: b: c", "a: {{ b }}", "a: \x00"),
        *('{"a": b}', '{"a": 1', "{" * 9999 + "}", "a: " + "[" * 9999, 7, None, ["a=b"]),
    ],
    ids=lambda text: repr(text)[:20],
)
def test_what_is_no_dictionary(text: Any) -> None:
    assert dict_from_text(text) is None


@given(st.text() | st.text(alphabet="a:= \n'\"{}[]&*!|>-#%@`,?"))
def test_no_text_is_an_error(text: str) -> None:
    assert isinstance(dict_from_text(text), (dict, type(None)))
