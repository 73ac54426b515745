# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has happened to jobs between two lists of them: the events of the event source dli_flink_jobs."""

from __future__ import annotations

from .._model.job import ObservedJob, OddJob
from .._model.status import DOWN

# What is remembered of a job: all that says whether another response is older, and the savepoint that it had.
_REMEMBERED = ("job_id", "name", "status", "start_time", "update_time", "restart_times", "savepoint_path")


def transitions(
    known: dict[str, dict], jobs: list[ObservedJob], odd: list[OddJob], now: float, failures_within: float
) -> tuple[list[dict], dict[str, dict]]:
    """Return the events since jobs were listed before, raw, and what is to be remembered until the next time.

    A job that runs by another start has had a transition too, even if its status is the same: it has failed or was
    stopped, and was started again, between the two lists. Replicas of the service may be behind: what is older than
    what is known counts for nothing, and a job is gone when two lists in a row do not have it.

    :param known: what was remembered, by the id of a job as a string; {} at first.
    :param jobs: all jobs that are watched, as the list has them.
    :param odd: those of them of which the list shows nothing to rely on.
    :param now: the present, in seconds since 1970.
    :param failures_within: how long a failure counts, in seconds.
    """
    events, remembered = [], {}
    for job in jobs:
        key = str(job.job_id)
        before = known.get(key)
        if before and job.is_older_than(ObservedJob(before, "list")):
            remembered[key] = before
            continue
        failures = [time for time in before["failures"] if now - time < failures_within] if before else []
        if not before or (job.status, job.start_time) != (before["status"], before["start_time"]):
            is_down = job.status in DOWN
            # That a job is down when it is first seen says nothing about when it failed, or who knows of it.
            failures += [now] if is_down and before else []
            events.append(_event(job.as_summary(), before, job.status, is_down, len(failures)))
        facts = {**job.facts(), "start_time": job.start_time, "restart_times": job.restart_times}
        remembered[key] = {**{name: facts[name] for name in _REMEMBERED}, "failures": failures}
    shown = {str(job.job_id) for job in odd}
    for key, before in known.items():
        if key in remembered:
            continue
        if key in shown or not before.get("is_missing"):
            remembered[key] = {**before, "is_missing": key not in shown}
        else:
            gone = {"job_id": before["job_id"], "name": before["name"]}
            events.append(_event(gone, before, None, False, 0))
    return events, remembered


def _event(job, before, after, is_down, failures):
    return {
        "job": job,
        "before": before["status"] if before else None,
        "after": after,
        "down": is_down,
        "failures": failures if is_down else 0,
        "savepoint_before": (before or {}).get("savepoint_path"),
    }
