# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a user does with the module day by day, with real ansible-playbook, ansible and ansible-runner."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local_dli import Behaviour, LocalDli
from playbooks.ansible_cli import Ansible
from playbooks.expectations import calls

FORETOLD = ("changed", "changes", "actions", "diff")


def by_token(service: LocalDli) -> dict[str, str]:
    return {
        "dli_token": service.issue_token(),
        "dli_project_id": service.credentials["project_id"],
        "dli_endpoint": service.url,
    }


def token_in_environment(service: LocalDli) -> dict[str, str]:
    return {
        "OS_TOKEN": service.issue_token(),
        "OS_PROJECT_ID": service.credentials["project_id"],
        "OS_DLI_ENDPOINT_OVERRIDE": service.url,
    }


def printed_result(stdout: str) -> dict[str, Any]:
    """The result that ad-hoc ansible prints after the arrow."""
    return json.loads(stdout.partition(" => ")[2])


def test_the_life_of_a_job(ansible: Ansible) -> None:
    # The service's clock ticks with each request, so that "still listed for two requests" is exact.
    clock: list[LocalDli] = []
    behaviour = Behaviour(delete_seconds=2.0)
    with LocalDli(behaviour, clock=lambda: float(len(clock[0].requests)) if clock else 0.0) as service:
        clock.append(service)
        run = ansible.runner("main_job.yml", variables=by_token(service))
    assert (run.code, run.stderr) == (0, ""), run.stdout
    assert service.contract_violations == []
    assert "WARNING" not in run.stdout

    created = run.result("Create the job")
    assert created["changed"]
    job_id = created["job"]["job_id"]
    de, nl = run.items("Create two more jobs")
    de_id, nl_id = de["job"]["job_id"], nl["job"]["job_id"]
    tags = f"GET /v3/{service.credentials['project_id']}/dli_flink_job/{job_id}/tags"
    beginning = [
        # Predict the new job
        "GET jobs",
        # Create the job; its tags have a request of their own
        *("GET jobs", "POST flink-jobs", f"GET jobs/{job_id}", tags),
        # Describe the job again
        *("GET jobs", tags),
        # Predict the edited job; an update rests on the detail
        *("GET jobs", tags, f"GET jobs/{job_id}"),
        # Edit the job
        *("GET jobs", tags, f"GET jobs/{job_id}", f"PUT flink-jobs/{job_id}", f"GET jobs/{job_id}"),
        # Describe the edited job again
        *("GET jobs", tags),
        # Create two more jobs
        *("GET jobs", "POST flink-jobs", f"GET jobs/{de_id}"),
        *("GET jobs", "POST flink-jobs", f"GET jobs/{nl_id}"),
        # Describe the two jobs again
        *(f"GET jobs/{de_id}", "GET jobs"),
        *(f"GET jobs/{nl_id}", "GET jobs"),
    ]
    end = [
        # Predict that the job goes; whether it has state to lose shows in its detail
        *("GET jobs", f"GET jobs/{job_id}"),
        # Delete the job, and wait until it is listed no longer
        *("GET jobs", f"GET jobs/{job_id}", f"DELETE jobs/{job_id}", f"GET jobs/{job_id}", "GET jobs", "GET jobs"),
        # Delete the job again
        "GET jobs",
    ]
    asked = calls(service)
    assert asked[: len(beginning)] == beginning
    assert asked[-len(end) :] == end
    # Rename a job, Repeat a task until it has nothing to do, Change a job in the background
    between = [call for call in asked[len(beginning) : -len(end)] if not call.startswith("GET ")]
    assert between == [f"PUT flink-jobs/{de_id}"] * 3

    for predicted, real in (
        ("Predict the new job", "Create the job"),
        ("Predict the edited job", "Edit the job"),
        ("Predict that the job goes", "Delete the job"),
    ):
        foretold, result = run.result(predicted), run.result(real)
        assert {key: foretold[key] for key in FORETOLD} == {key: result[key] for key in FORETOLD}
        assert result["changed"], real
    # Their values in the diff are those that the test's own playbook asks for.
    assert run.result("Predict the new job")["job"]["job_id"] is None
    assert created["diff"]["after"]["runtime_config"] == {"table.exec.state.ttl": "3600000"}
    assert created["diff"]["after"]["tags"] == {"team": "orders"}
    assert created["diff"]["before"] == {}
    assert created["actions"] == [{"operation": "create", "fields": list(created["changes"])}]
    assert created["job"]["checkpoint_mode"] == "at_least_once"

    edited = run.result("Edit the job")
    assert edited["changes"] == {
        "entrypoint_args": {"before": "-windowSize 2000 -rate 3", "after": "-windowSize 2000 -rate 5"},
        "parallel_number": {"before": 3, "after": 6},
    }
    assert edited["actions"] == [{"operation": "update", "fields": ["entrypoint_args", "parallel_number"]}]
    put = next(request for request in service.requests if request.method == "PUT")
    post = next(request for request in service.requests if request.method == "POST")
    assert (put.json["entrypoint_args"], put.json["parallel_number"]) == ("-windowSize 2000 -rate 5", 6)
    kept = post.json.keys() - {"entrypoint_args", "parallel_number", "tags"}
    assert {name: put.json[name] for name in kept} == {name: post.json[name] for name in kept}

    idle = [run.result("Describe the job again"), run.result("Describe the edited job again")]
    for result in (*idle, *run.items("Describe the two jobs again"), run.result("Delete the job again")):
        assert (result["changed"], result["changes"], result["actions"]) == (False, {}, [])
        assert result["diff"]["before"] == result["diff"]["after"]

    renamed = run.result("Rename a job")
    assert (renamed["job"]["job_id"], renamed["job"]["name"]) == (de_id, "clicks-renamed")
    assert renamed["changes"] == {"name": {"before": "clicks-de", "after": "clicks-renamed"}}
    settled = run.result("Repeat a task until it has nothing to do")
    assert (settled["changed"], settled["attempts"]) == (False, 2)
    background = run.result("Change a job in the background")
    assert background["changes"] == {"desc": {"before": "Counts clicks", "after": ""}}

    assert run.result("Delete the job")["job"]["job_id"] == job_id
    assert run.result("Delete the job again")["job"] is None
    assert sorted(job.name for job in service.jobs.all()) == ["clicks-nl", "clicks-renamed"]


