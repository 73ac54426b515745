# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role flink_deploy with real ansible-playbook and amazon.aws, an S3 server and the local service."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_dli import Behaviour, LocalDli
from local_s3 import ACCESS_KEY, SECRET_KEY, LocalS3, local_s3
from playbooks.ansible_cli import Ansible
from playbooks.deployer import BUILD, Deployer

BUCKET = "example-bucket"
FOLDER = "jars/orders-enrichment"
SECRET = "correct-horse-battery"
# From the environment, because Ansible prints the variables of its command line.
SECRET_VARIABLE = "{{ lookup('env', 'DB_PASSWORD') }}"
JOB = {
    "name": "orders-enrichment",
    "queue_name": "streaming",
    "main_class": "org.example.orders.Enrichment",
    "secret_entrypoint_args": f"--db-password {SECRET_VARIABLE}",
    "obs_bucket": BUCKET,
    "health_window": 0,
    "runtime_config": {"table.exec.state.ttl": 3600000, "orders.password": SECRET_VARIABLE},
}
ROLLED_BACK = "Rolled back: the previous definition runs again, from the savepoint obs://"


@pytest.fixture(name="running_s3", scope="module")
def fixture_running_s3() -> Iterator[LocalS3]:
    with local_s3() as s3:
        yield s3


@pytest.fixture(name="s3")
def fixture_s3(running_s3: LocalS3) -> LocalS3:
    running_s3.add_bucket(BUCKET)
    return running_s3


@pytest.fixture(name="deployer")
def fixture_deployer(ansible: Ansible, service: LocalDli, s3: LocalS3) -> Deployer:
    return Deployer(ansible, service, s3, JOB, {"DB_PASSWORD": SECRET})


def jar(content: str) -> str:
    """Return the name of the object for a JAR with this content."""
    return f"{FOLDER}/{BUILD}-{hashlib.sha256(content.encode()).hexdigest()[:16]}.jar"


def obs(content: str) -> str:
    return f"obs://{BUCKET}/{jar(content)}"


@pytest.fixture(name="running_job")
def fixture_running_job(service: LocalDli, s3: LocalS3) -> None:
    """The job runs the JAR of build one, which an earlier deployment has put there."""
    s3.write(BUCKET, jar("one"), b"one")
    fields = {"entrypoint": obs("one"), "entrypoint_args": f"--db-password {SECRET}"}
    settings = [
        {"key": key, "value": str(value).replace(SECRET_VARIABLE, SECRET)}
        for key, value in JOB["runtime_config"].items()
    ]
    given = {name: JOB[name] for name in ("name", "queue_name", "main_class", "obs_bucket")}
    service.jobs.add(**given, **fields, runtime_config=json.dumps(settings), status="job_running", start_time=1)


