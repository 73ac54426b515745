#!/usr/bin/python
# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dli_flink_job_audit
short_description: Report what needs attention among Flink jobs on Data Lake Insight
version_added: 0.1.0
author:
  - the otc.dli authors (@otc-dli)
description:
  - Reports which Flink jobs are down, and why.
  - Compares the Flink jobs of Data Lake Insight (DLI) with a list of jobs as they should be, and reports those that
    differ, that are missing, or that nobody describes.
  - Reports what else may need a person, with and without such a list, such as jobs that are stuck or that take no
    checkpoints. RV(findings) says what each finding means.
notes:
  - O(jobs) describes JAR jobs. So the findings that compare with it, RV(findings.drift), RV(findings.missing) and
    RV(findings.unmanaged), leave SQL jobs out.
  - The list takes one request for each 100 jobs. O(jobs) takes one more for each job of which it gives fields that the
    list leaves out. With both O(jobs) and a filter it takes another list, because a job of O(jobs) that the filter
    leaves out is not missing.
extends_documentation_fragment:
  - otc.dli.auth
  - otc.dli.selection
  - otc.dli.fleet.desired
  - otc.dli.concurrency
  - otc.dli.attributes
options:
  stuck_after:
    description:
      - How long a job may be in a transitional status, in seconds, before it counts as stuck.
      - The service documents no time at which a status began. The age is counted from the latest of the job's times of
        creation, start and change, by the clock of the host that runs the module, so it is an estimate.
    type: float
    default: 900.0
  stale_after:
    description:
      - How old the savepoint of a job that does not run may be, in seconds, before it counts as stale.
    type: float
    default: 604800.0
  show_jobs:
    description:
      - Whether to return RV(jobs) too, and not only what is found about them. It takes no further request.
    type: bool
    default: false
seealso:
  - module: otc.dli.dli_flink_jar_jobs
  - module: otc.dli.dli_flink_job_adopt
  - module: otc.dli.dli_flink_job_info
"""

EXAMPLES = r"""
- name: Compare all jobs with their descriptions
  otc.dli.dli_flink_job_audit:
    defaults:
      queue_name: streaming
      state: started
    jobs: "{{ orders_jobs }}"
  register: audit

- name: Fail when somebody has changed, deleted or added a job by hand
  ansible.builtin.assert:
    that:
      - audit.findings.drift == []
      - audit.findings.missing == []
      - audit.findings.unmanaged == []
    fail_msg: "{{ (audit.findings.drift + audit.findings.missing + audit.findings.unmanaged) | to_json }}"

- name: Report what may need a person, without a list of jobs
  otc.dli.dli_flink_job_audit:
    stuck_after: 1800
  register: audit

- name: Fail when a job is down or stuck
  ansible.builtin.assert:
    that: audit.findings.failed + audit.findings.stuck == []
    fail_msg: "{{ (audit.findings.failed + audit.findings.stuck) | to_json }}"
