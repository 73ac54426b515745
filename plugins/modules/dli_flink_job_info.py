#!/usr/bin/python
# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dli_flink_job_info
short_description: List and read Flink jobs on Data Lake Insight
version_added: 0.1.0
author:
  - the otc.dli authors (@otc-dli)
description:
  - Returns the Flink jobs of Data Lake Insight (DLI), the managed Apache Flink of Open Telekom Cloud, all of them or
    those that match every given option. When no job matches, the list is empty, and the task succeeds.
notes:
  - The list takes one request for each 100 jobs. O(job_id) takes one more, and so does O(name) unless O(details) is
    V(false). O(execution_plan) and O(stream_graph) take one more for each job that can have one.
extends_documentation_fragment:
  - otc.dli.auth
  - otc.dli.selection
  - otc.dli.concurrency
  - otc.dli.attributes
options:
  details:
    description:
      - Whether to return all fields of each job, or V(false) for a summary.
      - A summary makes the response for many jobs smaller. According to the service's documentation, only a summary has
        C(user_name).
    type: bool
    default: true
  execution_plan:
    description:
      - Whether to ask for Flink's own view of each job too. It takes one request for each job that is not a draft.
    type: bool
    default: false
  stream_graph:
    description:
      - Which stream graph of each SQL job to ask for too. It takes one request for each SQL job. The service makes it
        from the job's SQL and runs nothing.
      - The service does so for jobs of the type C(flink_opensource_sql_job) on Flink 1.10 and 1.12. For other jobs it
        rejects the request. They have no graph, and a warning says why.
      - Needs O(details).
    type: str
    choices: [simple_graph, job_graph]
  show_tags:
    description:
      - Whether to read the tags of each job too. It takes one request for each job.
      - Where the service has no such request, or this user may not use it, a warning says so.
    type: bool
    default: false
  show_entrypoint_args:
    description:
      - Whether to show C(entrypoint_args), which can contain secrets. This module does not know which words are secret.
        With V(true), all of them are in the result, and in every log of it.
      - Of a SQL job it shows the string literals and comments of C(sql_body), but no values of sensitive options and
        settings.
    type: bool
    default: false
seealso:
  - module: otc.dli.dli_flink_job_audit
  - module: otc.dli.dli_flink_job_adopt
  - module: otc.dli.dli_flink_jar_job
  - module: otc.dli.dli_flink_sql_job
  - name: Data Lake Insight API reference
    description: What the service documents of the operations behind this module.
    link: https://docs.otc.t-systems.com/data-lake-insight/api-ref/flink_job-related_apis/index.html
"""

EXAMPLES = r"""
- name: Read one job
  otc.dli.dli_flink_job_info:
    name: orders-enrichment
  register: found

- name: Fail unless it runs
  ansible.builtin.assert:
    that: found.jobs | map(attribute='status') == ['job_running']

- name: Find failed JAR jobs of a queue, and how long they ran
  otc.dli.dli_flink_job_info:
    queue_name: streaming
    job_type: flink_jar_job
    status: job_running_exception
    execution_plan: true

- name: Find all jobs that are down
  otc.dli.dli_flink_job_info:
    status: [job_submit_fail, job_running_exception, job_cancel_fail, job_arrearage_stopped]
    details: false

- name: Find the ids of the operators of a SQL job
  otc.dli.dli_flink_job_info:
    name: orders-hourly
    stream_graph: job_graph
  register: found

- name: List all jobs of a team, without details
  otc.dli.dli_flink_job_info:
    tags:
      team: orders
    details: false

- name: See the arguments of a job that are known to hold no secret
  otc.dli.dli_flink_job_info:
    job_id: 131
    show_entrypoint_args: true
