# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shapes that the service's words about jobs must have: the one place where they are checked, before any use.

A value is accepted in every form that means the same: a number or a boolean as a string, unset as null, "" or left
out. Anything else is not a response of the API. Errors never show the value itself, because it can hold a secret.
"""

from __future__ import annotations

import re

from .._errors import UnexpectedResponse
from .fields import FIELDS, RESOURCE_CONFIG_OPTIONS

# The API's widest number is one of 64 bits.
_WIDEST_NUMBER = 2**63
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,19}")
_LONGEST_WORD = 255


def lacking(operation: str, what: str) -> UnexpectedResponse:
    """Return the error about a response that lacks what the API's responses have; sending again does not help."""
    return UnexpectedResponse(f"The service responded to {operation} without {what}.", operation, 200, lasting=True)


def is_whole_number(value) -> bool:
    """Whether a value is a whole number of at most 64 bits, or a string of one."""
    if isinstance(value, str):
        return bool(_WHOLE_NUMBER.fullmatch(value)) and abs(int(value)) < _WIDEST_NUMBER
    if isinstance(value, float):
        return value.is_integer() and abs(value) < _WIDEST_NUMBER
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _WIDEST_NUMBER


def checked_id(value, operation: str, name: str = "job_id") -> int:
    """Return the id of a job, or of something else, that a response has.

    :raises UnexpectedResponse: it is none.
    """
    if not is_whole_number(value) or int(value) < 0:
        raise lacking(operation, f"a valid {name}")
    return int(value)


def check_job(response: dict, operation: str) -> None:
    """Check everything of a response about one job that is ever used.

    :param response: an element of C(job_list.jobs), or C(job_detail).
    :raises UnexpectedResponse: naming the first field that has not the shape it must have.
    """
    where = f"job {checked_id(response.get('job_id'), operation)}"
    config = response.get("job_config")
    if config is not None and not isinstance(config, dict):
        _fail(operation, where, "job_config", "a dictionary")
    for name, shape in _JOB_SHAPES.items():
        _check(response.get(name), shape, name, where, operation)
    for name, shape in _CONFIG_SHAPES.items():
        _check((config or {}).get(name), shape, f"job_config.{name}", where, operation)


def check_template(response: dict, operation: str) -> None:
    """Check the response about one template.

    :raises UnexpectedResponse: naming the first field that has not the shape it must have.
    """
    where = f"template {checked_id(response.get('template_id'), operation, 'template_id')}"
    for name, shape in _TEMPLATE_SHAPES.items():
        _check(response.get(name), shape, name, where, operation)


def check_graph(response: dict, operation: str) -> None:
    """Check the part of an execution graph that is shown.

    :raises UnexpectedResponse: naming the first field that has not the shape it must have.
    """
    for name, shape in _GRAPH_SHAPES.items():
        _check(response.get(name), shape, name, "a graph", operation)


def _check(value, shape, name, where, operation):
    if value is not None and value != "" and not _SHAPES[shape](value):
        _fail(operation, where, name, shape)


def _fail(operation, where, name, shape):
    raise UnexpectedResponse(
        f"The service responded to {operation} with {where}, whose {name} is not {shape}.", operation, 200, lasting=True
    )


def _is_string(value):
    return isinstance(value, str) or _is_number(value)


def _is_word(value):
    return isinstance(value, str) and value.isprintable() and len(value) <= _LONGEST_WORD


def _is_number(value):
    # False for nan and infinity as well.
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < _WIDEST_NUMBER


def _is_amount(value):
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return False
    return _is_number(value)


def _is_flag(value):
    if isinstance(value, str):
        return value.strip().lower() in ("true", "false")
    return isinstance(value, bool)


def _is_list_of_strings(value):
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_settings(value):
    """The forms of a runtime_config; which one the service responds with is not known."""
    if isinstance(value, list):
        return all(
            isinstance(item, dict) and isinstance(item.get("key"), str) and _is_single(item.get("value"))
            for item in value
        )
    return isinstance(value, str) or (isinstance(value, dict) and all(map(_is_single, value.values())))


def _is_single(value):
    return value is None or isinstance(value, bool) or _is_string(value)


def _is_resource_config(value):
    return isinstance(value, dict) and _has_parts(value, RESOURCE_CONFIG_OPTIONS)


def _has_parts(value, options):
    for name, option in options.items():
        part = value.get(name)
        if part is None or part == "":
            continue
        if option["type"] == "dict":
            if not isinstance(part, dict) or not _has_parts(part, option["options"]):
                return False
        elif not _PARTS[option["type"]](part):
            return False
    return True


_PARTS = {"int": is_whole_number, "float": _is_amount, "str": _is_string}
# By the words that a message says them with.
_SHAPES = {
    "a string": _is_string,
    "one short line": _is_word,
    "a whole number": is_whole_number,
    "true or false": _is_flag,
    "a list of texts": _is_list_of_strings,
    "a dictionary": lambda value: isinstance(value, dict),
    "a list of dictionaries": lambda value: isinstance(value, list) and all(isinstance(item, dict) for item in value),
    "a string or a dictionary of single values": _is_settings,
    "a dictionary of sizes": _is_resource_config,
}
_SHAPE_OF_FORM = {
    "str": "a string",
    "bucket": "a string",
    "sql": "a string",
    "json": "a string",
    "int": "a whole number",
    "bool": "true or false",
    "list": "a list of texts",
    # By name or by number.
    "checkpoint_mode": "a string",
    "runtime_config": "a string or a dictionary of single values",
    "resource_config": "a dictionary of sizes",
}
_JOB_SHAPES = {
    **{field.name: _SHAPE_OF_FORM[field.form] for field in FIELDS if field.top_level},
    "name": "one short line",
    "job_type": "one short line",
    "status": "one short line",
    "status_desc": "a string",
    "create_time": "a whole number",
    "start_time": "a whole number",
    "update_time": "a whole number",
    "has_savepoint": "true or false",
    "savepoint_path": "a string",
    "restart_times": "a whole number",
    "user_id": "a string",
    "user_name": "a string",
}
_CONFIG_SHAPES = {
    "real_cu_number": "a whole number",
    **{field.name: _SHAPE_OF_FORM[field.form] for field in FIELDS if not field.top_level},
}
_TEMPLATE_SHAPES = {
    "name": "a string",
    "desc": "a string",
    "sql_body": "a string",
    "job_type": "one short line",
    "create_time": "a whole number",
    "update_time": "a whole number",
}
_GRAPH_SHAPES = {
    "jid": "a string",
    "name": "a string",
    "isStoppable": "true or false",
    "state": "a string",
    "start-time": "a whole number",
    "end-time": "a whole number",
    "duration": "a whole number",
    "now": "a whole number",
    "timestamps": "a dictionary",
    "vertices": "a list of dictionaries",
    "status-counts": "a dictionary",
    "plan": "a dictionary",
}
