#!/usr/bin/python
# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dli_flink_savepoint
short_description: Make a savepoint of a running Flink job on Data Lake Insight, or import one into a job
version_added: 0.1.0
author:
  - the otc.dli authors (@otc-dli)
description:
  - Makes a savepoint of a running Flink job on Data Lake Insight (DLI), the managed Apache Flink of Open Telekom Cloud.
    The job keeps running.
  - Or imports a savepoint from OBS, so that a job resumes from it at its next start.
  - To stop a job with a savepoint use M(otc.dli.dli_flink_jar_job).
notes:
  - The public API reference of Open Telekom Cloud does not list the two operations behind this module. Its table of
    rights names them, and the vendor's clients and API reference show how they are called. If the service does not
    offer them, the task fails and says so.
  - If the job is in a transitional status, the module first waits until it settles.
  - The service deletes the savepoint of a job once the job has started again.
extends_documentation_fragment:
  - otc.dli.auth
  - otc.dli.wait
  - otc.dli.attributes
attributes:
  check_mode:
    description: Reports what would change, and changes nothing. The path of a savepoint that was not made is V(null).
  diff_mode:
    description: Shows the job's savepoint before and after.
  idempotent:
    support: partial
    description: With O(state=imported) only. Each run with O(state=present) makes a savepoint.
options:
  name:
    description:
      - Name of the job. Give either this or O(job_id).
    type: str
    aliases: [job_name]
  job_id:
    description:
      - Id of the job. Give either this or O(name).
    type: int
    aliases: [id]
  state:
    description:
      - V(present) makes a savepoint now. The job must be running, and keeps running. With O(wait) the task succeeds
        when the job shows a savepoint that it did not have before.
      - V(imported) makes O(savepoint_path) the savepoint that the job resumes from at its next start. If the job
        already shows that path, nothing is done.
    type: str
    choices: [present, imported]
    default: present
  savepoint_path:
    description:
      - For O(state=present), the folder in OBS for the savepoint, such as V(obs://bucket/folder/). Left out, it is
        C(jobs/savepoint/) and the id of the job, in the job's own C(obs_bucket).
      - For O(state=imported), the folder of the savepoint itself. This is the folder with the file C(_metadata).
      - The prefix V(obs://) is optional.
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

- name: Make a savepoint in another bucket
  otc.dli.dli_flink_savepoint:
    name: orders-enrichment
    savepoint_path: obs://backup-bucket/orders-enrichment/

- name: Import it into another job
  otc.dli.dli_flink_savepoint:
    name: orders-enrichment-copy
    state: imported
    savepoint_path: "{{ saved.job.savepoint_path }}"

- name: Start that job from the savepoint
  otc.dli.dli_flink_jar_job:
    name: orders-enrichment-copy
    state: started
    resume_savepoint: true
"""

RETURN = r"""
job:
  description:
    - The job as it is after the task, or in check mode as it would be, see RV(otc.dli.dli_flink_jar_job#module:job).
      Its C(entrypoint_args) are masked.
    - A fact that is not known, such as the path of a savepoint that check mode did not make, is V(null).
  returned: success
  type: dict
  sample:
    job_id: 131
    name: orders-enrichment
    status: job_running
    has_savepoint: true
    savepoint_path: obs://example-bucket/jobs/savepoint/131/1578467395713/
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
    - C(rolled_back) is always V(false), because this module has nothing to roll back.
  returned: failure
  type: dict
  sample:
    type: LifecycleError
    job_id: 131
    status: job_running
    has_savepoint: false
    savepoint_path:
    rolled_back: false
"""

from ..module_utils import _compile_once
from ..module_utils._module import auth_options, run_module, wait_options
from ..module_utils._reconcile.savepoint import (
    converge_savepoint,
    savepoint_options,
    task_from_params,
)

del _compile_once  # being imported first is all that it is for


def main():
    run_module(
        {**auth_options(), **wait_options(), **savepoint_options()},
        task_from_params,
        lambda api, task, run: converge_savepoint(api, task, run.apply, run.waiting),
    )


if __name__ == "__main__":
    main()
