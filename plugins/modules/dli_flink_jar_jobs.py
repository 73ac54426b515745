#!/usr/bin/python

# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dli_flink_jar_jobs
short_description: Create, run, upgrade and delete many Flink JAR jobs on Data Lake Insight in one task
version_added: 0.1.0
author:
  - the otc.dli authors (@otc-dli)
description:
  - Manages a fleet of Flink JAR jobs on Data Lake Insight (DLI). Each job is managed as by
    M(otc.dli.dli_flink_jar_job), but with fewer requests, several of which are sent concurrently.
  - All jobs are read before the first one is changed. Changes are rolled out in waves. Each job is read and planned
    again right before it is changed. The rollout ends when too many jobs fail.
notes:
  - A failed job does not roll back the others. Each job is rolled back as its own O(jobs[].rollback) says.
  - If jobs fail, the task fails. Its result still says what happened to each job.
extends_documentation_fragment:
  - otc.dli.auth
  - otc.dli.fleet
  - otc.dli.concurrency
  - otc.dli.wait
  - otc.dli.attributes
attributes:
  idempotent:
    support: partial
    details: All states except O(jobs[].state=restarted) and O(defaults.state=restarted).
options:
  batch_size:
    description:
      - How many jobs are changed concurrently, as one wave. The next wave begins when all jobs of a wave are done.
        Left out, all jobs are one wave.
    type: int
  canaries:
    description:
      - How many jobs are changed before all others. These are the first ones of O(jobs) that need a change. If one of
        them fails, no other job is changed.
      - Needs O(wait), because a task that does not wait cannot know that a job fails to start.
    type: int
    default: 0
  canary_jobs:
    description:
      - Names of the jobs that are changed before all others, in place of O(canaries). Those of them that need no change
        are left alone. If none of them does, there are no canaries.
      - Needs O(wait), as O(canaries) does.
    type: list
    elements: str
    default: []
  canary_health_window:
    description:
      - For how many seconds each canary has to stay running after its start before the other jobs are changed, in place
        of its O(jobs[].health_window). One that fails in that time is rolled back, as its O(jobs[].rollback) says.
      - Left out, the canaries are watched as all jobs are.
    type: float
  max_failures:
    description:
      - How many jobs may fail before the rollout ends. A job that cannot be planned counts too.
    type: int
    default: 0
  purge:
    description:
      - Whether jobs that are not in O(jobs) are deleted or stopped, within O(purge_scope). This is done last, and only
        if at most O(max_failures) jobs have failed, and each listed job could be planned.
      - Only a job whose detail says that it is a JAR job is purged. A job that is renamed or loses its tags before its
        turn comes is left alone.
      - Check mode lists these jobs.
    type: bool
    default: false
  purge_scope:
    description:
      - Which jobs may be purged. Required with O(purge). If both suboptions are given, a job has to meet both.
    type: dict
    suboptions:
      name_prefix:
        description:
          - Only jobs whose names begin with this prefix.
        type: str
      tags:
        description:
          - Only jobs with all of these tags.
          - The service filters by them, and the task reads the tags of each job that it finds. Where tags cannot be
            read, the task fails if that filter seems to have no effect, or to compare parts of values.
        type: dict
  purge_state:
    description:
      - What happens to these jobs. V(absent) deletes them in any status. V(stopped) stops those that run.
    type: str
    choices: [absent, stopped]
    default: absent
  purge_trigger_savepoint:
    description:
      - Whether these jobs are stopped with a savepoint first. A job whose savepoint does not show is not deleted.
      - With V(false), a job that runs is deleted or stopped without one, and its state is lost.
    type: bool
    default: true
  max_purged:
    description:
      - How many jobs may be purged. If there are more, the task fails before it changes anything.
      - With O(purge_state=stopped), jobs that do not run do not count.
    type: int
    default: 5
  allow_empty:
    description:
      - Whether O(purge) is accepted with an empty list of O(jobs). Every job of O(purge_scope) is purged then.
    type: bool
    default: false
seealso:
  - module: otc.dli.dli_flink_jar_job
  - module: otc.dli.dli_flink_job_audit
  - module: otc.dli.dli_flink_job_adopt
"""

EXAMPLES = r"""
- name: Run all jobs of the team as described here
  otc.dli.dli_flink_jar_jobs:
    defaults:
      queue_name: streaming
      flink_version: "1.15"
      execution_agency_urn: flink-agency
      obs_bucket: example-bucket
      state: started
    jobs:
      - name: orders-enrichment
        entrypoint: obs://example-bucket/jars/orders-enrichment-1.4.0.jar
        parallel_number: 6
        cu_number: 4
      - name: orders-archive
        entrypoint: obs://example-bucket/jars/orders-archive-2.0.1.jar
      - name: orders-replay
        entrypoint: obs://example-bucket/jars/orders-replay-1.0.0.jar
        state: stopped