def test_a_job_template_with_a_survey(ansible: Ansible, service: LocalDli) -> None:
    """As in AWX: the credentials come by the environment alone, and every answer of a survey is a text."""
    known = service.credentials
    environment = {
        "OS_AUTH_URL": service.auth_url,
        "OS_USERNAME": known["username"],
        "OS_PASSWORD": known["password"],
        "OS_USER_DOMAIN_NAME": known["user_domain_name"],
        "OS_PROJECT_NAME": known["project_name"],
    }
    answers = {
        "survey_name": "from-a-survey",
        "survey_queue": "streaming",
        "survey_cu_number": "4",
        "survey_parallel_number": "",
        "survey_checkpoint_enabled": "true",
        "survey_log_enabled": "no",
        "survey_checkpoint_interval": "60",
        "survey_dependency_jars": "obs://bucket/a.jar,obs://bucket/b.jar",
        "survey_runtime_config": "table.exec.state.ttl=3600000\nparallelism.default=2",
        "survey_tags": '{"team": "orders", "cost": "4711"}',
    }
    first = ansible.runner("survey.yml", variables=answers, env=environment)
    assert (first.code, first.stderr) == (0, ""), first.stdout
    (job,) = service.jobs.all()
    assert (job.fields["cu_number"], job.fields["parallel_number"]) == (4, 1)
    assert (job.fields["checkpoint_enabled"], job.fields["log_enabled"]) == (True, False)
    assert job.fields["checkpoint_interval"] == 60
    assert job.fields["dependency_jars"] == ["obs://bucket/a.jar", "obs://bucket/b.jar"]
    assert job.fields["tags"] == [{"key": "team", "value": "orders"}, {"key": "cost", "value": "4711"}]
    assert first.result("Run what the survey describes")["changed"]
    assert "parallel_number" not in first.result("Run what the survey describes")["changes"]

    service.requests.clear()
    second = ansible.runner("survey.yml", variables=answers, env=environment)
    assert second.code == 0, second.stdout
    assert not second.result("Run what the survey describes")["changed"]
    tags = f"GET /v3/{service.credentials['project_id']}/dli_flink_job/{job.job_id}/tags"
    assert calls(service) == ["POST /v3/auth/tokens", "GET jobs", tags]


