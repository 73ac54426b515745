#!/usr/bin/python
# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dli_flink_job_import
short_description: Import Flink jobs of Data Lake Insight from ZIP files in OBS
version_added: 0.1.0
author:
  - the otc.dli authors (@otc-dli)
description:
  - Imports Flink jobs of Data Lake Insight (DLI) from ZIP files in OBS that an export has made.
  - A job whose name is taken is left alone, unless O(is_cover) is true.
notes:
  - With O(is_cover=true) it cannot be idempotent. The service overwrites the jobs each time and does not tell whether
    that changes them. So each run that imports a job is a change.
  - Without it, a second run changes nothing, as the service itself leaves alone jobs that are there. It is a change
    when at least one job was imported. Only with O(names) this is known before, without sending the import, as far as
    the ZIP files have these jobs.
  - When the answer to an import is lost, the jobs of O(names) are looked up, and the import is sent again when one of
    them is not there. Without O(names) it is sent again. It then counts as a change even when all jobs were there, as
    the lost one may have imported them.
  - When the answer to an import with O(is_cover=true) is lost, it is not sent again. The task fails and says that its
    outcome is not known.
  - What becomes of a running job that is overwritten is not documented. The service may leave it as it is; a warning
    tells of jobs that it did not import.
extends_documentation_fragment:
  - otc.dli.auth
  - otc.dli.attributes
attributes:
  check_mode:
    support: partial
    description: Imports nothing.
    details: Without O(names) and O(is_cover) it cannot know whether the real run would change anything, and says so.
  diff_mode:
    support: none
    description: There is nothing to compare.
  idempotent:
    support: partial
    description: With O(is_cover=false). With O(is_cover=true) each run overwrites.
options:
  zip_file:
    description: Path in OBS of a ZIP file, or of a folder with nothing but ZIP files.
    type: str
    required: true
  is_cover:
    description: Whether a job is overwritten when one of its name is there.
    type: bool
    default: false
    aliases: [overwrite]
  names:
    description:
      - Names of the jobs in the ZIP files. When all of them are there, nothing is imported and nothing changes.
      - When one is not there, the ZIP files are imported as a whole, with the jobs that are not named here. When it is
        still not there afterwards, a warning says so, and each run imports the ZIP files again.
      - Not with O(is_cover=true).
    type: list
    elements: str
seealso:
  - module: otc.dli.dli_flink_job_export
  - module: otc.dli.dli_flink_job_info
  - name: Data Lake Insight API reference
    description: What the service documents of the operation behind this module.
    link: https://docs.otc.t-systems.com/data-lake-insight/api-ref/flink_job-related_apis/index.html
"""

EXAMPLES = r"""
- name: Import a job, unless it is there
  otc.dli.dli_flink_job_import:
    zip_file: example-bucket/exports/orders-enrichment_1582677879475.zip
    names: [orders-enrichment]

- name: Import all jobs of a folder, and overwrite those that are there
  otc.dli.dli_flink_job_import:
    zip_file: example-bucket/exports
    is_cover: true
"""

RETURN = r"""
job_mapping:
  description:
    - What became of each job in the ZIP files. Empty when nothing was sent, as in check mode.
    - C(new_job_id) is V(null) for a job that was not imported. C(remark) tells the service's reason, such as that one
      of its name is there. With O(is_cover=true) it was not overwritten, perhaps because it runs, and a warning tells
      so.
    - When the answer was lost and the jobs were looked up instead, this has only the jobs of O(names) that were not
      there before and are now. Their C(old_job_id) is V(null), their C(remark) is empty, and a warning tells so.
  returned: success
  type: list
  elements: dict
  sample:
    - old_job_id: 131
      new_job_id: 200
      remark: Job successfully created
actions:
  description: The operation of the API that was carried out, or in check mode would be.
  returned: success, or failure after something was or may have been changed
  type: list
  elements: dict
  sample:
    - operation: import
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
      sample: POST /v1.0/330e068af1334c9782f4226acc00a2e2/streaming/jobs/import
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
      sample: The role has no right to import jobs.
    request_id:
      description: Identifies the request to the service's support.
      type: str
      sample: 0d4a8e1c-9c2b-4f0a-8f3e-5f0f4f3a2b1c
"""

from ..module_utils._api.archives import ArchiveApi
from ..module_utils._module import auth_options, run_module
from ..module_utils._reconcile.archive import (
    import_from_params,
    import_jobs,
    import_options,
)


def main():
    run_module(
        {**auth_options(), **import_options()},
        import_from_params,
        lambda api, task, run: import_jobs(api, task, run.apply),
        ArchiveApi,
    )


if __name__ == "__main__":
    main()
