# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The contract is enough to generate a client from, and that client can do what the collection does."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from local_dli import LocalDli
from local_dli.contract import CONTRACT_FILE, contract

PACKAGE = "generated_dli_client"


@pytest.fixture(scope="module", name="generated")
def fixture_generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], ModuleType]]:
    """Return a function that imports a part of a client generated from the contract; no part may be left out of it."""
    folder = tmp_path_factory.mktemp("generated")
    config = folder / "config.yml"
    # By default the generator formats what it has made, which takes longer than making it.
    config.write_text("post_hooks: []\n", encoding="utf-8")
    made = subprocess.run(
        [sys.executable, "-m", "openapi_python_client", "generate", "--path", CONTRACT_FILE, "--meta", "none",
         "--config", config, "--output-path", folder / PACKAGE, "--fail-on-warning"],
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )  # fmt: skip
    # What the generator cannot read it leaves out, with a warning.
    assert (made.returncode, "Warning" in made.stdout) == (0, False), made.stdout
    sys.path.insert(0, str(folder))
    yield lambda part: importlib.import_module(f"{PACKAGE}.{part}")
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


class GeneratedClient:
    """Calls operations of the generated client by their names in the contract."""

    def __init__(self, service: LocalDli, generated: Callable[[str], ModuleType]) -> None:
        self.generated = generated
        self.project_id = service.credentials["project_id"]
        self.client = generated("client").AuthenticatedClient(
            base_url=service.url, token=service.issue_token(), prefix="", auth_header_name="X-Auth-Token"
        )

    def call(self, operation: str, *path: Any, **parameters: Any) -> Any:
        """Return the response of an operation, None where it has no body; it has to be a success."""
        module = self.generated(f"api.flink.{snake_case(operation)}")
        response = module.sync_detailed(self.project_id, *path, client=self.client, x_language="en-us", **parameters)
        assert response.status_code in (200, 204), response.content
        return response.parsed

    def model(self, schema: str, /, **values: Any) -> Any:
        """Return the body of a request, by the name of its schema."""
        return getattr(self.generated(f"models.{snake_case(schema)}"), schema).from_dict(values)


def snake_case(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


@pytest.fixture(name="client")
def fixture_client(service: LocalDli, generated: Callable[[str], ModuleType]) -> Iterator[GeneratedClient]:
    client = GeneratedClient(service, generated)
    with client.client:
        yield client


def test_each_operation_is_in_the_client(generated: Callable[[str], ModuleType]) -> None:
    operations = [
        (operation["tags"][0], operation["operationId"])
        for path in contract().document["paths"].values()
        for operation in path.values()
        if isinstance(operation, dict) and "operationId" in operation
    ]
    assert len(operations) >= 22
    for tag, name in operations:
        assert callable(generated(f"api.{tag}.{snake_case(name)}").sync_detailed), name


def test_a_generated_client_runs_a_job_through_its_life(client: GeneratedClient, service: LocalDli) -> None:
    resources = {"max_slot": 2, "taskmanager_resource_spec": {"cpu": 2.0, "memory": "8 GB"}}
    body = client.model(
        "FlinkJarJobCreate",
        name="job",
        queue_name="queue",
        obs_bucket="bucket",
        checkpoint_enabled=True,
        checkpoint_mode=2,
        resource_config_version="v2",
        resource_config=resources,
        tags=[{"key": "team", "value": "orders"}],
    )
    job_id = client.call("createFlinkJarJob", body=body).job.job_id
    listed = client.call("listFlinkJobs", name="job", tags="team=orders", show_detail=True).job_list
    assert (listed.total_count, listed.jobs[0].job_id, str(listed.jobs[0].status)) == (1, job_id, "job_init")
    assert str(listed.jobs[0].job_config.checkpoint_mode) == "at_least_once"

    detail = client.call("showFlinkJob", job_id).job_detail
    assert (detail.name, str(detail.job_type), str(detail.job_config.checkpoint_mode)) == (
        "job", "flink_jar_job", "at_least_once",
    )  # fmt: skip
    assert detail.job_config.resource_config.taskmanager_resource_spec.memory == "8 GB"
    change = client.model("FlinkJarJobUpdate", desc="changed")
    assert client.call("updateFlinkJarJob", job_id, body=change).job.update_time > 2**32

    more = client.model("JobTagsChange", tags=[{"key": "tier", "value": "gold"}])
    assert client.call("createFlinkJobTags", job_id, body=more) is None
    tags = client.call("listFlinkJobTags", job_id)
    assert (tags.count, {tag.key: tag.value for tag in tags.tags}) == (2, {"team": "orders", "tier": "gold"})
    assert client.call("deleteFlinkJobTags", job_id, body=more) is None
    assert client.call("listFlinkJobTags", job_id).count == 1

    (run,) = client.call("runFlinkJobs", body=client.model("FlinkJobsRun", job_ids=[job_id]))
    assert str(run.is_success) == "true"
    graph = client.call("showFlinkJobExecutionGraph", job_id).execute_graph
    assert str(graph.state) == "RUNNING" and graph.vertices[0].to_dict()["parallelism"] == 1
    (stop,) = client.call("stopFlinkJobs", body=client.model("FlinkJobsStop", job_ids=[job_id], trigger_savepoint=True))
    assert str(stop.is_success) == "true"
    detail = client.call("showFlinkJob", job_id).job_detail
    assert (str(detail.status), detail.has_savepoint, detail.desc) == ("job_cancel_success", True, "changed")

    client.call("deleteFlinkJob", job_id)
    assert client.call("listFlinkJobs").job_list.jobs == [] and service.jobs.all() == []
    assert {request.status for request in service.requests} == {200, 204}


def test_a_generated_client_reads_other_shapes_too(client: GeneratedClient, service: LocalDli, behave: Any) -> None:
    behave(checkpoint_mode_reads="number", numbers_read="string", batch_answers="object", is_success="boolean")
    job = service.jobs.add(name="job", queue_name="queue")
    config = client.call("showFlinkJob", job.job_id).job_detail.job_config
    assert (int(config.checkpoint_mode), config.cu_number, config.image) == (1, "2", None)
    run = client.call("runFlinkJobs", body=client.model("FlinkJobsRun", job_ids=[job.job_id]))
    assert run.is_success is True
    refused = client.model("FlinkJobsDelete", job_ids=[7])
    assert client.call("deleteFlinkJobs", body=refused).is_success is False
