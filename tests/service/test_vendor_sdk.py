# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The vendor's SDK drives the service, signing its requests by itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkcore.region.region import Region
from huaweicloudsdkdli import v1 as dli

from local_dli import LocalDli

# The vendor's signer asks for the time in a way Python 3.12 has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")


def client(service: LocalDli, **changes: Any) -> dli.DliClient:
    known = service.credentials | changes
    credentials = BasicCredentials(known["access_key"], known["secret_key"], known["project_id"])
    if "security_token" in changes:
        credentials = credentials.with_security_token(changes["security_token"])
    return dli.DliClient.new_builder().with_credentials(credentials).with_endpoints([service.url]).build()


def test_the_whole_life_of_a_job(service: LocalDli) -> None:
    sdk = client(service)
    body = dli.CreateFlinkJarJobRequestBody(
        name="job",
        desc="a job: ä",
        queue_name="queue",
        cu_number=4,
        parallel_number=2,
        checkpoint_enabled=True,
        checkpoint_mode=2,
        obs_bucket="bucket",
        main_class="org.example.Job",
        entrypoint_args="--rate 3",
        entrypoint="obs://bucket/job.jar",
        dependency_jars=["obs://bucket/b.jar", "obs://bucket/a.jar"],
        resource_config_version="v2",
        resource_config=dli.ResourceConfig(
            max_slot=2, taskmanager_resource_spec=dli.ResourceSpec(cpu=1.5, memory="8 GB")
        ),
        tags=[dli.Tag(key="team", value="data")],
    )
    created = sdk.create_flink_jar_job(dli.CreateFlinkJarJobRequest(body))
    assert created.job.status_name == "job_init"
    job_id = created.job.job_id

    detail = sdk.show_flink_job(dli.ShowFlinkJobRequest(job_id)).job_detail
    assert (detail.name, detail.desc, detail.status, detail.queue_name) == ("job", "a job: ä", "job_init", "queue")
    assert (detail.main_class, detail.entrypoint_args) == ("org.example.Job", "--rate 3")
    config = detail.job_config
    assert (config.cu_number, config.parallel_number, config.checkpoint_mode) == (4, 2, "at_least_once")
    assert config.dependency_jars == ["obs://bucket/b.jar", "obs://bucket/a.jar"]
    assert config.checkpoint_path.startswith(f"bucket/jobs/checkpoint/{job_id}")
    assert config.resource_config.max_slot == 2
    assert config.resource_config.taskmanager_resource_spec.memory == "8 GB"
    assert config.resource_config.jobmanager_resource_spec.cpu == 1.0

    listed = sdk.list_flink_jobs(dli.ListFlinkJobsRequest(name="job", tags="team=data", show_detail=True, limit=100))
    assert listed.job_list.total_count == 1
    assert listed.job_list.jobs[0].job_config.cu_number == 4

    update = dli.UpdateFlinkJarJobRequestBody(desc="changed", job_type="flink_jar_job")
    assert sdk.update_flink_jar_job(dli.UpdateFlinkJarJobRequest(job_id, update)).job.update_time > 2**32
    assert sdk.show_flink_job(dli.ShowFlinkJobRequest(job_id)).job_detail.desc == "changed"

    run = sdk.batch_run_flink_jobs(dli.BatchRunFlinkJobsRequest(dli.BatchRunFlinkJobsRequestBody(False, [job_id])))
    assert [element.is_success for element in run.body] == ["true"]
    assert sdk.show_flink_job(dli.ShowFlinkJobRequest(job_id)).job_detail.status == "job_running"
    graph = sdk.show_flink_job_execution_graph(dli.ShowFlinkJobExecutionGraphRequest(job_id)).execute_graph
    assert graph.state == "RUNNING"
    sdk.execute_flink_job_savepoint(
        dli.ExecuteFlinkJobSavepointRequest(job_id, dli.ExecuteFlinkJobSavepointRequestBody("TRIGGER", "bucket/folder"))
    )
    assert sdk.show_flink_job(dli.ShowFlinkJobRequest(job_id)).job_detail.has_savepoint

    sdk.batch_stop_flink_jobs(dli.BatchStopFlinkJobsRequest(dli.StopFlinkJobsRequestBody(True, [job_id])))
    detail = sdk.show_flink_job(dli.ShowFlinkJobRequest(job_id)).job_detail
    assert (detail.status, detail.has_savepoint) == ("job_cancel_success", True)
    assert detail.savepoint_path.startswith(f"obs://bucket/jobs/savepoint/{job_id}/")

    sdk.import_flink_job_savepoint(
        dli.ImportFlinkJobSavepointRequest(
            job_id, dli.ImportFlinkJobSavepointRequestBody(job_id=job_id, savepoint_path="obs://bucket/other/")
        )
    )
    assert sdk.show_flink_job(dli.ShowFlinkJobRequest(job_id)).job_detail.savepoint_path == "obs://bucket/other/"

    other = sdk.create_flink_jar_job(dli.CreateFlinkJarJobRequest(dli.CreateFlinkJarJobRequestBody(name="other")))
    sdk.batch_delete_flink_jobs(
        dli.BatchDeleteFlinkJobsRequest(dli.BatchDeleteFlinkJobsRequestBody([other.job.job_id]))
    )
    sdk.delete_flink_job(dli.DeleteFlinkJobRequest(job_id))
    assert sdk.list_flink_jobs(dli.ListFlinkJobsRequest()).job_list.total_count == 0
    with pytest.raises(ClientRequestException) as caught:
        sdk.show_flink_job(dli.ShowFlinkJobRequest(job_id))
    assert (caught.value.status_code, caught.value.error_code) == (400, "DLI.16001")


