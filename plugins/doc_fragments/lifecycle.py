# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  state:
    description:
      - V(present) creates the job, or changes it as described. It neither starts nor stops the job, so a new job is a
        draft.
      - V(started) does the same, and makes sure that the job runs. A bounded job that has finished stays finished.
      - V(stopped) does the same, and makes sure that the job does not run.
      - V(restarted) does the same, stops the job if it runs, and starts it.
      - V(absent) deletes the job in any status. With O(wait) it waits until the service no longer lists the job. The
        state of a running job is lost.
    type: str
    choices: [present, started, stopped, restarted, absent]
    default: present
  trigger_savepoint:
    description:
      - Whether O(state=stopped) and O(state=restarted) stop a job with a savepoint. With O(state=started),
        O(upgrade_mode) decides.
      - The job must show the savepoint after the stop. Otherwise the task fails and reports the status of the job.
    type: bool
    default: true
  resume_savepoint:
    description:
      - Whether a job is started from its savepoint. With V(true), the task fails if the job has none, or would be
        stopped without one. With V(false), the job starts with empty state.
      - Left out, a job resumes from its savepoint if it has one. A job that has run and has none is not started,
        because its state would be lost. Neither is a stopped job that shows only a savepoint from before its last
        start. A job that this task has not stopped itself gets 15 seconds to show a newer savepoint. V(true) starts it
        at once.
    type: bool
  upgrade_mode:
    description:
      - What O(state=started) does if a change needs the running job to be stopped. With O(state=restarted),
        O(trigger_savepoint) decides.
      - V(savepoint) stops the job with a savepoint, verifies the savepoint, changes the job and resumes it.
      - V(stateless) stops the job without a savepoint, changes it and starts it with empty state.
      - V(fail) changes nothing, and reports which fields need a stop.
    type: str
    choices: [savepoint, stateless, fail]
    default: savepoint
  rollback:
    description:
      - Whether an upgrade with a savepoint is rolled back if the new version fails at its start or within
        O(health_window), or is still being started after O(wait_timeout). A rollback restores the previous definition
        and resumes from the savepoint. The task still fails, and reports what happened.
      - A rollback does not take back what the new version has already written. With checkpoints its sinks may have
        committed records, which the previous version then writes again.
    type: bool
    default: true
  health_window:
    description:
      - How long a job must keep running without a restart after each start to count as started, in seconds.
      - With V(0) the job is not watched, and neither is it without O(wait).
    type: float
    default: 30.0
"""
