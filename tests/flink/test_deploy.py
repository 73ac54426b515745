# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role flink_deploy on a real Flink and an S3 server: from JARs on a disk to a job that lost and doubled nothing.

No savepoint can be made of one of its versions, so the next one resumes from a checkpoint.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from local_dli import LocalDli
from local_dli.flink_engine import FlinkEngine
from local_flink import FlinkCluster, build_job, check_exactly_once, find_flink_lib, read_events, until
from local_flink.counting import MAIN_CLASS
from local_s3 import LocalS3, local_s3
from playbooks.ansible_cli import Ansible
from playbooks.deployer import Deployer

BUCKET = "builds"
DATA = "deployed"  # the job's own bucket
SECONDS = 30.0  # for what takes one or two
JOB = {
    "name": "counting",
    "queue_name": "streaming",
    "main_class": MAIN_CLASS,
    "obs_bucket": DATA,
    "checkpoint_enabled": True,
    "checkpoint_interval": 1,
    "restart_when_exception": True,
    "resume_max_num": 1000,
    "runtime_config": {"execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION"},
    "health_window": 1,
}


class EngineOnS3(FlinkEngine):
    """Runs JARs that are in S3, and shows there which checkpoints are complete, as object storage would."""

    def __init__(self, cluster: FlinkCluster, obs_root: Path, s3: LocalS3) -> None:
        super().__init__(cluster.rest, obs_root)
        self._s3 = s3

    def start(self, job: Any, *args: Any) -> None:
        key = job.fields["entrypoint"].removeprefix(f"obs://{BUCKET}/")
        jar = self.obs_root / BUCKET / key
        jar.parent.mkdir(parents=True, exist_ok=True)
        jar.write_bytes(self._s3.read(BUCKET, key))
        super().start(job, *args)

    def _update(self, *args: Any) -> None:
        super()._update(*args)
        folder = self.obs_root / DATA
        complete = {str(path.relative_to(folder)) for path in folder.glob("jobs/checkpoint/*/*/chk-*/_metadata")}
        known = set(self._s3.keys(DATA))
        for key in complete - known:
            # Flink may have replaced it by the next one.
            with contextlib.suppress(FileNotFoundError):
                self._s3.write(DATA, key, (folder / key).read_bytes())
        for key in known - complete:
            self._s3.delete(DATA, key)


@pytest.fixture(name="s3")
def fixture_s3() -> Iterator[LocalS3]:
    with local_s3() as s3:
        s3.add_bucket(BUCKET)
        s3.add_bucket(DATA)
        yield s3


@pytest.fixture(name="service")
def fixture_service(flink_cluster: FlinkCluster, obs_root: Path, s3: LocalS3) -> Iterator[LocalDli]:
    with LocalDli(engine=EngineOnS3(flink_cluster, obs_root, s3)) as service:
        yield service
        assert service.contract_violations == []


@pytest.fixture(name="deployer")
def fixture_deployer(tmp_path: Path, service: LocalDli, s3: LocalS3, installed_collection: Path) -> Deployer:
    return Deployer(Ansible(tmp_path, installed_collection), service, s3, JOB, {})


def build(folder: Path, version: str) -> Path:
    """Return a JAR of the counting job, with a file in it that no other version has."""
    compiled = folder / "counting.jar"
    if not compiled.is_file():
        build_job(find_flink_lib(), compiled)
    jar = Path(shutil.copy(compiled, folder / f"counting-{version}.jar"))
    with zipfile.ZipFile(jar, "a") as archive:
        archive.writestr("version.txt", version)
    return jar


def deployment(jar: Path, args: str, options: dict[str, Any] | None = None, **variables: Any) -> dict[str, Any]:
    variables = {"flink_deploy_bucket": BUCKET, "flink_deploy_jar": str(jar), **variables}
    label = f"--out obs://{DATA}/out --rate 500 --label {jar.stem.rpartition('-')[2]}"
    return {"title": jar.stem, "variables": variables, "job": {"entrypoint_args": f"{label} {args}", **(options or {})}}


def name_of(jar: Path) -> str:
    checksum = hashlib.sha256(jar.read_bytes()).hexdigest()[:16]
    return f"obs://{BUCKET}/jars/counting/{jar.stem}-{checksum}.jar"


def test_from_jars_on_a_disk(
    deployer: Deployer, service: LocalDli, obs_root: Path, tmp_path: Path, s3: LocalS3, capsys: Any
) -> None:
    started = time.monotonic()
    jars = {version: build(tmp_path, version) for version in ("v1", "bad", "v2", "v3")}
    out = obs_root / DATA / "out"

    def labels() -> Counter[str]:
        return Counter(event.label for event in read_events(out))

    # Flink would try a version that cannot start a thousand times before it gave up.
    bad = deployment(jars["bad"], "--fail-on-start", {"restart_when_exception": False})
    results = deployer.deploy(deployment(jars["v1"], ""), bad, deployment(jars["v2"], "--crash-after-ms 2500"))
    assert [result["changed"] for result in results] == [True, False, True]
    assert "Rolled back: the previous definition runs again, from the savepoint" in results[1]["msg"]
    assert results[1]["msg"].endswith(" This definition is not tried again.")
    upgrade = ["stop", "update", "run"]
    assert deployer.writes() == ["flink-jobs", "run", *upgrade, "update", "run", *upgrade]
    assert deployer.entrypoint() == name_of(jars["v2"])

    # Version 2 fails again and again, and gets no further than to a checkpoint.
    (job,) = service.jobs.all()
    service_url = f"{service.url}/v1.0/{service.credentials['project_id']}/streaming/jobs/{job.job_id}"
    with requests.Session() as http:
        http.trust_env = False
        http.headers["X-Auth-Token"] = service.issue_token()

        def saved() -> bool:
            http.get(service_url, timeout=SECONDS).raise_for_status()
            return "v2" in labels()

        until(saved, SECONDS, "checkpoint")
        before = len(deployer.writes())
        fixed = deployment(jars["v3"], "", flink_deploy_resume_from="checkpoint")
        assert deployer.deploy(fixed) == [{"changed": True, "msg": ""}]
        assert deployer.writes()[before:] == ["stop", "import-savepoint", "update", "run"]
        assert deployer.entrypoint() == name_of(jars["v3"])
        until(lambda: "v3" in labels(), SECONDS, "checkpoint of version 3")
        stop = {"job_ids": [job.job_id], "trigger_savepoint": True}
        http.post(service_url.replace(f"/{job.job_id}", "/stop"), json=stop, timeout=SECONDS).raise_for_status()
        until(
            lambda: http.get(service_url, timeout=SECONDS).json()["job_detail"]["status"] == "job_cancel_success",
            SECONDS,
            "end of the job",
        )

    found = check_exactly_once(read_events(out))
    with capsys.disabled():
        print(f"\n{found}, by label: {dict(labels())}; {time.monotonic() - started:.1f} s")
    assert found.exactly_once
    assert labels().keys() == {"v1", "v2", "v3"}
