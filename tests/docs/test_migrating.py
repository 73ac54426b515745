# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the guide for those who come from Terraform or curl claims about options and calls."""

from __future__ import annotations

import re

from ansible_collections.otc.dli.plugins.module_utils._model.fields import FIELDS_BY_NAME, JAR, job_options
from ansible_collections.otc.dli.plugins.module_utils._module import auth_options, wait_options

from docs.snippets import ROOT
from local_dli.contract import contract

GUIDE = (ROOT / "docs" / "migrating.md").read_text(encoding="utf-8")
OPTIONS = {*job_options(JAR), *auth_options(), *wait_options()}


def test_arguments_of_the_same_name_are_options() -> None:
    (sentence,) = re.findall(r"are options of the same name: (.*?)\.\nThe others are", GUIDE, re.DOTALL)
    names = re.findall(r"`(\w+)`", sentence)
    assert "runtime_config" in names
    assert [name for name in names if name not in OPTIONS] == []


def test_other_arguments_become_options_and_aliases_are_aliases() -> None:
    table = GUIDE.partition("| argument | option |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)`(?:; `(\w+)` is an alias)?", table, re.MULTILINE)
    assert len(rows) == table.count("\n") - 1 > 0
    assert [option for _argument, option, _alias in rows if option not in OPTIONS] == []
    aliases = [(argument, option, alias) for argument, option, alias in rows if alias]
    assert len(aliases) == table.count("is an alias") > 0
    assert [row for row in aliases if row[0] != row[2] or row[2] not in FIELDS_BY_NAME[row[1]].aliases] == []


def test_each_call_has_its_task() -> None:
    named = re.findall(r"`([A-Z]+) (/v[^`]+)`", GUIDE)
    methods = ("get", "post", "put", "delete")
    calls = [(m.upper(), path) for path, item in contract().document["paths"].items() for m in item if m in methods]
    assert sorted(named) == sorted(calls)
