# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The statuses of a Flink job, and what each means for a plan.

Documented in the list and detail pages of the API reference; the two about arrears only in the list page.
"""

from __future__ import annotations

from typing import NamedTuple


class Status(NamedTuple):
    """What a status means.

    :param settled: whether it stays until somebody acts; any other is transitional.
    :param may_run: whether the job may be executing, so that an update can be rejected or disturb it.
    :param on_the_way_to: the desired state that it leads to, when it is known to.
    """

    settled: bool = True
    may_run: bool = False
    on_the_way_to: str = ""


DRAFT = "job_init"
RUNNING = "job_running"
FINISHED = "job_finish"
STOPPED = "job_cancel_success"
STOP_FAILED = "job_cancel_fail"
FAILED = "job_running_exception"
SUBMIT_FAILED = "job_submit_fail"
SAVEPOINTING = "job_savepointing"
IN_ARREARS = "job_arrearage_stopped"
SUBMITTING = "job_submitting"
STOPPING = "job_canceling"
# What a job is in while it runs by one start, and what that start can have ended in.
ALIVE = (RUNNING, SAVEPOINTING, STOPPING)
ENDED = (DRAFT, STOPPED, FAILED, FINISHED, IN_ARREARS)
# What is in one of these has run. What was stopped, or could not be, may have been stopped while it was submitted.
COME_OF_A_RUN = (RUNNING, SAVEPOINTING, FAILED, FINISHED, IN_ARREARS)
# Where a stop ends: the vendor's clients take a draft for a stopped job as well.
STOP_ENDS = (STOPPED, DRAFT)
# Where a job is down, or was not stopped, and stays so until somebody acts.
DOWN = (SUBMIT_FAILED, FAILED, STOP_FAILED, IN_ARREARS)

STATUSES = {
    DRAFT: Status(),
    SUBMITTING: Status(settled=False, may_run=True, on_the_way_to="started"),
    SUBMIT_FAILED: Status(),
    RUNNING: Status(may_run=True),
    FAILED: Status(),
    "job_downloading": Status(settled=False, may_run=True, on_the_way_to="started"),
    "job_idle": Status(),
    SAVEPOINTING: Status(settled=False, may_run=True),
    STOPPING: Status(settled=False, may_run=True, on_the_way_to="stopped"),
    STOPPED: Status(),
    STOP_FAILED: Status(may_run=True),
    FINISHED: Status(),
    IN_ARREARS: Status(),
    "job_arrearage_recovering": Status(settled=False, may_run=True),
}


def status_of(name: str) -> Status:
    """Return what a status means; one that is not documented counts as settled and running, to be careful."""
    return STATUSES.get(name, Status(may_run=True))
