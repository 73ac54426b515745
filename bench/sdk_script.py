# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a user would write without Ansible: the vendor's SDK, one job after the other.

Reads a line of JSON with what to do, and prints the seconds that it took, imports not counted.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from typing import Any

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkdli import v1 as dli

# The SDK's signer asks for the time in a way Python 3.12 has deprecated.
warnings.simplefilter("ignore", DeprecationWarning)
PAUSE_SECONDS = 0.5


def main() -> None:
    """Bring jobs to what is described, in the way that the task names."""
    task = json.loads(sys.stdin.readline())
    credentials = BasicCredentials(task["access_key"], task["secret_key"], task["project_id"])
    sdk = dli.DliClient.new_builder().with_credentials(credentials).with_endpoints([task["endpoint"]]).build()
    act = {"no-op": leave_alone, "create": create, "upgrade": upgrade}[task["operation"]]
    start = time.perf_counter()
    for number in range(task["count"]):
        act(sdk, f"job-{number}", task["fields"])
    print(time.perf_counter() - start)


def leave_alone(sdk: Any, name: str, fields: dict[str, Any]) -> Any:
    """Read whether the job is there and as it should be."""
    found = find(sdk, name)
    if found.job_config.entrypoint != fields["entrypoint"] or found.queue_name != fields["queue_name"]:
        sys.exit(f"{name} is not as described")
    return found


def create(sdk: Any, name: str, fields: dict[str, Any]) -> None:
    """Create the job unless it is there."""
    if find(sdk, name) is None:
        body = dli.CreateFlinkJarJobRequestBody(name=name, **fields)
        sdk.create_flink_jar_job(dli.CreateFlinkJarJobRequest(body))


def upgrade(sdk: Any, name: str, fields: dict[str, Any]) -> None:
    """Stop the job with a savepoint, change it, and run it from there."""
    job_id = find(sdk, name).job_id
    sdk.batch_stop_flink_jobs(dli.BatchStopFlinkJobsRequest(dli.StopFlinkJobsRequestBody(True, [job_id])))
    wait_for(sdk, job_id, "job_cancel_success")
    body = dli.UpdateFlinkJarJobRequestBody(job_type="flink_jar_job", **fields)
    sdk.update_flink_jar_job(dli.UpdateFlinkJarJobRequest(job_id, body))
    sdk.batch_run_flink_jobs(dli.BatchRunFlinkJobsRequest(dli.BatchRunFlinkJobsRequestBody(True, [job_id])))
    wait_for(sdk, job_id, "job_running")


def find(sdk: Any, name: str) -> Any:
    """Return the job of this name, None when there is none."""
    listed = sdk.list_flink_jobs(dli.ListFlinkJobsRequest(name=name, show_detail=True, limit=100)).job_list
    return next((job for job in listed.jobs if job.name == name), None)


def wait_for(sdk: Any, job_id: int, status: str) -> None:
    """Ask until the job has this status."""
    while sdk.show_flink_job(dli.ShowFlinkJobRequest(job_id)).job_detail.status != status:
        time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    main()
