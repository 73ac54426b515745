# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The map of the code in docs/how-it-works.md names every folder of the plugins and every file of the ground floor."""

from __future__ import annotations

import re

from docs.snippets import ROOT

PAGE = (ROOT / "docs" / "how-it-works.md").read_text(encoding="utf-8")
MAP = PAGE.partition("## Map of the code")[2].partition("\n## ")[0]
PLUGINS = ROOT / "plugins"
UTILS = PLUGINS / "module_utils"


def test_the_map_names_every_folder_and_none_that_is_not_there() -> None:
    folders = {path.parent for path in PLUGINS.rglob("*.py")} - {UTILS}
    named = {PLUGINS / name for name in re.findall(r"plugins/(\w+)/", MAP)} - {UTILS}
    named |= {UTILS / name for name in re.findall(r"^ (_\w+)/", MAP, re.MULTILINE)}
    named |= {UTILS / name for name in re.findall(r"(?<=[\s│])(_\w+)/", MAP)}
    assert named == folders


def test_the_map_names_every_file_of_the_ground_floor() -> None:
    assert set(re.findall(r"\b(_\w+\.py)", MAP)) == {path.name for path in UTILS.glob("*.py")}


def test_each_file_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"\b(_\w+/\w+\.py)", PAGE))
    assert "_reconcile/executor.py" in named
    assert {name for name in named if not (UTILS / name).is_file()} == set()