def test_a_sql_job(service: LocalDli) -> None:
    sdk = client(service)
    body = dli.CreateFlinkSqlJobRequestBody(
        name="sql",
        sql_body="SELECT 1",
        run_mode="exclusive_cluster",
        idle_state_retention=60,
        dirty_data_strategy="1",
        udf_jar_url="group/udf.jar",
        edge_group_ids=["a"],
        flink_version="1.12",
        queue_name="queue",
        tags=[dli.Tag(key="team", value="data")],
    )
    job_id = sdk.create_flink_sql_job(dli.CreateFlinkSqlJobRequest(body)).job.job_id
    detail = sdk.show_flink_job(dli.ShowFlinkJobRequest(job_id)).job_detail
    assert (detail.job_type, detail.sql_body, detail.run_mode) == (
        "flink_opensource_sql_job",
        "SELECT 1",
        "exclusive_cluster",
    )
    config = detail.job_config
    assert (config.idle_state_retention, config.dirty_data_strategy, config.udf_jar_url) == (60, "1", "group/udf.jar")
    update = dli.UpdateFlinkSqlJobRequestBody(sql_body="SELECT 2", operator_config="{}", static_estimator_config="{}")
    assert sdk.update_flink_sql_job(dli.UpdateFlinkSqlJobRequest(job_id, update)).job.update_time > 2**32
    detail = sdk.show_flink_job(dli.ShowFlinkJobRequest(job_id)).job_detail
    assert (detail.sql_body, detail.job_config.operator_config) == ("SELECT 2", "{}")
    sdk.batch_run_flink_jobs(dli.BatchRunFlinkJobsRequest(dli.BatchRunFlinkJobsRequestBody(False, [job_id])))
    assert sdk.show_flink_job(dli.ShowFlinkJobRequest(job_id)).job_detail.status == "job_running"


def test_a_stream_graph(service: LocalDli) -> None:
    sdk = client(service)
    job = service.jobs.add(job_type="flink_opensource_sql_job")
    body = dli.CreateFlinkSqlJobGraphRequestBody(
        sql_body="SELECT 1",
        flink_version="1.12",
        cu_number=2,
        parallel_number=3,
        static_estimator=True,
        static_estimator_config="{}",
        job_type="flink_opensource_sql_job",
        graph_type="job_graph",
    )
    answer = sdk.create_flink_sql_job_graph(dli.CreateFlinkSqlJobGraphRequest(str(job.job_id), body))
    assert json.loads(answer.stream_graph)["operator_list"][0]["parallelism"] == 3
    with pytest.raises(ClientRequestException) as caught:
        body.flink_version = "1.15"
        sdk.create_flink_sql_job_graph(dli.CreateFlinkSqlJobGraphRequest(str(job.job_id), body))
    assert (caught.value.status_code, caught.value.error_code) == (400, "DLI.0001")


def test_templates(service: LocalDli) -> None:
    sdk = client(service)
    body = dli.CreateFlinkSqlJobTemplateRequestBody(
        name="template",
        desc="a",
        sql_body="SELECT 1",
        job_type="flink_sql_job",
        tags=[dli.Tag(key="team", value="data")],
    )
    created = sdk.create_flink_sql_job_template(dli.CreateFlinkSqlJobTemplateRequest(body)).template
    assert (created.name, created.job_type) == ("template", "flink_sql_job")
    update = dli.UpdateFlinkSqlJobTemplateRequestBody(name="other", desc="b", sql_body="SELECT 2")
    sdk.update_flink_sql_job_template(dli.UpdateFlinkSqlJobTemplateRequest(created.template_id, update))
    found = sdk.list_flink_sql_job_templates(
        dli.ListFlinkSqlJobTemplatesRequest(name="the", tags="team=data", limit=10, offset=0, order="asc")
    ).template_list
    assert (found.total_count, found.templates[0].name, found.templates[0].sql_body) == (1, "other", "SELECT 2")
    body = dli.CreateFlinkSqlJobRequestBody(name="sql", template_id=created.template_id)
    job_id = sdk.create_flink_sql_job(dli.CreateFlinkSqlJobRequest(body)).job.job_id
    assert sdk.show_flink_job(dli.ShowFlinkJobRequest(job_id)).job_detail.sql_body == "SELECT 2"
    sdk.delete_flink_sql_job_template(dli.DeleteFlinkSqlJobTemplateRequest(created.template_id))
    assert service.templates.all() == []


