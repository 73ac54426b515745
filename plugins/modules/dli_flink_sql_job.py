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
  - Manages a Flink SQL job on Data Lake Insight (DLI), the managed Apache Flink of Open Telekom Cloud. The job is
    created, changed, upgraded, started, stopped or deleted until it is as the task describes it. A job that is already
    as described is not changed.
  - It works as M(otc.dli.dli_flink_jar_job) does, and returns the same results.
  - An option that is left out is not managed. V(false), V(0), V(""), V([]) and V({}) are values like any other.
notes:
  - O(job_type) and O(template_id) can be set when a job is created, and not later. Of these, only the type can be read.
    A task whose O(job_type) differs from the type of the job fails. The service may show V(flink_sql_job) for any SQL
    job; then the task warns instead of failing.
  - O(tags) are read and changed by requests of their own. The public API reference of Open Telekom Cloud does not list
    these. Where the service does not have them, or the user may not read tags, they are only set when a job is created.
    Then the module searches for the job by its tags, and warns if the service does not find it that way.
  - A job that may be running accepts changes of O(obs_bucket), O(resume_checkpoint), O(resume_max_num),
    O(restart_when_exception) and O(smn_topic) only. For other changes it has to be stopped and started again. Only
    O(state=started) and O(state=restarted) do that.
  - A savepoint fits changed SQL only as far as Flink can map its state to the new plan, so an upgrade can fail. It is
    then rolled back, unless O(rollback) is false.
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
    details: All states except O(state=restarted).
seealso:
  - module: otc.dli.dli_flink_jar_job
  - name: Data Lake Insight API reference
    description: The operations behind this module, as the service documents them.
    link: https://docs.otc.t-systems.com/data-lake-insight/api-ref/flink_job-related_apis/index.html
"""

EXAMPLES = r"""
- name: Create a Flink SQL job, or change it to this description, and run it
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
    - The job as it is after the task, or in check mode as it would be, see RV(otc.dli.dli_flink_jar_job#module:job).
    - Its fields are the options of this module, except O(template_id). O(tags) are among them only if the task gives
      them.
    - C(sql_body) shows only string literals and comments that the task itself gives, and previous values of its own
      options. Values that Flink treats as sensitive are masked in it and in C(runtime_config).
  returned: success
  type: dict
  sample:
    job_id: 131
    name: orders-hourly
    status: job_init
    sql_body: INSERT INTO hourly SELECT * FROM orders
    queue_name: streaming
    parallel_number: 6
    has_savepoint: false
    savepoint_path:
    create_time: 1578466221525
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
    - They include those of a rollback.
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
    - Path of the savepoint that this task made when it stopped the job. Keep it. The service may drop the savepoint
      once the job runs again. Whether its files stay is not documented. If they do, M(otc.dli.dli_flink_savepoint)
      imports it again.
  returned: when a stop made a savepoint
  type: str
  sample: obs://example-bucket/jobs/savepoint/131/1578467395713/
risks:
  description: What the task does, or in check mode would do, that puts the job's state at risk.
  returned: success, or failure while the plan is carried out, if there is a risk
  type: list
  elements: str
  sample:
    - "The job is stopped without a savepoint, so its state is lost."
notes:
  description: What is worth knowing of what the task does, or in check mode would do, and is no risk.
  returned: success, if there is anything
  type: list
  elements: str
  sample:
    - "sql_body changed: whether the state still fits is known only when it runs."
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
    type: ApiError
    operation: POST /v1.0/330e068af1334c9782f4226acc00a2e2/streaming/sql-jobs
    http_status: 400
    error_code: DLI.0002
    message: There is no queue named streaming
    request_id: 0d4a8e1c-9c2b-4f0a-8f3e-5f0f4f3a2b1c
"""

from ..module_utils import _compile_once
from ..module_utils._model.fields import SQL
from ..module_utils._model.goal import goal_from_params, goal_options
from ..module_utils._module import auth_options, run_module, wait_options
from ..module_utils._reconcile.job import converge

del _compile_once  # being imported first is all that it is for


def main():
    run_module(
        {**auth_options(), **wait_options(), **goal_options(SQL)},
        lambda params: goal_from_params(params, SQL),
        lambda api, goal, run: converge(api, goal, run.apply, run.waiting),
    )


if __name__ == "__main__":
    main()
