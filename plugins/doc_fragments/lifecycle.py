# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  state:
    description:
      - V(present) creates the job or changes it to what is described. It never starts or stops it, so a new job is a
        draft.
      - V(started) does the same, and sees that the job runs. A bounded job that has finished is left finished.
      - V(stopped) does the same, and sees that the job does not run.
      - V(restarted) does the same, and stops the job, if it runs, and starts it.
      - V(absent) deletes it, whatever its status, and with O(wait) waits until the service lists it no longer.
        The state of a running job is lost then.
    type: str
    choices: [present, started, stopped, restarted, absent]
    default: present
  trigger_savepoint:
    description:
      - Whether a job is stopped with a savepoint, for O(state=stopped) and O(state=restarted). With O(state=started)
        it is O(upgrade_mode) that decides.
      - The stop counts only when the job then shows the savepoint; otherwise the task fails and says where the job is.
    type: bool
    default: true
  resume_savepoint:
    description:
      - Whether a job is started from its savepoint. V(true) fails when there is none, or when the job would be stopped
        without one. V(false) starts with empty state.
      - Left out, a job resumes from its savepoint where it has one. A job that has failed and has none is not started
        then, because its state would be lost.
    type: bool
  upgrade_mode:
    description:
      - What O(state=started) does about changes of a running job that it takes only when it is stopped. With
        O(state=restarted) it is O(trigger_savepoint) that decides.
      - V(savepoint) stops it with a savepoint, verifies that, changes the job and resumes it.
      - V(stateless) stops it without a savepoint, changes it and starts it with empty state.
      - V(fail) changes nothing and says what would need a stop.
    type: str
    choices: [savepoint, stateless, fail]
    default: savepoint
  rollback:
    description:
      - Whether an upgrade with a savepoint is undone when the new version does not start within O(wait_timeout), or
        fails within O(health_window). The former definition is restored and resumes from the savepoint; the task
        fails and tells what happened.
      - What the new version has already written is not undone. With checkpoints its sinks may have committed records,
        which the former version then writes again.
    type: bool
    default: true
  health_window:
    description:
      - How long an upgraded job must stay running, without being restarted, to count as started, in seconds.
    type: float
    default: 30.0
"""
