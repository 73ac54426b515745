# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Versions that are told more than once are the same everywhere."""

from __future__ import annotations

import ast

import yaml

from docs.snippets import ROOT


def test_pre_commit_has_the_tools_of_make() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0]["hooks"]
    pinned = (ROOT / "requirements" / "tools.txt").read_text(encoding="utf-8").splitlines()
    wanted = [tool for hook in hooks for tool in hook.get("additional_dependencies", ())]
    assert len(wanted) == 3
    assert [tool for tool in wanted if tool not in pinned] == []


def test_the_oldest_ansible_core_is_the_same_everywhere() -> None:
    tree = ast.parse((ROOT / "noxfile.py").read_text(encoding="utf-8"))
    assignments = [node for node in tree.body if isinstance(node, ast.Assign)]
    (cores,) = (node.value for node in assignments if getattr(node.targets[0], "id", "") == "CORES")
    oldest = next(iter(ast.literal_eval(cores)))
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    assert runtime["requires_ansible"] == f">={oldest}.0"
    assert f"ansible-core {oldest} and newer" in (ROOT / "README.md").read_text(encoding="utf-8")