"""

RETURN = r"""
findings:
  description:
    - What needs attention. Each finding except RV(findings.cus) is a list of jobs, empty if there are none.
    - C(name) and C(job_id) identify each job.
  returned: success
  type: dict
  contains:
    failed:
      description:
        - Jobs that are down, or that could not be stopped, and stay so until somebody acts. C(status) is
          V(job_submit_fail), V(job_running_exception), V(job_cancel_fail) or V(job_arrearage_stopped), and
          C(status_desc) is the service's explanation.
      type: list
      elements: dict
      sample:
        - name: orders-archive
          job_id: 132
          status: job_submit_fail
          status_desc: There are not enough CUs in the queue.
    drift:
      description:
        - Jobs of O(jobs) that are not as described; V(null) without O(jobs).
      type: list
      elements: dict
      contains:
        name:
          description:
            - Name of the job.
          type: str
          sample: orders-enrichment
        job_id:
          description:
            - Id of the job.
          type: int
          sample: 131
        changes:
          description:
            - By field, the value that the job has (C(before)) and should have (C(after)). Secrets are masked.
            - Under C(state), the status of the job and the state that it should have. A transitional status that may
              lead there is no difference. V(restarted) is compared as V(started).
            - The tags of a job of O(jobs) that gives them take one request. Where they cannot be read, a warning says
              so unless the service finds the job by them.
          type: dict
          sample:
            parallel_number: {before: 3, after: 6}
            state: {before: job_cancel_success, after: started}
        msg:
          description:
            - Why it is in doubt which job is meant, such as when several have the name, or that an earlier element of
              O(jobs) means the same job; V(null) otherwise.
          type: str
          sample: "Several jobs are named orders-enrichment: 131, 132; say which one with job_id."
    missing:
      description:
        - Jobs of O(jobs) that the service does not list; V(null) without O(jobs).
      type: list
      elements: dict
      sample:
        - name: orders-archive
          job_id:
    unmanaged:
      description:
        - JAR jobs that match the filters and are not in O(jobs); V(null) without O(jobs).
      type: list
      elements: dict
      sample:
        - name: orders-test
          job_id: 140
          status: job_running
    stuck:
      description:
        - Jobs that are in a transitional status for longer than O(stuck_after), and for about how many seconds.
      type: list
      elements: dict
      sample:
        - name: orders-enrichment
          job_id: 131
          status: job_submitting
          seconds: 2731
    without_checkpoints:
      description:
        - Jobs without C(checkpoint_enabled), unless the setting C(execution.checkpointing.interval), or
          C(checkpoint_path) of a JAR job, shows that they take checkpoints of their own.
      type: list
      elements: dict
      sample:
        - name: orders-test
          job_id: 140
    without_agency:
      description:
        - Jobs on Flink 1.15 or later without C(execution_agency_urn).
      type: list
      elements: dict
      sample:
        - name: orders-test
          job_id: 140
    without_auto_restart:
      description:
        - Jobs without C(restart_when_exception).
      type: list
      elements: dict
      sample:
        - name: orders-test
          job_id: 140
    cus:
      description:
        - The CUs of the jobs that run or may run, without those that are sized by C(resource_config).
      type: dict
      contains:
        requested:
          description:
            - How many CUs they request together, without RV(findings.cus.unsure).
          type: int
          sample: 40
        actual:
          description:
            - How many CUs they use together, without RV(findings.cus.unsure).
          type: int
          sample: 43
        jobs:
          description:
            - The jobs that do not use as many CUs as they request.
          type: list
          elements: dict
          sample:
            - name: orders-enrichment
              job_id: 131
              requested: 4
              actual: 7
        unsure:
          description:
            - The jobs that use another number than their C(cu_number), and may be sized by C(resource_config), which
              the service's list does not show. Then their C(cu_number) requests nothing, and nothing is wrong.
          type: list
          elements: dict
          sample:
            - name: orders-archive
              job_id: 132
              actual: 7
    restarted:
      description:
        - Jobs that the service has restarted, and how often.
      type: list
      elements: dict
      sample:
        - name: orders-enrichment
          job_id: 131
          restart_times: 2
    stale_savepoints:
      description:
        - Jobs whose savepoint is not up to date, so that a start from it repeats work or loses some.
        - C(reason) is V(older_than_start) for a job that was started after the savepoint was made, unless that
          submission failed or has not ended yet. It is V(old) for another job that does not run and whose savepoint is
          older than O(stale_after); a job that has finished is never V(old).
        - C(made) is when the savepoint was made, in milliseconds since 1970 UTC, by its path. A savepoint whose path
          holds no time is not judged.
      type: list
      elements: dict
      sample:
        - name: orders-enrichment
          job_id: 131
          savepoint_path: obs://example-bucket/jobs/savepoint/131/1578467395713/
          made: 1578467395713
          reason: older_than_start
count:
  description:
    - Number of jobs that match.
  returned: success
  type: int
  sample: 60
jobs:
  description:
    - The jobs that match, in the order of the service, newest first, each with what is described here and what
      RV(otc.dli.dli_flink_job_info#module:jobs) has with O(otc.dli.dli_flink_job_info#module:details=false).
  returned: with O(show_jobs)
  type: list
  elements: dict
  contains:
    savepoint_made:
      description:
        - When its savepoint was made, in milliseconds since 1970 UTC, by its path; V(null) if that shows no time, or it
          has none.
      type: int
      sample: 1578467395713
    cus:
      description:
        - How many CUs it uses now, as far as the service shows it; V(null) if that is in doubt.
      type: int
      sample: 4
    findings:
      description:
        - Names of the findings that it is among; C(cus) only for a job of RV(findings.cus.jobs).
      type: list
      elements: str
      sample: [failed, stale_savepoints]
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
from ..module_utils._info.audit import audit_from_params, audit_jobs, audit_options
from ..module_utils._info.selection import selection_options
from ..module_utils._model.fleet import concurrency_options, desired_options
from ..module_utils._module import auth_options, run_module

del _compile_once  # being imported first is all that it is for


def main():
    run_module(
        {**auth_options(), **selection_options(), **audit_options(), **desired_options(), **concurrency_options()},
        audit_from_params,
        lambda api, audit, _run: audit_jobs(api, audit),
    )


if __name__ == "__main__":
    main()