- name: Upgrade in waves of ten, two jobs first, and end the rollout when one fails
  otc.dli.dli_flink_jar_jobs:
    defaults:
      entrypoint: obs://example-bucket/jars/normalise-3.2.0.jar
      state: started
      health_window: 120
    jobs: "{{ normalise_jobs }}"
    canaries: 2
    batch_size: 10

- name: Upgrade the job with the least traffic first, and the others when it has run for an hour
  otc.dli.dli_flink_jar_jobs:
    defaults:
      entrypoint: obs://example-bucket/jars/normalise-3.2.0.jar
      state: started
    jobs: "{{ normalise_jobs }}"
    canary_jobs: [normalise-2]
    canary_health_window: 3600

- name: Find the jobs of the team that nobody describes any more
  otc.dli.dli_flink_jar_jobs:
    jobs: "{{ orders_jobs }}"
    purge: true
    purge_scope:
      name_prefix: orders-
  check_mode: true
"""

RETURN = r"""
counts:
  description: How many jobs have each verdict.
  returned: success, or failure of a job
  type: dict
  sample: {changed: 2, unchanged: 118, failed: 0, not_attempted: 0}
jobs:
  description: What became of each job, in the order of O(jobs), and after them of those that were purged.
  returned: success, or failure of a job
  type: list
  elements: dict
  contains:
    name:
      description: Name of the job.
      type: str
      sample: orders-enrichment
    job_id:
      description: Id of the job; V(null) when it is not known.
      type: int
      sample: 131
    verdict:
      description:
        - V(changed), in check mode also for what would change, V(unchanged), V(failed), or V(not_attempted) if the
          rollout ended before this job.
        - Check mode ends the rollout for the failures that it can see itself. Whether a change fails is known only when
          it is made.
      type: str
      sample: changed
    changed:
      description: Whether the job was changed, or in check mode would be. A job that failed may have been changed.
      type: bool
      sample: true
    purged:
      description: Whether it is here because O(jobs) does not list it.
      type: bool
      sample: false
    status:
      description:
        - Status of the job, as the service names it.
        - V(null) for a job that is not there, failed or was not attempted; RV(jobs[].error) may have it then.
      type: str
      sample: job_running
    changes:
      description: What changed, by field, see RV(otc.dli.dli_flink_jar_job#module:changes). Only if there are changes.
      type: dict
      sample: {parallel_number: {before: 3, after: 6}}
    actions:
      description:
        - The operations that were carried out, see RV(otc.dli.dli_flink_jar_job#module:actions). Only if there are any.
      type: list
      elements: dict
      sample: [{operation: stop, trigger_savepoint: true}]
    risks:
      description:
        - What puts the job's state at risk, see RV(otc.dli.dli_flink_jar_job#module:risks). Only if there is a risk.
      type: list
      elements: str
      sample: ["The job is stopped without a savepoint, so its state is lost."]
    notes:
      description:
        - What is worth knowing, see RV(otc.dli.dli_flink_jar_job#module:notes). Only if there is anything.
      type: list
      elements: str
      sample: ["entrypoint changed: whether the state still fits is known only when it runs."]
    savepoint_path:
      description: Path of the savepoint that a stop made, see RV(otc.dli.dli_flink_jar_job#module:savepoint_path).
      type: str
      sample: obs://example-bucket/jobs/savepoint/131/1578467395713/
    msg:
      description: Why the job failed.
      type: str
      sample: "Flink job orders-archive did not start: job_submit_fail: no such queue."
    error:
      description: Facts about that, see RV(otc.dli.dli_flink_jar_job#module:error).
      type: dict
      sample:
        type: LifecycleError
        job_id: 132
        status: job_submit_fail
        has_savepoint: false
        savepoint_path:
        rolled_back: false
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
    - Those of each job are in RV(jobs[].error).
  returned: failure
  type: dict
  sample:
    type: FleetError
"""

from ..module_utils import _compile_once
from ..module_utils._model.fleet import fleet_options, task_from_params
from ..module_utils._module import auth_options, run_module, wait_options
from ..module_utils._reconcile.fleet import converge_fleet

del _compile_once  # being imported first is all that it is for


def main():
    run_module(
        {**auth_options(), **wait_options(), **fleet_options()},
        task_from_params,
        lambda api, task, run: converge_fleet(api, task, run.apply, run.waiting),
    )


if __name__ == "__main__":
    main()
