# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a task as logs and results may show them, and what is secret in them.

It works on options as a task gives them, before anybody has checked them: what is misspelt, nested or of the wrong type
can hold a secret all the same, and is shown nowhere.
"""

from __future__ import annotations

import re
from typing import Any

from .._text import MASK
from .canonical import canonical
from .fields import FIELDS_BY_NAME
from .redact import is_secret_setting, redacted, sensitive_sql_values
from .redactor import Redactor
from .sensitive import holds_secret, passwords_in_urls

# What Ansible itself shows in the place of a secret option.
SECRET_OPTION = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
# Ansible's own, about how to run the module.
_INTERNAL = "_ansible_"
_OPTION_NAME = re.compile(r"[A-Za-z]\w{0,63}")


def shown_options(spec: dict, given: dict, redactor: Redactor) -> dict:
    """Return a task's options as they may be shown, and hide what is secret in them.

    :param spec: the options that the module has, as Ansible's argument spec.
    :param given: the options that the task gives, checked or not.
    """
    names = {alias: name for name, option in spec.items() for alias in (name, *option.get("aliases", ()))}
    shown = {}
    for key, value in given.items():
        name = names.get(key, "")
        if str(key).startswith(_INTERNAL):
            shown[key] = value
        elif not name:
            # It can be a misspelt name of a secret option, or a piece of a string that Ansible took for options.
            shown_name = key if _OPTION_NAME.fullmatch(str(key)) else _hidden(key, redactor)
            shown[shown_name] = None if value is None else _hidden(value, redactor)
        elif value is None:
            shown[key] = None
        else:
            shown[key] = _shown(name, spec[name], value, redactor)
    return shown


def _hidden(value, redactor, mask=MASK):
    """Hide all that a value holds."""
    values: list[Any] = [value]
    while values:
        item = values.pop()
        if isinstance(item, dict):
            values.extend(item.values())
        elif isinstance(item, (list, tuple)):
            values.extend(item)
        elif item is not None and not isinstance(item, bool):
            redactor.hide(str(item))
    return mask


def _shown(name, option, value, redactor):
    if option.get("no_log"):
        return _hidden(value, redactor, SECRET_OPTION)
    if name == "runtime_config":
        return _shown_settings(value, redactor)
    if name == "sql_body" and isinstance(value, str):
        return _shown_sql(value, redactor)
    if "options" in option:
        return _shown_suboptions(option, value, redactor)
    if option.get("type") == "list" and isinstance(value, list):
        return [_shown_single(item, redactor) for item in value]
    if option.get("type") == "dict" and isinstance(value, dict):
        return {key: _shown_single(item, redactor) for key, item in value.items()}
    if name == "entrypoint_args" and isinstance(value, str):
        for word in value.split():
            redactor.is_public(word)
    return value if option.get("type") == "json" else _shown_single(value, redactor)


def _shown_single(value, redactor):
    """Return a value where a single one is expected."""
    if isinstance(value, (dict, list)):
        return _hidden(value, redactor)
    if isinstance(value, str):
        for password in passwords_in_urls(value):
            redactor.hide(password)
        redactor.is_public(value)
    return value


def _shown_suboptions(option, value, redactor):
    if isinstance(value, dict):
        return shown_options(option["options"], value, redactor)
    if isinstance(value, list):
        return [
            shown_options(option["options"], item, redactor) if isinstance(item, dict) else _hidden(item, redactor)
            for item in value
        ]
    return _hidden(value, redactor)


def _shown_sql(sql, redactor):
    sql = canonical(FIELDS_BY_NAME["sql_body"], sql)
    for secret in sensitive_sql_values(sql):
        redactor.hide(secret)
    return redacted("sql_body", sql, sql)


def _shown_settings(value, redactor):
    config = canonical(FIELDS_BY_NAME["runtime_config"], value)
    if not isinstance(config, dict):
        # Which lines of it are settings is not known.
        return _hidden(value, redactor)
    if isinstance(value, dict):
        return dict(_shown_setting(key, item, redactor) for key, item in value.items())
    shown = dict(_shown_setting(key, item, redactor) for key, item in config.items())
    return value if shown == config else shown


def _shown_setting(key, value, redactor):
    if holds_secret(str(key)):
        # Such as a whole line in the place of a key.
        return _hidden(key, redactor), _hidden(value, redactor)
    # A value that is no single one is refused, and nobody knows what is in it.
    is_hidden = isinstance(value, (dict, list)) or is_secret_setting(key, value)
    return key, _hidden(value, redactor) if is_hidden else value
