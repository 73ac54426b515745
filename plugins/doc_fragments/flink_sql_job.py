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
      - Id of a template whose SQL a new job gets. It has no effect on an existing job, or together with O(sql_body).
    type: int
  job_type:
    description:
      - Type of the job. It can be set when the job is created, and not later. The service's default is
        V(flink_opensource_sql_job).
    type: str
    choices: [flink_opensource_sql_job, flink_sql_job]
  run_mode:
    description:
      - Kind of cluster that the job runs on. V(shared_cluster), the service's default, accepts only jobs with
        O(job_type=flink_sql_job).
    type: str
    choices: [shared_cluster, exclusive_cluster, edge_node]
  udf_jar_url:
    description:
      - JAR file with functions for the SQL.
      - An V(obs://) path, or the name of a package uploaded to DLI. With Flink 1.15 the service advises against such
        packages, and later versions take packages only from OBS.
    type: str
  idle_state_retention:
    description:
      - How long idle state is kept, in seconds. The service's default is 3600.
    type: int
  dirty_data_strategy:
    description:
      - What happens to data that cannot be read. V(0), the service's default, ignores it. V(1) lets the job fail. V(2:)
        followed by a path in OBS saves it there.
    type: str
  edge_group_ids:
    description:
      - Ids of the groups of edge nodes that the job runs on.
      - For a new job this is known from the vendor's clients; the public API reference has it for updates only.
    type: list
    elements: str
  operator_config:
    description:
      - Parallelism of single operators, as a dictionary or a JSON string. The stream graph has their ids.
      - A new job does not accept it, so the module updates the job after creating it.
    type: json
  static_estimator_config:
    description:
      - Traffic or hit ratio of single operators, as a dictionary or a JSON string.
      - A new job does not accept it, so the module updates the job after creating it.
    type: json
  flink_version:
    description:
      - Flink version, in quotes, such as V("1.15").
    type: str
"""
