#!/usr/bin/python
# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dli_flink_savepoint
short_description: Make a savepoint of a running Flink job on Data Lake Insight, or give a job one to resume from
version_added: 0.1.0
author:
  - the otc.dli authors (@otc-dli)
description:
  - Makes a savepoint of a running Flink job of Data Lake Insight (DLI), the managed Apache Flink of Open Telekom
    Cloud, and lets the job run on; or makes a savepoint in OBS the one that a job resumes from.
  - To stop a job with a savepoint use M(otc.dli.dli_flink_jar_job).
notes:
  - The public API reference of Open Telekom Cloud does not list the two operations behind this module. Its table of
    rights names them, and the vendor's clients and API reference tell how they are called. Where the service does not
    offer them, the task fails and says so.
  - A status that passes by itself is waited out first.
  - The service deletes the savepoint of a job when the job has started again.
extends_documentation_fragment:
  - otc.dli.auth
  - otc.dli.wait
  - otc.dli.attributes
attributes:
  check_mode:
    description: Reports what would change, and changes nothing. The path of a savepoint that is not made is V(null).
  diff_mode:
    description: Shows the job's savepoint before and after.
  idempotent:
    support: partial
    description: O(state=imported) is; each run with O(state=present) makes a savepoint.
options:
  name:
    description: Name of the job. Either this or O(job_id).
    type: str
    aliases: [job_name]
  job_id:
    description: Id of the job. Either this or O(name).
    type: int
    aliases: [id]
  state:
    description:
      - V(present) makes a savepoint now. The job must be running, and goes on running. With O(wait) the task succeeds
        when the job shows a savepoint that it did not have before.
      - V(imported) makes O(savepoint_path) the savepoint that the job resumes from when it is started. Nothing is
        done when the job already shows that path.
    type: str
    choices: [present, imported]
    default: present
  savepoint_path:
    description:
      - For O(state=present) the folder in OBS to put the savepoint into, such as V(obs://bucket/folder/). Left out,
        it is C(jobs/savepoint/) and the id of the job in the job's own C(obs_bucket).
      - For O(state=imported) the folder of the savepoint itself, the one with the file C(_metadata).
      - V(obs://) at the start may be left out.
    type: str
seealso:
  - module: otc.dli.dli_flink_jar_job
  - name: Triggering savepoints in the vendor's API reference
    description: How the operation behind O(state=present) is called.
    link: https://support.huaweicloud.com/intl/en-us/api-dli/dli_02_0392.html
  - name: Importing savepoints in the vendor's API reference
    description: How the operation behind O(state=imported) is called.
    link: https://support.huaweicloud.com/intl/en-us/api-dli/dli_02_0393.html
"""

EXAMPLES = r"""
- name: Make a savepoint of a running job
  otc.dli.dli_flink_savepoint:
    name: orders-enrichment
  register: saved

- name: Make one in a certain place
  otc.dli.dli_flink_savepoint:
    name: orders-enrichment
    savepoint_path: obs://backup-bucket/orders-enrichment/

- name: Let another job go on from it
  otc.dli.dli_flink_savepoint:
    name: orders-enrichment-copy
    state: imported
    savepoint_path: "{{ saved.job.savepoint_path }}"

- name: Start that job
  otc.dli.dli_flink_jar_job:
    name: orders-enrichment-copy
    state: started
    resume_savepoint: true
"""

RETURN = r"""
job:
  description:
    - The job as it is after the task, or in check mode as it would be, every field in one normalised form, as in the
      result of M(otc.dli.dli_flink_jar_job), with C(entrypoint_args) masked.
    - A fact that is not known, such as the path of a savepoint that check mode did not make, is V(null).
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
    has_savepoint:
      description: Whether the job has a savepoint to resume from.
      type: bool
      sample: true
    savepoint_path:
      description: Where its savepoint is.
      type: str
      sample: obs://example-bucket/jobs/savepoint/131/1578467395713/
changes:
  description: What changed, or in check mode would change, by fact.
  returned: success
  type: dict
  sample:
    has_savepoint:
      before: false
      after: true
    savepoint_path:
      before:
      after: obs://example-bucket/jobs/savepoint/131/1578467395713/
actions:
  description: The operation of the API that was carried out, or in check mode would be; empty when there was none.
  returned: success, or failure after something was or may have been changed
  type: list
  elements: dict
  contains:
    operation:
      description: C(savepoint) or C(import-savepoint).
      type: str
      sample: savepoint
    savepoint_path:
      description: The path that the service was given.
      type: str
      sample: obs://example-bucket/jobs/savepoint/131/
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
      sample: LifecycleError
    operation:
      description: Method and path of the request that failed.
      type: str
      sample: POST /v1.0/330e068af1334c9782f4226acc00a2e2/streaming/jobs/131/savepoint
    http_status:
      description: HTTP status of the answer.
      type: int
      sample: 404
    error_code:
      description: The service's code for the error.
      type: str
      sample: DLI.0023
    message:
      description: The service's own words.
      type: str
      sample: The API does not exist.
    request_id:
      description: Identifies the request to the service's support.
      type: str
      sample: 0d4a8e1c-9c2b-4f0a-8f3e-5f0f4f3a2b1c
    last_status:
      description: The last status seen before time was up.
      type: str
      sample: job_savepointing
    job_id:
      description: Id of the job whose savepoint was not made.
      type: int
      sample: 131
    status:
      description: Its status now.
      type: str
      sample: job_running
    has_savepoint:
      description: Whether it has an older savepoint to resume from.
      type: bool
      sample: false
    savepoint_path:
      description: Where that is.
      type: str
      sample:
    rolled_back:
      description: Always V(false); this module has nothing to roll back.
      type: bool
      sample: false
"""

from ..module_utils._module import auth_options, run_module, wait_options
from ..module_utils._reconcile.savepoint import (
    converge_savepoint,
    savepoint_options,
    task_from_params,
)


def main():
    run_module(
        {**auth_options(), **wait_options(), **savepoint_options()},
        task_from_params,
        lambda api, task, run: converge_savepoint(api, task, run.apply, run.waiting),
    )


if __name__ == "__main__":
    main()