MISTAKES = {
    "": {"jar": "a.jar"},
    "flink_deploy_job has no name.": {"jar": "a.jar", "job": {"desc": "orders"}},
    "flink_deploy_job has entrypoint, but the role itself sets it.": {
        "jar": "a.jar",
        "job": {"name": "orders", "entrypoint": "b.jar"},
    },
    "flink_deploy_job has state, but the role itself sets it.": {
        "jar": "a.jar",
        "job": {"name": "orders", "state": "stopped"},
    },
    "flink_deploy_job has project_name, which would count for a part of the tasks alone. Give it by the environment, "
    "or as module_defaults of the group otc.dli.dli.": {
        "jar": "a.jar",
        "job": {"name": "orders", "project_name": "dev"},
    },
    "Give either flink_deploy_jar or flink_deploy_entrypoint, and not both.": {
        "jar": "a.jar",
        "entrypoint": "obs://example-bucket/b.jar",
    },
    "flink_deploy_folder is /jars/, but must be names of letters, digits, dots, underscores and hyphens with a slash "
    "between them.": {"jar": "a.jar", "folder": "/jars/"},
    "flink_deploy_bucket is obs://example-bucket, but must be the name of a bucket alone.": {
        "jar": "a.jar",
        "bucket": "obs://example-bucket",
    },
    "flink_deploy_keep is -1, but must not be negative.": {"jar": "a.jar", "keep": -1},
    "There is no access key for OBS: set OS_ACCESS_KEY and OS_SECRET_KEY in the environment, or "
    "flink_deploy_access_key and flink_deploy_secret_key.": {"jar": "a.jar", "secret_key": ""},
}
SEEN = {
    "status": "job_running",
    "checkpoint_path": "example-bucket/jobs/checkpoint/131/",
    "runtime_config": {"execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION"},
    "execution_plan": {"jid": "abc"},
}
STOPPED = {**SEEN, "status": "job_cancel_success", "has_savepoint": True}
IMPORTED = {**STOPPED, "savepoint_path": "obs://example-bucket/jobs/checkpoint/131/abc/chk-9"}
# Why a job has no checkpoint to resume from.
NO_CHECKPOINT = {
    "": [SEEN],
    "there is no such job": [],
    "it is stopped and has a savepoint at obs://example-bucket/jobs/savepoint/131/1578467395713/; if its last stop "
    "made that, deploy it without flink_deploy_resume_from, else import the checkpoint with "
    "otc.dli.dli_flink_savepoint first": [
        {**STOPPED, "savepoint_path": "obs://example-bucket/jobs/savepoint/131/1578467395713/"}
    ],
    "it failed when it was stopped, after Flink had made a savepoint, which status_desc names; import that one with "
    "otc.dli.dli_flink_savepoint": [
        {**SEEN, "status": "job_running_exception", "status_desc": "A savepoint has been created at: obs://b/s, but …"}
    ],
    "it is job_finish, so it has not run since its savepoint was made or imported; deploy it without "
    "flink_deploy_resume_from to resume from that": [{**SEEN, "status": "job_finish"}],
    "it shows no checkpoint_path, so its checkpoints cannot be found": [{**SEEN, "checkpoint_path": None}],
    "it shows no run of Flink, so its checkpoints cannot be found": [{**SEEN, "execution_plan": None}],
    "execution.checkpointing.externalized-checkpoint-retention is not RETAIN_ON_CANCELLATION in its runtime_config, so "
    "Flink may delete its checkpoints when it is stopped": [{**SEEN, "runtime_config": None}],
}
CHECKPOINTS = [f"jobs/checkpoint/131/abc/chk-{name}" for name in ("9/_metadata", "10/_metadata", "11/state", "x")]
# Of the same definition: the job, and whether it is the same one.
DEFINITIONS = [
    ({"name": "orders", "runtime_config": {"a": "x"}}, True),
    ({"runtime_config": "a=x", "name": "orders", "secret_entrypoint_args": "--db-password old"}, True),
    ({"name": "orders", "runtime_config": {"a": "x", "db.password": "new"}}, True),
    ({"name": "orders", "runtime_config": {"a": "y"}}, False),
    ({"name": "orders", "runtime_config": {"a": "x"}, "health_window": 60}, False),
]


def test_what_the_role_makes_of_its_variables(ansible: Ansible, installed_collection: Path) -> None:
    cases = [
        *({"variable": "flink_deploy_mistake", **case} for case in MISTAKES.values()),
        *({"variable": "flink_deploy_no_checkpoint", "jobs": jobs} for jobs in NO_CHECKPOINT.values()),
        *(
            {"variable": "flink_deploy_last_checkpoint", "jobs": [SEEN], "checkpoints": found}
            for found in (CHECKPOINTS, CHECKPOINTS[2:])
        ),
        # Imported by a run that was interrupted; another run of Flink than the one that was seen first.
        {"variable": "flink_deploy_no_checkpoint", "jobs": [IMPORTED]},
        {"variable": "flink_deploy_run", "jobs": [SEEN], "stopped": [{**SEEN, "execution_plan": {"jid": "def"}}]},
        *({"variable": "flink_deploy_mark", "jar": "a b.jar", "job": job} for job, _same in DEFINITIONS),
    ]
    values_file = ansible.folder / "values.json"
    folder = installed_collection / "ansible_collections" / "otc" / "dli" / "roles" / "flink_deploy"
    variables = {"cases": cases, "values_file": str(values_file), "role_folder": str(folder)}
    outcome = ansible.playbook("flink_deploy_values.yml", variables=variables)
    assert outcome.code == 0, outcome.stdout + outcome.stderr
    values = json.loads(values_file.read_text(encoding="utf-8"))
    marks = values[-len(DEFINITIONS) :]
    checkpoint = "obs://example-bucket/jobs/checkpoint/131/abc/chk-10"
    assert values[: -len(DEFINITIONS)] == [*MISTAKES, *NO_CHECKPOINT, checkpoint, "", "", "def"]
    assert [mark == marks[0] for mark in marks] == [same for _job, same in DEFINITIONS]
    assert re.fullmatch(r"jars/orders/rolled-back/a-b-0123456789abcdef[.][0-9a-f]{16}", marks[0])


