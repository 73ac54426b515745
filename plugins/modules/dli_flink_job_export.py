#!/usr/bin/python
# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dli_flink_job_export
short_description: Export Flink jobs of Data Lake Insight into ZIP files in OBS
version_added: 0.1.0
author:
  - the otc.dli authors (@otc-dli)
description:
  - Exports Flink jobs of Data Lake Insight (DLI), SQL and JAR jobs alike, into ZIP files in OBS.
  - The jobs themselves stay as they are.
notes:
  - It cannot be idempotent. The service makes new ZIP files each time, and this collection does not look into buckets.
    So each run is a change.
  - When the answer to an export is lost, it is not sent again, as that could export twice. The task fails and says that
    its outcome is not known.
  - The ZIP files hold the definitions of the jobs, with whatever secrets are in their arguments and SQL. Who can read
    the bucket can read them.
extends_documentation_fragment:
  - otc.dli.auth
  - otc.dli.attributes
attributes:
  check_mode:
    support: full
    description: Looks for the jobs, and exports nothing.
  diff_mode:
    support: none
    description: There is nothing to compare.
  idempotent:
    support: none
    description: Each run makes new ZIP files.
options:
  obs_dir:
    description: Path in OBS that the ZIP files go to, such as V(example-bucket/exports).
    type: str
    required: true
  names:
    description:
      - Names of the jobs to export. The task fails when one is not there, or when several jobs have it.
      - Without this and O(job_ids), all jobs are exported.
    type: list
    elements: str
  job_ids:
    description: Ids of the jobs to export, besides those of O(names). The task fails when one is not there.
    type: list
    elements: int
seealso:
  - module: otc.dli.dli_flink_job_import
  - module: otc.dli.dli_flink_job_info
  - name: Data Lake Insight API reference
    description: What the service documents of the operation behind this module.
    link: https://docs.otc.t-systems.com/data-lake-insight/api-ref/flink_job-related_apis/index.html
"""

EXAMPLES = r"""
- name: Export two jobs
  otc.dli.dli_flink_job_export:
    obs_dir: example-bucket/exports
    names: [orders-enrichment, orders-hourly]
  register: exported

- name: Export all jobs
  otc.dli.dli_flink_job_export:
    obs_dir: example-bucket/exports
"""

RETURN = r"""
zip_file:
  description: Paths of the ZIP files, as the service tells them. Empty in check mode.
  returned: success
  type: list
  elements: str
  sample: [example-bucket/exports/orders-enrichment_1582677879475.zip]
jobs:
  description: Name and id of each job that was exported; V(null) for all jobs.
  returned: success
  type: list
  elements: dict
  sample:
    - job_id: 131
      name: orders-enrichment
actions:
  description: The operation of the API that was carried out, or in check mode would be.
  returned: success, or failure after something was or may have been changed
  type: list
  elements: dict
  sample:
    - operation: export
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
      sample: POST /v1.0/330e068af1334c9782f4226acc00a2e2/streaming/jobs/export
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
      sample: The role has no right to export jobs.
    request_id:
      description: Identifies the request to the service's support.
      type: str
      sample: 0d4a8e1c-9c2b-4f0a-8f3e-5f0f4f3a2b1c
"""

from ..module_utils._api.archives import ArchiveApi
from ..module_utils._module import auth_options, run_module
from ..module_utils._reconcile.archive import (
    export_from_params,
    export_jobs,
    export_options,
)


def main():
    run_module(
        {**auth_options(), **export_options()},
        export_from_params,
        lambda api, task, run: export_jobs(api, task, run.apply),
        ArchiveApi,
    )


if __name__ == "__main__":
    main()