"""

RETURN = r"""
jobs:
  description:
    - The jobs, in the order of the service, newest first. Each has all that RV(otc.dli.dli_flink_jar_job#module:job)
      describes, and what is described here. A SQL job has the fields of M(otc.dli.dli_flink_sql_job) instead.
    - Fields that the service does not return are V(null). In particular, its list leaves out C(resource_config) and
      C(resource_config_version), unless O(name) or O(job_id) is given.
    - With O(details=false) each job has C(job_id), C(name), C(job_type), C(status), C(status_desc), C(desc),
      C(queue_name), C(user_name), C(has_savepoint), C(savepoint_path), C(restart_times), C(create_time) and
      C(start_time).
  returned: success
  type: list
  elements: dict
  contains:
    job_type:
      description:
        - Type of the job.
      type: str
      sample: flink_jar_job
    user_name:
      description:
        - Name of the user who created the job. The service documents it for O(details=false) only.
      type: str
      sample: streaming-ci
    entrypoint_args:
      description:
        - Arguments of the main class, masked unless O(show_entrypoint_args) is set.
      type: str
      sample: "********"
    sql_body:
      description:
        - The SQL of a SQL job. String literals and comments in it are masked unless O(show_entrypoint_args) is set, and
          values of sensitive options and settings (C(SET)) always.
      type: str
      sample: INSERT INTO sink SELECT * FROM orders
    runtime_config:
      description:
        - Flink settings of the job. Values that Flink treats as sensitive are masked.
      type: dict
      sample:
        table.exec.state.ttl: "3600000"
    stream_graph:
      description:
        - The stream graph that the service makes from the SQL, as the service returns it. The ids in its
          C(operator_list) are those for O(otc.dli.dli_flink_sql_job#module:operator_config).
        - String literals in it are masked as those of C(sql_body) are.
        - V(null) for other jobs, and if the service has none.
      returned: when O(stream_graph) is given
      type: dict
      sample: {}
    tags:
      description:
        - Tags of the job, without those of the service itself; V(null) where they cannot be read.
      returned: with O(show_tags)
      type: dict
      sample: {team: orders}
    execution_plan:
      description:
        - Flink's own view of the job; V(null) for a job that never ran, or if the service has none.
        - C(vertices), C(plan), C(timestamps), C(status_counts) and C(now) are what the service returns of them, as it
          is, and V(null) where it returns none. Of a SQL job, what can be secret in the names of operators is masked.
      returned: with O(execution_plan)
      type: dict
      sample:
        jid: 2b5a9f0c1d3e4a5b8c7d6e5f4a3b2c1d
        name: orders-enrichment
        is_stoppable: false
        state: RUNNING
        start_time: 1578467395713
        end_time: -1
        duration: 73000
        now: 1578467468713
        vertices:
          - id: bc764cd8ddf7a0cff126f51c16239658
            name: "Source: events"
            concurrency: 1
            status: RUNNING
  sample:
    - job_id: 131
      name: orders-enrichment
      job_type: flink_jar_job
      status: job_running
      status_desc: ""
      queue_name: streaming
      cu_number: 4
      parallel_number: 6
      has_savepoint: true
      savepoint_path: obs://example-bucket/jobs/savepoint/131/1578467395713/
      restart_times: 0
      start_time: 1578467395713
count:
  description:
    - Number of jobs that match.
  returned: success
  type: int
  sample: 1
retries:
  description:
    - Requests that were sent again, see RV(otc.dli.dli_flink_jar_job#module:retries).
  returned: when requests had to be repeated
  type: dict
  sample:
    requests: 2
    seconds: 1.7
error:
  description:
    - The known facts about a failure, see RV(otc.dli.dli_flink_jar_job#module:error).
  returned: failure
  type: dict
  sample:
    type: AccessDenied
    operation: GET /v1.0/330e068af1334c9782f4226acc00a2e2/streaming/jobs
    http_status: 403
    error_code: DLI.0016
    message: The role has no right to list jobs.
    request_id: 0d4a8e1c-9c2b-4f0a-8f3e-5f0f4f3a2b1c
"""

from ..module_utils import _compile_once
from ..module_utils._info.query import query_from_params, query_jobs, query_options
from ..module_utils._info.selection import selection_options
from ..module_utils._model.fleet import concurrency_options
from ..module_utils._module import auth_options, run_module

del _compile_once  # being imported first is all that it is for


def main():
    run_module(
        {**auth_options(), **selection_options(), **query_options(), **concurrency_options()},
        query_from_params,
        lambda api, query, _run: query_jobs(api, query),
    )


if __name__ == "__main__":
    main()
