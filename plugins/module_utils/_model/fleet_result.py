# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task for many jobs returns: what became of each of them."""

from __future__ import annotations

from dataclasses import dataclass

from .._errors import DliError, FleetError
from .tags import tags_warnings

UNCHANGED = "unchanged"
CHANGED = "changed"
FAILED = "failed"
NOT_ATTEMPTED = "not_attempted"

_SHOWN_OF_A_JOB = ("changes", "actions", "risks", "notes", "savepoint_path")


@dataclass(frozen=True)
class JobEnd:
    """What became of one job of a fleet.

    :param name: its name; None where only its id is known.
    :param label: how messages call it.
    :param job_id: None where it is not known.
    :param verdict: one of the four above.
    :param result: what a task for this job alone returns, redacted.
    :param is_purged: whether it is here because the task does not list it.
    :param is_gone: whether it is deleted, or in check mode would be.
    :param failure: the error that it ended in.
    :param tags_problem: why its tags are unconfirmed, "" when they are not.
    """

    name: str | None
    label: str
    job_id: int | None
    verdict: str
    result: dict
    is_purged: bool = False
    is_gone: bool = False
    failure: DliError | None = None
    tags_problem: str = ""

    def report(self) -> dict:
        """Return what the result says of the job."""
        job = self.result.get("job") or {}
        report = {
            "name": self.name or job.get("name"),
            "job_id": job.get("job_id") or self.job_id,
            "verdict": self.verdict,
            "changed": self.verdict == CHANGED or bool(self.result.get("changed") and self.failure),
            "purged": self.is_purged,
            "status": None,
        }
        if self.verdict != NOT_ATTEMPTED:
            # What was not attempted is not as its plan has it, and what was deleted has no status.
            report["status"] = None if self.is_gone else job.get("status")
            report.update({key: self.result[key] for key in _SHOWN_OF_A_JOB if self.result.get(key)})
        if self.failure:
            report.update({"msg": str(self.failure), "error": self.failure.details()})
        return report


def fleet_result(ends: list[JobEnd]) -> dict:
    """Return what the module returns.

    :raises FleetError: some jobs failed; it has the same result as a success.
    """
    counts = dict.fromkeys((CHANGED, UNCHANGED, FAILED, NOT_ATTEMPTED), 0)
    for end in ends:
        counts[end.verdict] += 1
    reports = [end.report() for end in ends]
    result = {
        "changed": any(report["changed"] for report in reports),
        "counts": counts,
        "jobs": reports,
        "diff": [end.result["diff"] for end in ends if end.verdict == CHANGED],
        "warnings": [warning for end in ends for warning in end.result.get("warnings", ())]
        + tags_warnings((end.label, end.tags_problem) for end in ends),
    }
    if counts[FAILED]:
        raise FleetError(_sentence(ends, counts), result)
    return result


def _sentence(ends, counts):
    failed = [end for end in ends if end.failure]
    left = counts[NOT_ATTEMPTED]
    rest = f", {left} {'was' if left == 1 else 'were'} not attempted" if left else ""
    first = failed[0]
    others = f" So did {', '.join(end.label for end in failed[1:])}." if len(failed) > 1 else ""
    count = f"{len(failed)} of {len(ends)} Flink jobs failed{rest}."
    reason = str(first.failure)
    return f"{count} {reason if reason.startswith(first.label) else f'{first.label} failed with: {reason}'}{others}"
