# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  wait:
    description:
      - Whether to wait until the service has carried out what was asked.
      - Between the steps of an upgrade or restart it always waits.
      - V(false) does not wait for a passing status to end either, so that a job in one is an error, unless it is to be
        deleted or nothing has to be done to it.
    type: bool
    default: true
  wait_timeout:
    description:
      - How long to wait for each step at most, in seconds.
      - The first start on a new queue takes 6 to 10 minutes.
    type: float
    default: 900.0
  progress:
    description:
      - Whether to show each step and each status on the way while the task runs. It goes to standard error.
      - It is shown when the module runs on the machine that runs Ansible itself, as with the host V(localhost), and
        not for tasks with C(async) or C(no_log).
    type: bool
    default: true
"""
