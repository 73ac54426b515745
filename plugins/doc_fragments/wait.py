# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  wait:
    description:
      - Whether to wait until the service has carried out the request.
      - Between the steps of an upgrade or restart, the module always waits.
      - With V(false), the module does not wait for a transitional status to settle either. A job in such a status is
        then an error, unless it is deleted or needs no change.
    type: bool
    default: true
  wait_timeout:
    description:
      - Maximum time to wait for each step, in seconds.
      - The first start on a new queue takes 6 to 10 minutes.
    type: float
    default: 900.0
  progress:
    description:
      - Whether to show each step and each status while the task runs, on standard error.
      - Progress is shown if the module runs on the same machine as Ansible, such as on the host V(localhost). It is not
        shown for tasks with C(async) or C(no_log).
    type: bool
    default: true
"""
