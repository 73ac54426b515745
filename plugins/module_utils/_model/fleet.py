# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task wants of a fleet, from its options: a goal for each job, how to roll it out, and what to purge."""

from __future__ import annotations

from dataclasses import dataclass, field

from .._errors import InvalidInput
from .._text import quoted
from .canonical import tag_strings
from .checks import check_name, check_number, check_seconds
from .goal import Goal, Lifecycle, goal_from_params, goal_options
from .job import ObservedJob
from .part_rules import check_tags
from .spec import JobSpec
from .tags import canonical_tags, check_filter

# What names a job cannot be the same for several.
_IDENTITY = ("name", "job_id")
MOST_CONCURRENT = 64


@dataclass(frozen=True)
class Rollout:
    """How changes reach the jobs of a fleet.

    :param batch_size: how many jobs are changed concurrently; 0 for all.
    :param canaries: how many jobs, the first ones of the list, are changed before all others.
    :param canary_jobs: the names of these jobs instead.
    :param canary_health_window: seconds that these jobs have to stay running, in place of their own; None for those.
    :param max_failures: how many jobs may fail before no further ones are changed.
    """

    batch_size: int = 0
    canaries: int = 0
    canary_jobs: tuple[str, ...] = ()
    canary_health_window: float | None = None
    max_failures: int = 0


@dataclass(frozen=True)
class Purge:
    """What is to become of jobs that the task does not list.

    :param state: C(absent) or C(stopped).
    :param name_prefix: only jobs whose names begin so; "" for any name.
    :param tags: only jobs with these tags.
    :param trigger_savepoint: whether jobs that run are stopped with a savepoint first.
    :param most: how many jobs there may be; with more, nothing is changed.
    """

    state: str
    name_prefix: str = ""
    tags: dict = field(default_factory=dict)
    trigger_savepoint: bool = True
    most: int = 5

    def goal(self, job: ObservedJob) -> Goal:
        """Return what is to become of an unlisted job."""
        return Goal(
            JobSpec(job.name),
            self.state,
            Lifecycle(trigger_savepoint=self.trigger_savepoint),
            purged_id=job.job_id,
            purged_tags=canonical_tags(self.tags),
        )


@dataclass(frozen=True)
class FleetTask:
    """What a task wants.

    :param purge: None to leave unlisted jobs alone.
    """

    goals: list[Goal]
    rollout: Rollout
    purge: Purge | None = None


def fleet_options() -> dict:
    """Return the part of the argument spec that is about a fleet."""
    desired = desired_options()
    return {
        "jobs": {**desired["jobs"], "required": True},
        "defaults": desired["defaults"],
        **concurrency_options(),
        "batch_size": {"type": "int"},
        "canaries": {"type": "int", "default": 0},
        "canary_jobs": {"type": "list", "elements": "str", "default": []},
        "canary_health_window": {"type": "float"},
        "max_failures": {"type": "int", "default": 0},
        "purge": {"type": "bool", "default": False},
        "purge_scope": {"type": "dict", "options": {"name_prefix": {"type": "str"}, "tags": {"type": "dict"}}},
        "purge_state": {"type": "str", "choices": ["absent", "stopped"], "default": "absent"},
        "purge_trigger_savepoint": {"type": "bool", "default": Purge.trigger_savepoint},
        "max_purged": {"type": "int", "default": Purge.most},
        "allow_empty": {"type": "bool", "default": False},
    }


def concurrency_options() -> dict:
    """Return the part of the argument spec about how many requests may be in flight concurrently."""
    return {"concurrency": {"type": "int", "default": 4}}


def desired_options() -> dict:
    """Return the part of the argument spec that lists the jobs of a fleet."""
    of_a_job = {name: _without_default(option) for name, option in goal_options().items()}
    of_all = {name: option for name, option in of_a_job.items() if name not in _IDENTITY}
    return {
        "jobs": {"type": "list", "elements": "dict", "options": of_a_job},
        "defaults": {"type": "dict", "options": of_all},
    }


def task_from_params(params: dict) -> FleetTask:
    """Return what a module's parameters ask for.

    :raises InvalidInput: with the first rule that is broken, and in which job.
    """
    _check_numbers(params)
    _check_canaries(params)
    goals = goals_from_params(params)
    names = {goal.spec.name for goal in goals}
    for name in params["canary_jobs"]:
        if name not in names:
            raise InvalidInput(f"canary_jobs has {quoted(name)}, but jobs has no job of that name.")
    rollout = Rollout(
        params["batch_size"] or 0,
        params["canaries"],
        tuple(params["canary_jobs"]),
        params["canary_health_window"],
        params["max_failures"],
    )
    return FleetTask(goals, rollout, _purge(params))


