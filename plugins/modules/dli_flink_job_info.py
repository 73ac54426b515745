#!/usr/bin/python
# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dli_flink_job_info
short_description: Find Flink jobs on Data Lake Insight and tell what they are
version_added: 0.1.0
author:
  - the otc.dli authors (@otc-dli)
description:
  - Tells of the Flink jobs of Data Lake Insight (DLI), the managed Apache Flink of Open Telekom Cloud, of all or of
    those that match every given option. No job that matches is an empty list, not an error.
  - With O(report) it also tells what is remarkable about them, such as jobs that are not as a list of jobs describes
    them, and with O(as_tasks) it writes the options of tasks for jobs that were made otherwise.
notes:
  - The service lists the jobs of the user whose credentials are used. A job that it does not list counts as not there,
    which deleted jobs have in common with those of others.
  - The service documents no way to read the tags of a job; O(tags) finds jobs by them.
  - O(jobs) describes JAR jobs. So what compares with it, RV(report.drift), RV(report.missing) and
    RV(report.unmanaged), leaves SQL jobs out.
  - The number of requests is that of the list, one for each 100 jobs. O(report) takes no more, but for fields of
    O(jobs) that the list leaves out, one for each job with such fields, and with both O(jobs) and a filter another
    list, as those that the filter leaves out are looked for too. O(as_tasks) takes one more for each job, unless the
    list tells all of it, and O(execution_plan) and O(stream_graph) one more for each job that has such a thing.
extends_documentation_fragment:
  - otc.dli.auth
  - otc.dli.fleet.desired
  - otc.dli.parallelism
  - otc.dli.attributes
attributes:
  check_mode:
    description: Changes nothing anyway, and does the same in check mode.
  diff_mode:
    support: N/A
    description: Changes nothing, so there is no difference to show.
  idempotent:
    description: Changes nothing.
