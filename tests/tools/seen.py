# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the end of docs/assumptions.md: who has seen what of the live service, by the reports in contract/reports/.

`make generated` writes it again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from local_dli.like import read_report

ROOT = Path(__file__).resolve().parents[2]
REPORTS = ROOT / "contract" / "reports"
TARGET = ROOT / "docs" / "assumptions.md"
HEADING = "## Who has seen what\n"
_NONE = "Nobody has sent a report yet."
_SOME = "Reports so far: {}. A report says what was observed on one day in one region."
_INTRO = """
Whoever has an account can [check the service](check-service.md). {reports}
Each question has the name of its switch.

| question | name | it takes the level | seen |
| --- | --- | --- | --- |
"""
_OUTRO = """
A check cannot observe everything:

| switch | why |
| --- | --- |
"""


def reports(folder: Path = REPORTS) -> list[dict[str, Any]]:
    """Return the reports in a folder, the oldest first."""
    return sorted((read_report(path) for path in folder.glob("*.json")), key=lambda report: report["date"])


def section(found: list[dict[str, Any]]) -> str:
    """Return the end of the page for these reports."""
    # Not before whoever imports this has made the collection known to Python.
    from ansible_collections.otc.dli.plugins.module_utils._check.questions import NOT_OBSERVABLE, QUESTIONS
    from ansible_collections.otc.dli.plugins.module_utils._check.report import shown

    lines = []
    for question in QUESTIONS:
        seen = [
            f"{shown(answer['observed'])} ({report['region'] or 'a region without a name'}, {report['date']})"
            for report in found
            if "observed" in (answer := report["answers"].get(question.name, {}))
        ]
        cells = (question.asks, f"`{question.name}`", question.ways[-1].level, ", ".join(seen) or "not yet")
        lines.append(f"| {' | '.join(cells)} |\n")
    others = [f"| `{name}` | {reason} |\n" for name, reason in NOT_OBSERVABLE.items()]
    said = _SOME.format(len(found)) if found else _NONE
    return HEADING + _INTRO.format(reports=said) + "".join(lines) + _OUTRO + "".join(others)


def page(found: list[dict[str, Any]]) -> str:
    """Return the whole page for these reports."""
    return TARGET.read_text(encoding="utf-8").partition(HEADING)[0] + section(found)


if __name__ == "__main__":
    import conftest

    assert conftest.ROOT == ROOT
    TARGET.write_text(page(reports()), encoding="utf-8")
