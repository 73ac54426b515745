#!/usr/bin/python
# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dli_flink_jar_job
short_description: Create, run, upgrade and delete Flink JAR jobs on Data Lake Insight
version_added: 0.1.0
author:
  - the otc.dli authors (@otc-dli)
description:
  - Manages a Flink JAR job on Data Lake Insight (DLI), the managed Apache Flink of Open Telekom Cloud. The job is
    created, changed, upgraded, started, stopped or deleted until it is as the task describes it. A job that is already
    as described is not changed.
  - An option that is left out is not managed. V(false), V(0), V(""), V([]) and V({}) are values like any other.
notes:
  - O(tags) are read and changed by requests of their own. The public API reference of Open Telekom Cloud does not list
    these. Where the service does not have them, or the user may not read tags, they are only set when a job is created.
    Then the module searches for the job by its tags, and warns if the service does not find it that way.
  - The service may show the CUs that a job uses in place of the requested O(cu_number). If its response shows this, the
    module does not compare the two, and a warning says so.
  - A job that may be running accepts changes of O(checkpoint_path), O(obs_bucket), O(resume_checkpoint),
    O(resume_max_num), O(restart_when_exception) and O(smn_topic) only. For other changes it has to be stopped and
    started again. Only O(state=started) and O(state=restarted) do that.
  - If the job is in a transitional status, the module first waits until it settles, unless nothing has to be done.
extends_documentation_fragment:
  - otc.dli.auth
  - otc.dli.flink_job
  - otc.dli.flink_jar_job
  - otc.dli.lifecycle
  - otc.dli.wait
  - otc.dli.attributes
attributes:
  idempotent:
    support: partial
    details: All states except O(state=restarted).
seealso:
  - name: Data Lake Insight API reference
    description: The operations behind this module, as the service documents them.
    link: https://docs.otc.t-systems.com/data-lake-insight/api-ref/flink_job-related_apis/index.html
"""

EXAMPLES = r"""
- name: Create a Flink JAR job, or change it to this description
  otc.dli.dli_flink_jar_job:
    name: orders-enrichment
    desc: Enriches the order stream
    queue_name: streaming
    entrypoint: obs://example-bucket/jars/orders-enrichment-1.4.0.jar
    main_class: org.example.orders.Enrichment
    entrypoint_args: -windowSize 2000 -rate 3
    secret_entrypoint_args: "--db-password {{ db_password }}"
    flink_version: "1.15"
    execution_agency_urn: flink-agency
    cu_number: 4
    parallel_number: 6
    checkpoint_enabled: true
    checkpoint_mode: exactly_once
    checkpoint_interval: 30
    log_enabled: true
    obs_bucket: example-bucket
    runtime_config:
      table.exec.state.ttl: 3600000
    tags:
      team: orders

- name: See what a changed argument would do to the running job, and change nothing
  otc.dli.dli_flink_jar_job:
    name: orders-enrichment
    entrypoint_args: -windowSize 2000 -rate 5
    state: started
  check_mode: true
  diff: true

- name: Deploy the next version with its state, and roll back if it fails within two minutes
  otc.dli.dli_flink_jar_job:
    name: orders-enrichment
    entrypoint: obs://example-bucket/jars/orders-enrichment-1.5.0.jar
    state: started
    health_window: 120

- name: Stop a job and keep its state in a savepoint
  otc.dli.dli_flink_jar_job:
    name: orders-enrichment
    state: stopped

- name: Size a job by memory and cores instead of CUs
  otc.dli.dli_flink_jar_job:
    name: clickstream
    entrypoint: obs://example-bucket/jars/clickstream.jar
    flink_version: "1.17"
    resource_config_version: v2
    resource_config:
      max_slot: 2
      parallel_number: 4
      taskmanager_resource_spec:
        cpu: 2
        memory: 8 GB

- name: Rename a job
  otc.dli.dli_flink_jar_job:
    job_id: 131
    name: orders-enrichment-v2

- name: Delete a job
  otc.dli.dli_flink_jar_job:
    name: orders-enrichment
    state: absent
"""

RETURN = r"""
job:
  description:
    - The job as it is after the task, or in check mode as it would be, every field in one normalised form.
    - A deleted job is shown as it was. V(null) if there was none.
    - A fact that is not known, such as the id of a job that check mode did not create, is V(null).
    - C(entrypoint_args) shows only words that the task itself gives in O(entrypoint_args), and previous values of its
      own flags. Values of C(runtime_config) that Flink treats as sensitive are masked.
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
      sample: job_running
    status_desc:
      description: The service's explanation of the status.
      type: str
      sample: ""
    real_cu_number:
      description: CUs that the job uses; V(0) means as many as C(cu_number).
      type: int
      sample: 0
    has_savepoint:
      description: Whether the job has a savepoint to resume from.
      type: bool
      sample: false
    savepoint_path:
      description: Path of its savepoint.
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
    entrypoint:
      description: Every other option of this module that is a field of a job is here too. O(tags) is here only if the
        task gives it.
      type: str
      sample: obs://example-bucket/jars/orders-enrichment-1.4.0.jar
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
      description: C(create), C(update), C(stop), C(run), C(tag) or C(delete).
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
    - "entrypoint changed: whether the state still fits is known only when it runs."
retries:
  description: Requests that failed for a reason that may be temporary and were sent again, and the time that this took.
  returned: when requests had to be repeated
  type: dict
  contains:
    requests:
      description: How many requests were sent again.
      type: int
      sample: 2
    seconds:
      description: Seconds that the failed requests and the pauses took, added up over concurrent requests.
      type: float
      sample: 1.7
error:
  description: The known facts about a failure. Which ones there are depends on C(type).
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
      sample: POST /v1.0/330e068af1334c9782f4226acc00a2e2/streaming/flink-jobs
    http_status:
      description: HTTP status of the response.
      type: int
      sample: 400
    error_code:
      description: The service's code for the error.
      type: str
      sample: DLI.0002
    message:
      description: The service's message.
      type: str
      sample: There is no queue named streaming
    request_id:
      description: Id of the request, which the service's support asks for.
      type: str
      sample: 0d4a8e1c-9c2b-4f0a-8f3e-5f0f4f3a2b1c
    last_status:
      description: Status that was read last before the time-out.
      type: str
      sample: job_canceling
    job_id:
      description: Id of the job that a failed start, stop or upgrade was about.
      type: int
      sample: 131
    status:
      description: Status of this job after the failure.
      type: str
      sample: job_running
    has_savepoint:
      description: Whether this job has a savepoint to resume from.
      type: bool
      sample: true
    savepoint_path:
      description: Path of that savepoint.
      type: str
      sample: obs://example-bucket/jobs/savepoint/131/1578467395713/
    rolled_back:
      description: Whether the job runs again with its previous definition.
      type: bool
      sample: true
"""

from ..module_utils import _compile_once
from ..module_utils._model.goal import goal_from_params, goal_options
from ..module_utils._module import auth_options, run_module, wait_options
from ..module_utils._reconcile.job import converge

del _compile_once  # being imported first is all that it is for


def main():
    run_module(
        {**auth_options(), **wait_options(), **goal_options()},
        goal_from_params,
        lambda api, goal, run: converge(api, goal, run.apply, run.waiting),
    )


if __name__ == "__main__":
    main()