@pytest.mark.any_core
@pytest.mark.usefixtures("running_job")
def test_a_bad_build_is_tried_once(deployer: Deployer, service: LocalDli, s3: LocalS3) -> None:
    """However often it is deployed, it stops the job once; the same JAR with other arguments is not that definition."""
    service.jobs.plan_start(JOB["name"], "submit_fail")
    two = deployer.build("two")
    args = {"entrypoint_args": "--window-ms 500"}
    bad, again, other = deployer.deploy(two, two, {**two, "job": args}, flags=("-vvvv",))

    assert ROLLED_BACK in bad["msg"] and bad["msg"].endswith(" This definition is not tried again.")
    assert again["msg"].startswith("Flink job orders-enrichment was not changed, because this definition was rolled")
    assert ROLLED_BACK in again["msg"]
    assert again["msg"].endswith("or set flink_deploy_retry to true to try this one again.")
    assert other == {"changed": True, "msg": ""}
    assert s3.read(BUCKET, jar("two")) == b"two"
    assert deployer.entrypoint() == obs("two")
    upgrade = ["stop", "update", "run"]
    assert deployer.writes() == [*upgrade, "update", "run", *upgrade]
    printed = deployer.outcome.stdout + deployer.outcome.stderr
    assert "orders-enrichment: roll back to the previous definition" in printed
    shown = [secret for secret in (SECRET, ACCESS_KEY, SECRET_KEY, "X-Amz-Signature") if secret in printed]
    assert shown == []


@pytest.mark.any_core
@pytest.mark.usefixtures("running_job")
def test_what_is_deleted_and_what_is_found_before(deployer: Deployer, service: LocalDli, s3: LocalS3) -> None:
    """What goes is old, the role's own, and used by no job. Check mode says so, and does nothing."""
    old, used = (f"{FOLDER}/orders-{version}-0123456789abcdef.jar" for version in ("0.8.0", "0.9.0"))
    mark = f"{FOLDER}/rolled-back/orders-0.8.0-0123456789abcdef.fedcba9876543210"
    others = [f"{FOLDER}/by-hand.jar", "jars/orders/orders-1.5.0-0123456789abcdef.jar"]
    for key in (old, mark, used, *others):
        s3.write(BUCKET, key, b"jar")
    library = {"dependency_jars": [f"obs://{BUCKET}/{used}"]}
    service.jobs.add(name="another", job_type="flink_jar_job", queue_name="streaming", **library)
    before = s3.keys(BUCKET)
    two = deployer.build("two", variables={"flink_deploy_keep": 0})

    (planned,) = deployer.deploy(two, flags=("--check",))
    assert planned == {"changed": True, "msg": ""}
    assert f'"msg": "Would be deleted: {old}"' in deployer.outcome.stdout
    assert (deployer.writes(), s3.keys(BUCKET)) == ([], before)

    missing = f"obs://{BUCKET}/{FOLDER}/orders-1.6.0.jar"
    results = deployer.deploy(
        two,
        two,
        {"title": "misspelt", "variables": {"flink_deploy_entrypoint": missing}},
        deployer.build("two", variables={"flink_deploy_bucket": "no-bucket"}),
        {"title": "no JAR", "variables": {"flink_deploy_jar": "nothing.jar"}},
        {"title": "no source", "variables": {}},
        # The job takes no checkpoints.
        deployer.build("three", variables={"flink_deploy_resume_from": "checkpoint"}),
    )
    assert [result["changed"] for result in results] == [True, *[False] * 6]
    messages = [result["msg"] for result in results]
    assert messages[:2] == ["", ""]
    assert messages[2].startswith(f"Flink job orders-enrichment was not changed, because {missing} cannot be read: ")
    assert messages[3].startswith(f"The JARs in no-bucket cannot be listed at {s3.url}; nothing was changed: ")
    assert messages[4:] == [
        "flink_deploy_jar is nothing.jar, but there is no such file, or it is empty.",
        "Give either flink_deploy_jar or flink_deploy_entrypoint, and not both.",
        "Flink job orders-enrichment was not changed: it shows no checkpoint_path, so its checkpoints cannot be found.",
    ]
    assert deployer.writes() == ["stop", "update", "run"]
    assert deployer.entrypoint() == obs("two")
    # Build one is the previous one.
    assert s3.keys(BUCKET) == sorted([jar("one"), jar("two"), jar("three"), used, *others])