options:
  name:
    description:
      - Only the job of exactly this name, letter case included.
      - With O(details) it costs one more request, and tells what the service's list leaves out.
    type: str
    aliases: [job_name]
  job_id:
    description:
      - Only the job of this id. Other options must match too.
      - It costs two requests, since neither answer of the service tells everything.
    type: int
    aliases: [id]
  status:
    description: Only jobs in this status.
    type: str
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
    description: Only jobs of this queue.
    type: str
    aliases: [queue]
  tags:
    description:
      - Only jobs that have all of these tags.
      - The service compares them, and how is not documented. No key or value may have a comma.
    type: dict
  job_type:
    description: Only jobs of this type.
    type: str
    choices: [flink_jar_job, flink_opensource_sql_job, flink_sql_job, flink_sql_edge_job]
  user_name:
    description: Only jobs of this user.
    type: str
  details:
    description:
      - Whether to tell all fields of each job, or V(false) for a summary.
      - A summary is a smaller answer of the service for many jobs, and by its documentation the only one with
        C(user_name).
    type: bool
    default: true
  execution_plan:
    description:
      - Whether to ask for Flink's own view of each job too. It costs one request for each job that is not a draft.
    type: bool
    default: false
  stream_graph:
    description:
      - Which stream graph of each SQL job to ask for too. It costs one request for each SQL job. The service makes it
        of the job's SQL and runs nothing.
      - The service does so for jobs of the type C(flink_opensource_sql_job) on Flink 1.10 and 1.12. A job that it
        refuses has none, and a warning says why.
      - Needs O(details).
    type: str
    choices: [simple_graph, job_graph]
  show_entrypoint_args:
    description:
      - Whether to show C(entrypoint_args), which can hold secrets. This module does not know which words are, so with
        V(true) all of them are in the result, and wherever that is logged.
      - Of a SQL job it shows the string literals and comments of C(sql_body), but for values of sensitive options and
        settings.
      - V(false) masks them all, and leaves arguments, and SQL that has any, out of RV(tasks) and RV(sql_tasks).
    type: bool
    default: false
  report:
    description:
      - Whether to report on the jobs that match. RV(report) tells what each finding means.
      - Needs O(details).
    type: bool
    default: false
  stuck_after:
    description:
      - How long a job may be in a status that should pass by itself, in seconds, before O(report) calls it stuck.
      - The service documents no time at which a status began. The age is counted from the latest of the job's times of
        creation, start and change, by the clock of the host that runs the module, so it is an estimate.
    type: float
    default: 900.0
  stale_after:
    description: How old the savepoint of a job that does not run may be, in seconds, before O(report) calls it stale.
    type: float
    default: 604800.0
  as_tasks:
    description:
      - Whether to give, for each job that matches, the options that describe it.
      - Those of a JAR job are in RV(tasks). They are an element of O(otc.dli.dli_flink_jar_jobs#module:jobs), and
        options of M(otc.dli.dli_flink_jar_job). Those of a SQL job are in RV(sql_tasks), and options of
        M(otc.dli.dli_flink_sql_job).
      - To apply them changes nothing. C(state) is not among them, so jobs are neither started nor stopped.
      - Needs O(details).
    type: bool
    default: false
seealso:
  - module: otc.dli.dli_flink_jar_job
  - module: otc.dli.dli_flink_jar_jobs
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

- name: Find failed JAR jobs of a queue, and since when they were up
  otc.dli.dli_flink_job_info:
    queue_name: streaming
    job_type: flink_jar_job
    status: job_running_exception
    execution_plan: true

- name: Find the ids of the operators of a SQL job
  otc.dli.dli_flink_job_info:
    name: orders-hourly
    stream_graph: job_graph
  register: found

- name: List all jobs of a team, in short
  otc.dli.dli_flink_job_info:
    tags:
      team: orders
    details: false

- name: See the arguments of a job that are known to hold no secret
  otc.dli.dli_flink_job_info:
    job_id: 131
    show_entrypoint_args: true

- name: Compare all jobs with their descriptions
  otc.dli.dli_flink_job_info:
    report: true
    defaults:
      queue_name: streaming
      state: started
    jobs: "{{ orders_jobs }}"
  register: audit

- name: Fail when somebody has changed, deleted or added a job by hand
  ansible.builtin.assert:
    that:
      - audit.report.drift == []
      - audit.report.missing == []
      - audit.report.unmanaged == []
    fail_msg: "Not as described: {{ (audit.report.drift + audit.report.missing + audit.report.unmanaged) | to_json }}"

- name: Report on what may need somebody
  otc.dli.dli_flink_job_info:
    report: true
    stuck_after: 1800
  register: audit

- name: Fail when a job is stuck
  ansible.builtin.assert:
    that: audit.report.stuck == []

- name: Describe the jobs that were made in the console
  otc.dli.dli_flink_job_info:
    queue_name: streaming
    as_tasks: true
  register: found

- name: Write the descriptions of the JAR jobs to a file of variables
  ansible.builtin.copy:
    content: "{{ {'orders_jobs': found.tasks} | to_nice_yaml }}"
    dest: "{{ playbook_dir }}/orders_jobs.yml"
    mode: "0600"

- name: Manage the JAR jobs from now on
  otc.dli.dli_flink_jar_jobs:
    jobs: "{{ found.tasks }}"

- name: Write a task for each SQL job
  ansible.builtin.copy:
    content: |
      ---
      {% for job in found.sql_tasks %}
      - name: Manage {{ job.name | default(job.job_id) }}
        otc.dli.dli_flink_sql_job:
          {{ job | to_nice_yaml | indent(4) }}
      {% endfor %}
    dest: "{{ playbook_dir }}/orders_sql_jobs.yml"
    mode: "0600"
"""

RETURN = r"""
jobs:
  description:
    - The jobs, in the order of the service, newest first. Every field is in one normalised form, as in the result of
      M(otc.dli.dli_flink_jar_job).
    - What the service does not tell of a job is V(null). In particular its list leaves out C(resource_config) and
      C(resource_config_version), unless O(name) or O(job_id) is given.
    - With O(details=false) each job has C(job_id), C(name), C(job_type), C(status), C(status_desc), C(desc),
      C(queue_name), C(user_name), C(has_savepoint), C(savepoint_path), C(restart_times), C(create_time) and
      C(start_time).
  returned: success
  type: list
  elements: dict
  contains:
    job_id:
      description: Id of the job.
      type: int
      sample: 131
    name:
      description: Name of the job.
      type: str
      sample: orders-enrichment
    job_type:
      description: Type of the job.
      type: str
      sample: flink_jar_job
    status:
      description: Status of the job, as the service names it.
      type: str
      sample: job_running
    status_desc:
      description: The service's explanation of the status.
      type: str
      sample: ""
    real_cu_number:
      description: CUs that the job really uses; V(0) means as C(cu_number) says.
      type: int
      sample: 0
    has_savepoint:
      description: Whether the job has a savepoint to resume from.
      type: bool
      sample: true
    savepoint_path:
      description: Where its savepoint is.
      type: str
      sample: obs://example-bucket/jobs/savepoint/131/1578467395713/
    restart_times:
      description: How often the job was restarted.
      type: int
      sample: 0
    create_time:
      description: When the job was created, in milliseconds since 1970 UTC.
      type: int
      sample: 1578466221525
    start_time:
      description: When the job was started, in milliseconds since 1970 UTC.
      type: int
      sample: 1578467395713
    update_time:
      description: When the job was changed, in milliseconds since 1970 UTC.
      type: int
      sample: 1578467395713
    user_id:
      description: Id of the user who created the job.
      type: str
      sample: 011c99a26ae84a1bb963a75e7637d3fd
    user_name:
      description: Name of the user who created the job. The service documents it for O(details=false) only.
      type: str
      sample: streaming-ci
    entrypoint:
      description:
        - And so on, all options of M(otc.dli.dli_flink_jar_job) that are fields of a job, except its tags. For a SQL
          job, those of M(otc.dli.dli_flink_sql_job).
      type: str
      sample: obs://example-bucket/jars/orders-enrichment-1.4.0.jar
    entrypoint_args:
      description: Arguments of the main class, masked unless O(show_entrypoint_args) is set.
      type: str
      sample: "********"
    sql_body:
      description:
        - The SQL of a SQL job. String literals and comments in it are masked unless O(show_entrypoint_args) is set, and
          values of sensitive options and settings (C(SET)) always.
      type: str
      sample: INSERT INTO sink SELECT * FROM orders
    runtime_config:
      description: Flink settings of the job. Values that Flink treats as sensitive are masked.
      type: dict
      sample:
        table.exec.state.ttl: "3600000"
    stream_graph:
      description:
        - The stream graph that the service makes of the SQL, as it tells it. The ids in its C(operator_list) are those
          for O(otc.dli.dli_flink_sql_job#module:operator_config).
        - String literals in it are masked as those of C(sql_body) are.
        - V(null) for other jobs, and when the service has none.
      returned: when O(stream_graph) is given
      type: dict
      sample: {}
    execution_plan:
      description: Flink's own view of the job; V(null) for a job that never ran, and where the service tells none.
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
count:
  description: Number of jobs.
  returned: success
  type: int
  sample: 1
report:
  description:
    - What is remarkable about the jobs. Each finding but RV(report.cus) is a list of jobs, empty when there are none.
    - C(name) and C(job_id) in them say which job it is.
  returned: with O(report)
  type: dict
  contains:
    drift:
      description: Jobs of O(jobs), so JAR jobs, that are not as described; V(null) without O(jobs).
      type: list
      elements: dict
      contains:
        name:
          description: Name of the job.
          type: str
          sample: orders-enrichment
        job_id:
          description: Id of the job.
          type: int
          sample: 131
        changes:
          description:
            - By field, the value that the job has (C(before)) and should have (C(after)). Secrets are masked.
            - Under C(state), the status of the job and the state that it should have. A passing status that may lead
              there is no difference. V(restarted) is compared as V(started).
            - Tags are not compared, because nothing tells them.
          type: dict
          sample:
            parallel_number: {before: 3, after: 6}
            state: {before: job_cancel_success, after: started}
        msg:
          description:
            - Why it cannot be said which job is meant, as when several have the name, or that an earlier element of
              O(jobs) is the same job; V(null) otherwise.
          type: str
          sample: "Several jobs are named orders-enrichment: 131, 132; say which one with job_id."
    missing:
      description: Jobs of O(jobs) that the service does not list; V(null) without O(jobs).
      type: list
      elements: dict
      sample: [{name: orders-archive, job_id: null}]
    unmanaged:
      description: JAR jobs that match the filters and are not in O(jobs); V(null) without O(jobs).
      type: list
      elements: dict
      sample: [{name: orders-test, job_id: 140, status: job_running}]
    stuck:
      description: Jobs that are in a passing status for longer than O(stuck_after), and for about how many seconds.
      type: list
      elements: dict
      sample: [{name: orders-enrichment, job_id: 131, status: job_submitting, seconds: 2731}]
    without_checkpoints:
      description:
        - Jobs without C(checkpoint_enabled), unless the setting C(execution.checkpointing.interval), or
          C(checkpoint_path) of a JAR job, shows that they take checkpoints of their own.
      type: list
      elements: dict
      sample: [{name: orders-test, job_id: 140}]
    without_agency:
      description: Jobs on Flink 1.15 or later without C(execution_agency_urn).
      type: list
      elements: dict
      sample: [{name: orders-test, job_id: 140}]
    without_auto_restart:
      description: Jobs without C(restart_when_exception).
      type: list
      elements: dict
      sample: [{name: orders-test, job_id: 140}]
    cus:
      description: The CUs of the jobs that run or may run, without those that are sized by C(resource_config).
      type: dict
      contains:
        requested:
          description: How many CUs they request together.
          type: int
          sample: 40
        actual:
          description: How many CUs they really use together.
          type: int
          sample: 43
        unsure:
          description: How many of the jobs may be sized by C(resource_config), which the service's list does not tell.
          type: int
          sample: 0
        jobs:
          description: The jobs that do not use as many CUs as they request.
          type: list
          elements: dict
          sample: [{name: orders-enrichment, job_id: 131, requested: 4, actual: 7}]
    restarted:
      description: Jobs that the service has restarted, and how often.
      type: list
      elements: dict
      sample: [{name: orders-enrichment, job_id: 131, restart_times: 2}]
    stale_savepoints:
      description:
        - Jobs whose savepoint does not stand for where they are, so that a start from it does work again or loses some.
        - C(reason) is V(older_than_start) for a job that was started after the savepoint was made, unless that
          submission failed or is still on its way. It is V(old) for another job that does not run and whose savepoint
          is older than O(stale_after); a job that has finished is never V(old).
        - C(made) is when the savepoint was made, in milliseconds since 1970 UTC, as its path tells. One whose path does
          not is not judged.
      type: list
      elements: dict
      sample:
        - name: orders-enrichment
          job_id: 131
          savepoint_path: obs://example-bucket/jobs/savepoint/131/1578467395713/
          made: 1578467395713
          reason: older_than_start
tasks:
  description:
    - For each JAR job the options that describe it. Options that would say what is so anyway are not among them.
    - Without the tags, which nothing tells, and without what RV(left_out) names.
    - SQL jobs are not among them, because M(otc.dli.dli_flink_jar_jobs) takes none.
  returned: with O(as_tasks)
  type: list
  elements: dict
  sample:
    - name: orders-enrichment
      queue_name: streaming
      entrypoint: obs://example-bucket/jars/orders-enrichment-1.4.0.jar
      cu_number: 4
      parallel_number: 6
sql_tasks:
  description:
    - The same for each SQL job, as options of M(otc.dli.dli_flink_sql_job).
    - C(template_id) is never among them, as nothing tells it. C(job_type) is not where it is C(flink_sql_job), which
      the service may show for a SQL job of any type.
  returned: with O(as_tasks)
  type: list
  elements: dict
  sample:
    - name: orders-hourly
      sql_body: INSERT INTO sink SELECT * FROM orders
      queue_name: streaming
      run_mode: exclusive_cluster
left_out:
  description:
    - Which options of RV(tasks) and RV(sql_tasks) are not told, and why. Left out options are not managed, so they stay
      as they are.
    - C(entrypoint_args) are only told with O(show_entrypoint_args), and so is C(sql_body) that has string literals or
      comments. C(sql_body) and C(runtime_config) are only told without sensitive values.
    - A value that an option cannot say, such as a description that is too long, is left out as well.
  returned: with O(as_tasks)
  type: list
  elements: dict
  sample:
    - name: orders-enrichment
      job_id: 131
      option: entrypoint_args
      reason: it can hold secrets; show_entrypoint_args shows it
retries:
  description: What repeating requests has cost that failed for a reason that may pass.
  returned: when requests had to be repeated
  type: dict
  contains:
    requests:
      description: How many requests were sent again.
      type: int
      sample: 2
    seconds:
      description: How long the failed ones and the pauses took, added up over requests that were in flight at one time.
      type: float
      sample: 1.7
error:
  description: Facts about what went wrong, as far as there are any.
  returned: failure
  type: dict
  contains:
    type:
      description: Kind of the error.
      type: str
      sample: ApiError
    operation:
      description: Method and path of the request that failed.
      type: str
      sample: GET /v1.0/330e068af1334c9782f4226acc00a2e2/streaming/jobs
    http_status:
      description: HTTP status of the answer.
      type: int
      sample: 403
    error_code:
      description: The service's code for the error.
      type: str
      sample: DLI.0016
    message:
      description: The service's own words.
      type: str
      sample: The role has no right to list jobs.
    request_id:
      description: Identifies the request to the service's support.
      type: str
      sample: 0d4a8e1c-9c2b-4f0a-8f3e-5f0f4f3a2b1c
"""

from ..module_utils._info.query import (
    query_from_params,
    query_jobs,
    query_options,
)
from ..module_utils._model.fleet import desired_options, parallelism_options
from ..module_utils._module import auth_options, run_module


def main():
    run_module(
        {**auth_options(), **query_options(), **desired_options(), **parallelism_options()},
        query_from_params,
        lambda api, query, run: query_jobs(api, query, run.is_redacted),
    )


if __name__ == "__main__":
    main()