def test_export_and_import(service: LocalDli) -> None:
    sdk = client(service)
    old = service.jobs.add(name="job", desc="old")
    body = dli.ExportFlinkJobsRequestBody(obs_dir="bucket/dir", is_selected=True, job_selected=[old.job_id])
    (path,) = sdk.export_flink_jobs(dli.ExportFlinkJobsRequest(body)).zip_file
    assert path.startswith("bucket/dir/job_") and path.endswith(".zip")

    def imported(**options: Any) -> tuple[int, int]:
        body = dli.ImportFlinkJobsRequestBody(zip_file=path, **options)
        (job,) = sdk.import_flink_jobs(dli.ImportFlinkJobsRequest(body)).job_mapping
        return job.old_job_id, job.new_job_id

    old.fields["desc"] = "new"
    assert imported(is_cover=False) == (old.job_id, -1) and old.fields["desc"] == "new"
    assert imported(is_cover=True) == (old.job_id, old.job_id) and old.fields["desc"] == "old"
    sdk.delete_flink_job(dli.DeleteFlinkJobRequest(old.job_id))
    assert imported()[1] == service.jobs.all()[0].job_id > old.job_id


def test_every_flink_operation_of_the_reference_is_driven(service: LocalDli) -> None:
    """All that the SDK has for Flink jobs, but two calls that the reference of Open Telekom Cloud does not have."""
    driven = Path(__file__).read_text(encoding="utf-8")
    calls = {
        name
        for name in vars(dli.DliClient)
        if "flink" in name and not name.startswith("_") and not name.endswith("_invoker")
    }
    not_in_the_reference = {"show_flink_metric", "update_flink_job_status_report"}
    assert {name for name in calls if f"sdk.{name}(" not in driven} == not_in_the_reference
    assert client(service) is not None


def test_awkward_characters_are_signed_alike(service: LocalDli) -> None:
    sdk = client(service)
    service.jobs.add(queue_name="a b/ü+&=~", tags=[{"key": "k", "value": "v w"}])
    found = sdk.list_flink_jobs(dli.ListFlinkJobsRequest(queue_name="a b/ü+&=~", tags="k=v w")).job_list
    assert found.total_count == 1


def test_a_temporary_key(service: LocalDli) -> None:
    known = service.credentials
    pair = {"access_key": known["temporary_access_key"], "secret_key": known["temporary_secret_key"]}
    sdk = client(service, security_token=known["security_token"], **pair)
    assert sdk.list_flink_jobs(dli.ListFlinkJobsRequest()).job_list.total_count == 0
    for wrong in (pair, pair | {"security_token": "other"}):
        with pytest.raises(ClientRequestException) as caught:
            client(service, **wrong).list_flink_jobs(dli.ListFlinkJobsRequest())
        assert (caught.value.status_code, caught.value.error_code) == (401, "DLI.0013")


@pytest.mark.parametrize("change", [{"secret_key": "wrong"}, {"access_key": "unknown"}])
def test_a_wrong_key(service: LocalDli, change: dict[str, str]) -> None:
    with pytest.raises(ClientRequestException) as caught:
        client(service, **change).list_flink_jobs(dli.ListFlinkJobsRequest())
    assert (caught.value.status_code, caught.value.error_code) == (401, "DLI.0013")


def test_another_project(service: LocalDli) -> None:
    with pytest.raises(ClientRequestException) as caught:
        client(service, project_id="b" * 32).list_flink_jobs(dli.ListFlinkJobsRequest())
    assert (caught.value.status_code, caught.value.error_code) == (403, "DLI.0016")


def test_the_sdk_finds_the_project_of_a_region(service: LocalDli) -> None:
    known = service.credentials
    credentials = BasicCredentials(known["access_key"], known["secret_key"]).with_iam_endpoint(service.url)
    region = Region(known["region"], service.url)
    sdk = dli.DliClient.new_builder().with_credentials(credentials).with_region(region).build()
    assert sdk.list_flink_jobs(dli.ListFlinkJobsRequest()).job_list.total_count == 0
    first, last = service.requests
    assert (first.path, first.query) == ("/v3/projects", {"name": ["eu-de"]})
    assert known["project_id"] not in last.path
