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
  - The module is not idempotent. The service makes new ZIP files each time, and this collection does not read buckets.
    So each run is a change.
  - If the response to an export is lost, the module does not send the export again, because the jobs could be exported
    twice. The task fails and says that the outcome is not known.
  - The ZIP files contain the definitions of the jobs, with all secrets in their arguments and SQL. Everybody who can
    read the bucket can read these secrets.
extends_documentation_fragment:
  - otc.dli.auth
  - otc.dli.attributes
attributes:
  check_mode:
    support: full
    description: Checks that the jobs exist, and exports nothing.
  diff_mode:
    support: none
    description: There is nothing to compare.
  idempotent:
    support: none
    description: Each run makes new ZIP files.
options:
  obs_dir:
    description:
      - Path in OBS for the ZIP files, such as V(example-bucket/exports).
    type: str
    required: true
  names:
    description:
      - Names of the jobs to export. The task fails if no job, or more than one, has a name.
      - Without this option and O(job_ids), all jobs are exported.
    type: list
    elements: str
  job_ids:
    description:
      - Ids of jobs to export, in addition to O(names). The task fails if one of them does not exist.
    type: list
    elements: int
seealso:
  - module: otc.dli.dli_flink_job_import
  - module: otc.dli.dli_flink_job_info
  - name: Data Lake Insight API reference
    description: The operation behind this module, as the service documents it.
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
  description: Paths of the ZIP files, as the service returns them. Empty in check mode.
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
    operation: POST /v1.0/330e068af1334c9782f4226acc00a2e2/streaming/jobs/export
    http_status: 403
    error_code: DLI.0016
    message: The role has no right to export jobs.
    request_id: 0d4a8e1c-9c2b-4f0a-8f3e-5f0f4f3a2b1c
"""

from ..module_utils import _compile_once
from ..module_utils._api.archives import ArchiveApi
from ..module_utils._module import auth_options, run_module
from ..module_utils._reconcile.archive import (
    export_from_params,
    export_jobs,
    export_options,
)

del _compile_once  # being imported first is all that it is for


def main():
    run_module(
        {**auth_options(), **export_options()},
        export_from_params,
        lambda api, task, run: export_jobs(api, task, run.apply),
        ArchiveApi,
    )


if __name__ == "__main__":
    main()
