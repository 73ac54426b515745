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
  - If a job of the same name exists, it is not changed, unless O(is_cover) is true.
notes:
  - With O(is_cover=true) the module is not idempotent. The service overwrites the jobs each time, and does not say
    whether that changes them. So each run that imports a job is a change.
  - With O(is_cover=false) a second run changes nothing, because the service itself does not change jobs that exist. A
    run is a change if at least one job was imported. With O(names), the module knows this without sending the import if
    all of these jobs exist.
  - If the response to an import is lost, the module reads whether the jobs of O(names) exist, and sends the import
    again if one of them does not. Without O(names) it sends the import again. The result then counts as a change even
    if all jobs existed, because the lost import may have imported them.
  - If the response to an import with O(is_cover=true) is lost, the module does not send it again. The task fails and
    says that the outcome is not known.
  - What happens to a running job that is overwritten is not documented. The service may leave it as it is. A warning
    lists the jobs that it did not import.
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
    description: With O(is_cover=false) only. With O(is_cover=true) each run overwrites.
options:
  zip_file:
    description:
      - Path in OBS of a ZIP file, or of a folder with nothing but ZIP files.
    type: str
    required: true
  is_cover:
    description:
      - Whether to overwrite a job of the same name.
    type: bool
    default: false
    aliases: [overwrite]
  names:
    description:
      - Names of the jobs in the ZIP files. If all of them exist, nothing is imported and nothing changes.
      - If one of them does not exist, the ZIP files are imported as a whole, with jobs that are not named here. If it
        still does not exist afterwards, a warning says so, and each run imports the ZIP files again.
      - Cannot be used with O(is_cover=true).
    type: list
    elements: str
seealso:
  - module: otc.dli.dli_flink_job_export
  - module: otc.dli.dli_flink_job_info
  - name: Data Lake Insight API reference
    description: The operation behind this module, as the service documents it.
    link: https://docs.otc.t-systems.com/data-lake-insight/api-ref/flink_job-related_apis/index.html
"""

EXAMPLES = r"""
- name: Import a job, unless it exists
  otc.dli.dli_flink_job_import:
    zip_file: example-bucket/exports/orders-enrichment_1582677879475.zip
    names: [orders-enrichment]

- name: Import all jobs of a folder, and overwrite those that exist
  otc.dli.dli_flink_job_import:
    zip_file: example-bucket/exports
    is_cover: true
"""

RETURN = r"""
job_mapping:
  description:
    - What became of each job in the ZIP files. Empty when nothing was sent, as in check mode.
    - C(new_job_id) is V(null) for a job that was not imported. C(remark) is the service's reason, such as that there is
      a job of its name. With O(is_cover=true) it was not overwritten, perhaps because it runs, and a warning says so.
    - When the response was lost and the jobs were listed instead, this has only the jobs of O(names) that were not
      there before and are now. Their C(old_job_id) is V(null), their C(remark) is empty, and a warning says so.
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
    operation: POST /v1.0/330e068af1334c9782f4226acc00a2e2/streaming/jobs/import
    http_status: 403
    error_code: DLI.0016
    message: The role has no right to import jobs.
    request_id: 0d4a8e1c-9c2b-4f0a-8f3e-5f0f4f3a2b1c
"""

from ..module_utils import _compile_once
from ..module_utils._api.archives import ArchiveApi
from ..module_utils._module import auth_options, run_module
from ..module_utils._reconcile.archive import (
    import_from_params,
    import_jobs,
    import_options,
)

del _compile_once  # being imported first is all that it is for


def main():
    run_module(
        {**auth_options(), **import_options()},
        import_from_params,
        lambda api, task, run: import_jobs(api, task, run.apply),
        ArchiveApi,
    )


if __name__ == "__main__":
    main()