@pytest.mark.any_core
@pytest.mark.usefixtures("running_job")
def test_check_mode_with_a_checkpoint(deployer: Deployer, service: LocalDli, s3: LocalS3) -> None:
    """It finds the checkpoint that a run would resume from, shows what would change about the job, and does nothing."""
    (job,) = service.jobs.all()
    job.fields |= {"checkpoint_enabled": True, "checkpoint_path": f"obs://{BUCKET}/jobs/checkpoint/1/"}
    service.jobs.set_status(job.job_id, "job_running_exception", "out of memory")
    checkpoint = f"jobs/checkpoint/1/{service.jobs.execution(job)[0]}/chk-7"
    s3.write(BUCKET, f"{checkpoint}/_metadata", b"state")
    before = s3.keys(BUCKET)

    two = deployer.build("two", variables={"flink_deploy_resume_from": "checkpoint"})
    (planned,) = deployer.deploy(two, flags=("--check", "--diff"))
    assert planned["msg"] == ""
    for shown in (f'"savepoint_path": "obs://{BUCKET}/{checkpoint}"', f'"entrypoint": "{obs("two")}"'):
        assert f"\n+    {shown}" in deployer.outcome.stdout
    assert (deployer.writes(), s3.keys(BUCKET)) == ([], before)


@pytest.mark.any_core
@pytest.mark.parametrize("deed", ["stops it with a savepoint", "starts it"])
@pytest.mark.usefixtures("running_job")
def test_what_somebody_does_before_a_checkpoint_is_imported(
    deployer: Deployer, service: LocalDli, s3: LocalS3, monkeypatch: pytest.MonkeyPatch, deed: str
) -> None:
    """Right after the role has seen the job: neither the stop with a savepoint nor the new run is undone."""
    (job,) = service.jobs.all()
    job.fields |= {"checkpoint_enabled": True, "checkpoint_path": f"obs://{BUCKET}/jobs/checkpoint/1/"}
    if deed == "starts it":
        service.jobs.set_status(job.job_id, "job_running_exception", "out of memory")
    else:
        retained = "execution.checkpointing.externalized-checkpoint-retention"
        job.fields["runtime_config"] = json.dumps([{"key": retained, "value": "RETAIN_ON_CANCELLATION"}])
    s3.write(BUCKET, f"jobs/checkpoint/1/{service.jobs.execution(job)[0]}/chk-7/_metadata", b"state")
    acts = [
        lambda: (
            service.jobs.start(job, False, service.behaviour)
            if deed == "starts it"
            else service.jobs.stop(job, True, service.behaviour)
        )
    ]

    def act_once(_latency: float) -> None:
        if acts and any(request.path.endswith("execute-graph") and request.status for request in service.requests):
            acts.pop()()

    service.behaviour = Behaviour(latency_seconds=1)
    monkeypatch.setattr(service, "sleep", act_once)
    (outcome,) = deployer.deploy(deployer.build("two", variables={"flink_deploy_resume_from": "checkpoint"}))
    assert "Somebody else has acted on Flink job orders-enrichment meanwhile: it is job_" in outcome["msg"]
    assert outcome["msg"].endswith(
        "Nothing was imported, and it was not started. Look at the job, and deploy it again."
    )
    assert set(deployer.writes()) <= {"stop"}
    assert job.fields["entrypoint"] == obs("one")
    assert service.jobs.all()[0].status == ("job_running" if deed == "starts it" else "job_cancel_success")