def _check_canaries(params):
    count, names, window = params["canaries"], params["canary_jobs"], params["canary_health_window"]
    if count and names:
        raise InvalidInput(f"canaries is {count}, but canary_jobs names the canaries; only one of them can be given.")
    if (count or names) and not params["wait"]:
        given = f"canaries is {count}" if count else "canary_jobs is given"
        raise InvalidInput(f"{given}, but wait is false; only who waits for a canary learns whether it fails.")
    if window is not None:
        check_seconds("canary_health_window", window)
        if not count and not names:
            raise InvalidInput(
                f"canary_health_window is {window:g}, but there are no canaries; canaries or canary_jobs has to say "
                "which jobs these are."
            )


def _without_default(option):
    """What a job leaves out is taken from the defaults of the task, so Ansible must not fill it in."""
    return {key: value for key, value in option.items() if key != "default"}


def goals_from_params(params: dict) -> list[Goal]:
    """Return what a module's parameters C(jobs) and C(defaults) ask for, a goal for each job.

    :raises InvalidInput: with the first rule that is broken, and in which job.
    """
    defaults = params["defaults"] or {}
    fallbacks = {name: option.get("default") for name, option in goal_options().items()}
    goals: list[Goal] = []
    seen: set = set()
    for number, job in enumerate(params["jobs"], start=1):
        merged = dict(fallbacks)
        for given in (defaults, job):
            merged.update({name: value for name, value in given.items() if name in merged and value is not None})
        try:
            goal = goal_from_params(merged)
        except InvalidInput as exc:
            raise InvalidInput(f"{_which(job, number)} of jobs: {exc}") from exc
        identity = {value for value in (goal.spec.name, goal.spec.job_id) if value is not None}
        if identity & seen:
            raise InvalidInput(f"{_which(job, number)} of jobs is in the list twice, but must be in it once.")
        seen |= identity
        goals.append(goal)
    return goals


def unlisted(jobs: list[ObservedJob], goals: list[Goal]) -> list[ObservedJob]:
    """Return the jobs that no goal names, be it by name or by id."""
    listed = {identity for goal in goals for identity in (goal.spec.name, goal.spec.job_id)}
    return [job for job in jobs if not {job.name, job.job_id} & listed]


def duplicates(job_ids):
    """Yield the numbers of two jobs of a task that are the same one, which only the service knows.

    :param job_ids: the id of each job, None where there is none.
    """
    numbers: dict[int, int] = {}
    for number, job_id in enumerate(job_ids, start=1):
        first = number if job_id is None else numbers.setdefault(job_id, number)
        if first != number:
            yield first, number


def duplicate_sentence(first: int, number: int, job_id: int, name: str) -> str:
    """Say that two jobs of a task are the same one, without an end."""
    return f"Jobs {first} and {number} of jobs are the same job, {job_id} ({name})"


def _which(job, number):
    if job.get("name"):
        return f"Job {quoted(job['name'])}"
    return f"Job {number}" if job.get("job_id") is None else f"Job with job_id {quoted(job['job_id'])}"


def _purge(params):
    scope = params["purge_scope"] or {}
    prefix, tags = scope.get("name_prefix") or "", tag_strings(scope.get("tags") or {})
    if not params["purge"]:
        return None
    if not prefix and not tags:
        raise InvalidInput(
            "purge is true, but purge_scope has neither name_prefix nor tags; one of them must say which jobs may go."
        )
    if not params["jobs"] and not params["allow_empty"]:
        raise InvalidInput(
            "purge is true, but jobs is empty, so that every job of purge_scope would go; set allow_empty to true if "
            "that is meant."
        )
    if prefix:
        check_name("purge_scope.name_prefix", prefix)
    check_tags("purge_scope.tags", tags)
    for key, value in tags.items():
        if not value:
            raise InvalidInput(f"purge_scope.tags has the key {quoted(key)} without a value, which may stand for any.")
    check_filter("purge_scope.tags", tags)
    return Purge(params["purge_state"], prefix, tags, params["purge_trigger_savepoint"], params["max_purged"])


def check_concurrency(params: dict) -> None:
    """Check how many requests may be in flight concurrently.

    :raises InvalidInput: it is none, or too many.
    """
    check_number("concurrency", params["concurrency"], 1, MOST_CONCURRENT)


def _check_numbers(params):
    check_concurrency(params)
    for name, least in (("batch_size", 1), ("canaries", 0), ("max_failures", 0), ("max_purged", 0)):
        value = params[name]
        if value is not None and value < least:
            raise InvalidInput(f"{name} is {quoted(value)}, but must be {least} or more.")
