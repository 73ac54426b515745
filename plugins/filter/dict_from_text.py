# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: dict_from_text
short_description: Read a dictionary that a person wrote as text
version_added: 0.2.0
author: the otc.dli authors (@otc-dli)
description:
  - Reads a JSON object, lines of YAML, or lines of C(key=value), such as an answer to a survey of AWX.
  - Values in lines stay what was written, as strings. So C(0123) and C(yes) are no number and no boolean.
  - Text that is none of these gives C(null) instead of an error, because the error would show parts of the text.
options:
  _input:
    description: The text. A dictionary is returned as it is, and blank text as an empty dictionary.
    type: raw
    required: true
"""

EXAMPLES = r"""
- name: Settings of Flink from lines
  ansible.builtin.debug:
    msg: "{{ text | otc.dli.dict_from_text }}"
  vars:
    text: |
      table.exec.state.ttl: 3600000
      pipeline.object-reuse: true
"""

RETURN = r"""
_value:
  description: The dictionary, or C(null) when the text is none.
  type: dict
"""

import json
import re

import yaml

_BEGINS_YAML = re.compile(r"\s*[^=\s]+\s*:(\s|$)")


def dict_from_text(value):
    """Return the dictionary that a text stands for, None when it stands for none.

    :param value: a string, or a dictionary, which is returned as it is.
    """
    if isinstance(value, dict):
        return value
    # Before 2.19, ansible-core has a type of its own for a string from a vault.
    if hasattr(value, "__ENCRYPTED__"):
        value = str(value)
    if not isinstance(value, str):
        return None
    if not value.strip():
        return {}
    try:
        if value.lstrip().startswith("{"):
            found = json.loads(value)
        elif _BEGINS_YAML.match(value):
            # Its loader for all that is not a string would read 0123 as 83, and yes as True.
            found = yaml.load(value, Loader=yaml.BaseLoader)
        else:
            found = _from_lines(value)
    except (ValueError, RecursionError, yaml.YAMLError):
        return None
    return found if isinstance(found, dict) else None


def _from_lines(value):
    pairs = [line.partition("=") for line in value.splitlines() if line.strip()]
    if not all(key.strip() and separator for key, separator, _text in pairs):
        return None
    return {key.strip(): text.strip() for key, _separator, text in pairs}


class FilterModule:
    """The filter, as Ansible finds it."""

    def filters(self):
        return {"dict_from_text": dict_from_text}
