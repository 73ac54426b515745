# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The map of the code in docs/how-it-works.md names every file of the plugins, and none that is not there."""

from __future__ import annotations

import re
from pathlib import Path

from docs.snippets import ROOT

TEXT = (ROOT / "docs" / "how-it-works.md").read_text(encoding="utf-8")
FILES = {path.relative_to(ROOT) for path in (ROOT / "plugins").rglob("*.py")}


def mapped() -> set[Path]:
    """Return the files that the rows of the map name; a name without a folder is beside the one before it."""
    files: set[Path] = set()
    for row in re.findall(r"^\| (`plugins/.*?) \|", TEXT, re.MULTILINE):
        folder = Path()
        for name in re.findall(r"`([^`]+)`", row):
            path = ROOT / (name if "/" in name else folder / name)
            folder = path.parent.relative_to(ROOT)
            found = {file.relative_to(ROOT) for file in path.parent.glob(path.name)}
            assert found, f"{name} is in the map, but not there."
            files |= found
    return files


def test_the_map_names_every_file() -> None:
    assert mapped() == FILES
