# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people read while a task is at work: what is done to jobs, and in the end how it went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from .steps import Step, is_upgrade


def deed_of(steps: Iterable[Step]) -> str:
    """Return in a word or two what steps do to a job; C(change) where they are not planned yet."""
    operations = [step.operation for step in steps]
    if "delete" in operations:
        return "delete"
    if "create" in operations:
        return "create and start" if "run" in operations else "create"
    if is_upgrade(steps):
        return "upgrade"
    if "stop" in operations:
        return "restart" if "run" in operations else "stop"
    return "start" if "run" in operations else "change"


def counted(deeds: Iterable[str]) -> str:
    """Return how often there is each of some deeds, the most frequent first, as in C(upgrade 18, create 2)."""
    return ", ".join(f"{deed} {count}" for deed, count in Counter(deeds).most_common())


def verdict_on(result: dict) -> str:
    """Return how a task went that has succeeded, as one line.

    :param result: what the module returns.
    """
    if "counts" in result:
        return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in result["counts"].items() if count)
    job = result.get("job") or {}
    outcome = "changed" if result.get("changed") else "ok"
    if any(action["operation"] == "delete" for action in result.get("actions", ())):
        return f"{outcome}: deleted"
    path = result.get("savepoint_path")
    where = f"; the savepoint is at {path}" if path else ""
    return f"{outcome}: {job['name']} is {job['status']}{where}" if job.get("status") else f"{outcome}{where}"