def test_by_hand(ansible: Ansible, service: LocalDli) -> None:
    environment = token_in_environment(service)
    created = ansible.adhoc(
        "name=by-hand queue_name=streaming entrypoint=obs://bucket/job.jar cu_number=3 log_enabled=no", env=environment
    )
    assert (created.code, created.stderr) == (0, "")
    assert created.stdout.startswith("localhost | CHANGED => ")
    result = printed_result(created.stdout)
    assert result["job"]["cu_number"] == 3
    assert result["changes"]["log_enabled"] == {"before": None, "after": False}
    (job,) = service.jobs.all()
    assert (job.fields["cu_number"], job.fields["log_enabled"]) == (3, False)
    arguments = {"name": "by-hand", "cu_number": 3, "runtime_config": {}}
    again = ansible.adhoc(json.dumps(arguments), env=environment)
    assert again.stdout.startswith("localhost | SUCCESS => ")
    assert again.code == 0


def test_what_a_dry_run_prints(ansible: Ansible, service: LocalDli) -> None:
    service.jobs.add(name="orders", queue_name="streaming", cu_number=2)
    variables = {**by_token(service), "job": {"name": "orders", "queue_name": "streaming", "cu_number": 5}}
    run = ansible.playbook("one_job.yml", "--check", "--diff", variables=variables)
    assert run.code == 0, run.stdout
    assert run.stderr == ""
    lines = run.stdout.splitlines()
    assert "--- before: Flink job orders" in lines
    assert "+++ after: Flink job orders" in lines
    changed = [line.replace(" ", "") for line in lines if line.startswith(("- ", "+ "))]
    assert changed == ['-"cu_number":2,', '+"cu_number":5,']
    assert "changed=1" in run.stdout
    assert [request.method for request in service.requests] == ["GET", "GET"]
    (job,) = service.jobs.all()
    assert job.fields["cu_number"] == 2


def test_the_documentation_prints(ansible: Ansible) -> None:
    text = ansible.call("ansible-doc", "otc.dli.dli_flink_jar_job")
    assert (text.code, text.stderr) == (0, "")
    assert "secret_entrypoint_args" in text.stdout
    assert "EXAMPLES:" in text.stdout
    data = ansible.call("ansible-doc", "--json", "otc.dli.dli_flink_jar_job")
    options = json.loads(data.stdout)["otc.dli.dli_flink_jar_job"]["doc"]["options"]
    assert {"token", "password", "secret_key", "cloud", "name", "wait_timeout", "state"} <= options.keys()


def test_the_request_of_the_api_reference(ansible: Ansible, service: LocalDli) -> None:
    """The create example of the API reference, written as a task, is sent just as it stands there."""
    example: dict[str, Any] = {
        "name": "test",
        "desc": "job for test",
        "queue_name": "testQueue",
        "manager_cu_number": 1,
        "cu_number": 2,
        "parallel_number": 1,
        "tm_cus": 1,
        "tm_slot_num": 1,
        "log_enabled": True,
        "obs_bucket": "bucketName",
        "smn_topic": "topic",
        "main_class": "org.apache.flink.examples.streaming.JavaQueueStream",
        "restart_when_exception": False,
        "entrypoint": "javaQueueStream.jar",
        "entrypoint_args": "-windowSize 2000 -rate 3",
        "dependency_jars": ["myGroup/test.jar", "myGroup/test1.jar"],
        "execution_agency_urn": "myAgencyName",
        "dependency_files": ["myGroup/test.csv", "myGroup/test1.csv"],
    }
    run = ansible.playbook("reference_example.yml", variables=by_token(service))
    assert run.code == 0, run.stdout
    (post,) = [request for request in service.requests if request.method == "POST"]
    assert post.headers["content-type"] == "application/json"
    sent = json.loads(post.body)
    assert sent == example
    # Equal in Python are 1, 1.0 and true as well; equal as bytes they are not.
    assert json.dumps(sent, sort_keys=True).encode() == json.dumps(example, sort_keys=True).encode()


@pytest.mark.parametrize("program", ["ansible-playbook", "ansible-runner"])
def test_a_refused_task_ends_the_play(ansible: Ansible, service: LocalDli, program: str) -> None:
    run_it = ansible.playbook if program == "ansible-playbook" else ansible.runner
    variables = {**by_token(service), "job": {"name": "orders", "job_id": 4711, "desc": "There is none."}}
    run = run_it("one_job.yml", variables=variables)
    assert run.code == 2
    assert "There is no Flink job 4711; to create a job, give its name alone" in run.stdout
    assert "Traceback" not in run.stdout + run.stderr
