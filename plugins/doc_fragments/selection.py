# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  name:
    description:
      - Only the job of exactly this name, letter case included.
    type: str
    aliases: [job_name]
  job_id:
    description:
      - Only the job of this id. Other options must match too.
    type: int
    aliases: [id]
  status:
    description:
      - Only jobs in one of these statuses.
      - The service's list takes one status. With several, the module lists all jobs if that takes no more requests
        than one list for each status.
    type: list
    elements: str
    choices:
      - job_init
      - job_submitting
      - job_submit_fail
      - job_running
      - job_running_exception
      - job_downloading
      - job_idle
      - job_savepointing
      - job_canceling
      - job_cancel_success
      - job_cancel_fail
      - job_finish
      - job_arrearage_stopped
      - job_arrearage_recovering
  queue_name:
    description:
      - Only jobs of this queue.
    type: str
    aliases: [queue]
  tags:
    description:
      - Only jobs that have all of these tags.
      - The service compares them, and does not document how. A key or value must not contain a comma.
    type: dict
  job_type:
    description:
      - Only jobs of this type.
    type: str
    choices: [flink_jar_job, flink_opensource_sql_job, flink_sql_job, flink_sql_edge_job]
  user_name:
    description:
      - Only jobs of this user.
    type: str
  root_job_id:
    description:
      - Only jobs that have this job as their parent. The filter is known from the vendor's SDK, and not documented.
    type: int
  sys_enterprise_project_name:
    description:
      - Only jobs of this enterprise project. The filter is known from the vendor's SDK, and not documented.
    type: str
    aliases: [enterprise_project]
notes:
  - The service lists the jobs of the user whose credentials are used. A deleted job is not listed, and neither is a job
    of another user. A job that is shared without the right to view it can be in the list while its detail is refused.
    Then there is a warning, and what the list shows.
  - The list of jobs does not have their tags. O(tags) finds jobs by them.
attributes:
  check_mode:
    description: The module only reads, so check mode does the same.
  diff_mode:
    support: N/A
    description: The module only reads, so there is no difference to show.
  idempotent:
    description: The module only reads.
"""
