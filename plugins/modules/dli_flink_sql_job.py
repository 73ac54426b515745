#!/usr/bin/python
# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dli_flink_sql_job
short_description: Create, run, upgrade and delete Flink SQL jobs on Data Lake Insight
version_added: 0.1.0
author:
  - the otc.dli authors (@otc-dli)
description:
  - Brings a Flink SQL job of Data Lake Insight (DLI), the managed Apache Flink of Open Telekom Cloud, to the state that
    the task describes. A job that is already as described is left alone.
  - It goes the same way as M(otc.dli.dli_flink_jar_job), and says so in the same results.
  - An option that is left out is not managed. V(false), V(0), V(""), V([]) and V({}) are values like any other.
notes:
  - O(tags), O(job_type) and O(template_id) can be set when a job is created, and not later. Of these only the type can
    be read. A task whose O(job_type) is not that of the job fails. Where the service shows V(flink_sql_job), which it
    may do for any SQL job, a warning takes the place of the failure.
  - A job that may be running takes changes of O(obs_bucket), O(resume_checkpoint), O(resume_max_num),
    O(restart_when_exception) and O(smn_topic) only. For other changes it is stopped and started again, which only
    O(state=started) and O(state=restarted) do.
  - A savepoint fits changed SQL only as far as Flink can map its state to the new plan, so an upgrade can fail. It is
    rolled back then, unless O(rollback) is false.
extends_documentation_fragment:
  - otc.dli.auth
  - otc.dli.flink_job
  - otc.dli.flink_sql_job
  - otc.dli.lifecycle
  - otc.dli.wait
  - otc.dli.attributes
attributes:
  idempotent:
    support: partial
    details: All but O(state=restarted).
seealso:
  - module: otc.dli.dli_flink_jar_job
  - name: Data Lake Insight API reference
    description: What the service documents of the operations behind this module.
    link: https://docs.otc.t-systems.com/data-lake-insight/api-ref/flink_job-related_apis/index.html
"""

EXAMPLES = r"""
- name: Create a Flink SQL job or change it to this, and see that it runs
  otc.dli.dli_flink_sql_job:
    name: orders-hourly
    queue_name: streaming
    run_mode: exclusive_cluster
    flink_version: "1.15"
    execution_agency_urn: flink-agency
    cu_number: 4
    parallel_number: 2
    checkpoint_enabled: true
    obs_bucket: example-bucket
    sql_body: "{{ lookup('ansible.builtin.template', 'orders-hourly.sql.j2') }}"
    state: started

- name: See what other SQL would do to the running job, and change nothing
  otc.dli.dli_flink_sql_job:
    name: orders-hourly
    sql_body: "{{ lookup('ansible.builtin.file', 'orders-hourly.sql') }}"
    state: started
  check_mode: true
  diff: true

- name: Create a job from a template
  otc.dli.dli_flink_sql_job:
    name: clicks
    template_id: 17
    queue_name: streaming

- name: Delete a job
  otc.dli.dli_flink_sql_job:
    name: orders-hourly
    state: absent
"""

RETURN = r"""
job:
  description:
    - The job as it is after the task, or in check mode as it would be, every field in one normalised form.
    - A deleted job is shown as it was. V(null) when there was none.
    - A fact that is not known, such as the id of a job that check mode did not create, is V(null).
    - Of C(sql_body) only string literals and comments that the task itself gives are shown, and former values of its
      own options. Values that Flink treats as sensitive are masked in it and in C(runtime_config).
  returned: success
  type: dict
  contains:
    job_id:
      description: Id of the job.
      type: int
      sample: 131
    name:
      description: Name of the job.
      type: str
      sample: orders-enrichment
    status:
      description: Status of the job, as the service names it.
      type: str
      sample: job_init
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
      sample: false
    savepoint_path:
      description: Where its savepoint is.
      type: str
      sample:
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
      description: Name of the user who created the job.
      type: str
      sample: streaming-ci
    sql_body:
      description: And so on, all options of this module that are fields of a job, except O(tags) and O(template_id).
      type: str
      sample: INSERT INTO hourly SELECT * FROM orders
changes:
  description: What changed, or in check mode would change, by field. Secrets are masked.
  returned: success
  type: dict
  sample:
    parallel_number:
      before: 3
      after: 6
actions:
  description:
    - The operations of the API that were carried out, or in check mode would be, in their order.
    - A rollback's are among them.
  returned: success, or failure after something was or may have been changed
  type: list
  elements: dict
  contains:
    operation:
      description: C(create), C(update), C(stop), C(run) or C(delete).
      type: str
      sample: update
    fields:
      description: Names of the fields that the operation sets.
      type: list
      elements: str
      sample: [parallel_number]
    trigger_savepoint:
      description: Whether a stop makes a savepoint.
      type: bool
      sample: true
    resume_savepoint:
      description: Whether a run resumes from a savepoint.
      type: bool
      sample: true
savepoint_path:
  description:
    - Where the savepoint is that this task made when it stopped the job. Keep it. The service may drop the savepoint
      once the job runs again. Whether its files stay is not documented; if they do, M(otc.dli.dli_flink_savepoint)
      gives it back.
  returned: when a stop made a savepoint
  type: str
  sample: obs://example-bucket/jobs/savepoint/131/1578467395713/
risks:
  description: What puts the job's state at risk in what is done, or in check mode would be.
  returned: success
  type: list
  elements: str
  sample:
    - "sql_body changed: whether the state still fits is known only when it runs."
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
      sample: POST /v1.0/330e068af1334c9782f4226acc00a2e2/streaming/sql-jobs
    http_status:
      description: HTTP status of the answer.
      type: int
      sample: 400
    error_code:
      description: The service's code for the error.
      type: str
      sample: DLI.0002
    message:
      description: The service's own words.
      type: str
      sample: There is no queue named streaming
    request_id:
      description: Identifies the request to the service's support.
      type: str
      sample: 0d4a8e1c-9c2b-4f0a-8f3e-5f0f4f3a2b1c
    last_status:
      description: The last status seen before time was up.
      type: str
      sample: job_canceling
    job_id:
      description: Id of the job that a failed start, stop or upgrade was about.
      type: int
      sample: 131
    status:
      description: Its status now.
      type: str
      sample: job_running
    has_savepoint:
      description: Whether it has a savepoint to resume from.
      type: bool
      sample: true
    savepoint_path:
      description: Where that is.
      type: str
      sample: obs://example-bucket/jobs/savepoint/131/1578467395713/
    rolled_back:
      description: Whether the former definition of the job runs again.
      type: bool
      sample: true
"""

from ..module_utils._model.fields import SQL
from ..module_utils._model.goal import goal_from_params, goal_options
from ..module_utils._module import auth_options, run_module, wait_options
from ..module_utils._reconcile.job import converge


def main():
    run_module(
        {**auth_options(), **wait_options(), **goal_options(SQL)},
        lambda params: goal_from_params(params, SQL),
        lambda api, goal, run: converge(api, goal, run.apply, run.waiting),
    )


if __name__ == "__main__":
    main()
