# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  sql_body:
    description:
      - The SQL that the job runs, at most 1048576 characters. Line breaks and spaces at its ends make no difference.
      - Values of sensitive options in it, such as C('password'), are never shown.
    type: str
  template_id:
    description:
      - Id of a template whose SQL a new job gets. Without effect on an existing job, and when O(sql_body) is given.
    type: int
  job_type:
    description:
      - Type of the job. Set when the job is created; the service's default is V(flink_opensource_sql_job).
    type: str
    choices: [flink_opensource_sql_job, flink_sql_job]
  run_mode:
    description:
      - Kind of cluster that the job runs on. V(shared_cluster), the service's default, takes only jobs with
        O(job_type=flink_sql_job).
    type: str
    choices: [shared_cluster, exclusive_cluster, edge_node]
  udf_jar_url:
    description:
      - JAR file with functions for the SQL.
      - For Flink 1.15 and later an V(obs://) path; before, the name of a package that was uploaded to DLI.
    type: str
  idle_state_retention:
    description:
      - Seconds that idle state is kept. The service's default is 3600.
    type: int
  dirty_data_strategy:
    description:
      - What becomes of data that cannot be read. V(0), the service's default, ignores it, V(1) lets the job fail, and
        V(2:) followed by a path in OBS saves it there.
    type: str
  edge_group_ids:
    description:
      - Ids of the groups of edge nodes that the job runs on.
      - For a new job this is known from the vendor's clients; the public API reference has it for updates only.
    type: list
    elements: str
  operator_config:
    description:
      - Parallelism of single operators, as a dictionary or its text in JSON. The stream graph tells their ids.
      - A new job does not take it, so its creation is followed by an update.
    type: json
  static_estimator_config:
    description:
      - Traffic or hit ratio of single operators, as a dictionary or its text in JSON.
      - A new job does not take it, so its creation is followed by an update.
    type: json
  flink_version:
    description:
      - Flink version, in quotes, such as V("1.15").
    type: str
"""
