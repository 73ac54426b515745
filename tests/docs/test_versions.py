# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Versions that are written more than once are the same everywhere."""

from __future__ import annotations

import re

import yaml

from docs.environments import cores
from docs.snippets import ROOT


def test_pre_commit_has_the_tools_of_make() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0]["hooks"]
    pinned = (ROOT / "requirements" / "tools.txt").read_text(encoding="utf-8").splitlines()
    wanted = [tool for hook in hooks for tool in hook.get("additional_dependencies", ())]
    assert len(wanted) == 3
    assert [tool for tool in wanted if tool not in pinned] == []


def test_the_oldest_ansible_core_is_the_same_everywhere() -> None:
    oldest = next(iter(cores()))
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    definition = yaml.safe_load((ROOT / "docs" / "awx" / "execution-environment.yml").read_text(encoding="utf-8"))
    assert runtime["requires_ansible"] == f">={oldest}.0"
    assert definition["dependencies"]["ansible_core"]["package_pip"] == f"ansible-core>={oldest}"


def test_the_documentation_has_the_supported_versions() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"ansible-core {min(cores(), key=_number)} to {max(cores(), key=_number)}" in readme
    guide = (ROOT / "docs" / "first-job.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (2\.\d+) \| ([\d., ]+) \|$", guide, re.MULTILINE)
    assert [(core, pythons.split(", ")) for core, pythons in rows] == [
        (core, pythons) for core, (_release, pythons) in cores().items()
    ]


def _number(core: str) -> int:
    return int(core.partition(".")[2])


def test_ci_has_every_python() -> None:
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))["jobs"]
    supported = {python for _release, pythons in cores().values() for python in pythons}
    (setup,) = (step for step in jobs["test"]["steps"] if "setup-python" in step.get("uses", ""))
    assert supported <= set(setup["with"]["python-version"].split())
    assert supported == set(jobs["one-python"]["strategy"]["matrix"]["python"])


def test_each_artifact_that_is_named_is_that_of_this_version() -> None:
    version = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"]
    files = [path for path in (ROOT / "docs").rglob("*") if path.is_file()]
    texts = [path.read_text(encoding="utf-8") for path in files]
    named = [found for text in texts for found in re.findall(r"otc-dli-(\d\S*?)\.tar\.gz", text)]
    assert len(named) == 2
    assert set(named) == {version}
