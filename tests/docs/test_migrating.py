# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the guide for those who come from Terraform or curl claims about options and calls."""

from __future__ import annotations

import re

from ansible_collections.otc.dli.plugins.module_utils._model.fields import FIELDS_BY_NAME

from docs.snippets import ROOT
from local_dli.contract import contract

GUIDE = (ROOT / "docs/docsite/rst/migrating.rst").read_text(encoding="utf-8")


def test_aliases_are_aliases() -> None:
    claims = re.findall(r"dli_flink_jar_job#module:(\w+)`; ``(\w+)`` is an alias", GUIDE)
    assert len(claims) == GUIDE.count("is an alias") > 0
    assert [(name, alias) for name, alias in claims if alias not in FIELDS_BY_NAME[name].aliases] == []


def test_each_call_has_its_task() -> None:
    told = re.findall(r"``([A-Z]+) (/v\S+)``", GUIDE)
    methods = ("get", "post", "put", "delete")
    calls = [(m.upper(), path) for path, item in contract().document["paths"].items() for m in item if m in methods]
    assert sorted(told) == sorted(calls)
