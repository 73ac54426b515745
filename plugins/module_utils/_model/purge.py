# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which jobs that a fleet does not list may be purged."""

from __future__ import annotations

from .fields import JAR
from .goal import Goal
from .job import ObservedJob
from .steps import Plan


def not_to_be_purged(goal: Goal, reason: str = "") -> Plan:
    """Return the plan for a job that was to be purged, and is not one that may be.

    :param reason: a sentence that says why; "" where it no longer is what it was when it was listed.
    """
    if reason:
        return Plan(warnings=(f"{goal.spec.label} was left alone. {reason}",))
    return Plan(warnings=(f"{goal.spec.label} is no longer one that may be purged, so it was left alone.",))


def may_be_purged(goal: Goal, current: ObservedJob) -> bool:
    """Whether a job still is the one that was listed, and a JAR job: its detail has to say so."""
    is_jar = current.job_type in JAR.job_types if "detail" in current.sources else JAR.has(current.job_type)
    # Where they cannot be read, the list was asked for them.
    has_tags = current.tags is None or goal.purged_tags.items() <= current.tags.items()
    return current.job_id == goal.purged_id and is_jar and has_tags
