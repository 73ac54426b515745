# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task wants of one job, from its options; the same for the module of one job and for that of a fleet."""

from __future__ import annotations

from typing import NamedTuple

from .checks import check_seconds
from .fields import JAR, JobKind, job_options
from .rules import check_spec
from .spec import JobSpec, spec_from_params

STATES = ("present", "started", "stopped", "restarted", "absent")
UPGRADE_MODES = ("savepoint", "stateless", "fail")


class Lifecycle(NamedTuple):
    """How a task wants jobs to be started, stopped and upgraded; the defaults are those of the modules' options.

    :param trigger_savepoint: whether a stop makes a savepoint.
    :param resume_savepoint: whether a start resumes from the savepoint; None for: where there is one.
    :param upgrade_mode: one of C(UPGRADE_MODES), for changes that need a stop.
    :param rollback: whether an upgrade that fails is undone.
    :param health_window: seconds that an upgraded job must stay running.
    """

    trigger_savepoint: bool = True
    resume_savepoint: bool | None = None
    upgrade_mode: str = "savepoint"
    rollback: bool = True
    health_window: float = 30.0


DEFAULTS = Lifecycle()


class Goal(NamedTuple):
    """What a task wants of one job.

    :param state: one of C(STATES).
    :param purged_id: the id of a job that the task does not list, and is to go for that; None for a listed one.
    :param purged_tags: the tags without which that job may not go.
    """

    spec: JobSpec
    state: str = "present"
    lifecycle: Lifecycle = DEFAULTS
    purged_id: int | None = None
    purged_tags: dict = {}

    @property
    def saves_before_deletion(self) -> bool:
        """Whether a job that may run is stopped with a savepoint before it is deleted."""
        return self.state == "absent" and self.purged_id is not None and self.lifecycle.trigger_savepoint


def goal_options(kind: JobKind = JAR) -> dict:
    """Return the part of the argument spec that describes a job and what shall become of it."""
    return {
        **job_options(kind),
        **lifecycle_options(),
        "state": {"type": "str", "choices": list(STATES), "default": "present"},
    }


def lifecycle_options() -> dict:
    """Return the part of the argument spec about starting, stopping and upgrading jobs."""
    return {
        "trigger_savepoint": {"type": "bool", "default": DEFAULTS.trigger_savepoint},
        "resume_savepoint": {"type": "bool"},
        "upgrade_mode": {"type": "str", "choices": list(UPGRADE_MODES), "default": DEFAULTS.upgrade_mode},
        "rollback": {"type": "bool", "default": DEFAULTS.rollback},
        "health_window": {"type": "float", "default": DEFAULTS.health_window},
    }


def goal_from_params(params: dict, kind: JobKind = JAR) -> Goal:
    """Return what a module's parameters ask for.

    :raises InvalidInput: with the first rule that is broken.
    """
    spec = spec_from_params(params, kind)
    check_spec(spec)
    check_seconds("health_window", params["health_window"])
    return Goal(spec, params["state"], Lifecycle(**{name: params[name] for name in lifecycle_options()}))
