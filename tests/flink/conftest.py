# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests on a real Flink share; they are skipped, by name, where there is no JDK or no Flink."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from local_dli import LocalDli
from local_dli.flink_engine import FlinkEngine
from local_flink import FlinkCluster, FlinkMissing, build_job, find_flink_lib, find_java
from playbooks.failure_report import pytest_runtest_makereport

__all__ = ["pytest_runtest_makereport"]  # a hook, which pytest finds here by its name


@pytest.fixture(scope="session", name="flink_cluster")
def fixture_flink_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlinkCluster]:
    """A Flink session cluster with 8 slots."""
    try:
        find_java("javac")
        cluster = FlinkCluster(tmp_path_factory.mktemp("flink"))
    except FlinkMissing as error:
        pytest.skip(str(error))
    with cluster:
        yield cluster


@pytest.fixture(scope="session", name="obs_root")
def fixture_obs_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that stands for object storage; its folders are the buckets."""
    return tmp_path_factory.mktemp("obs")


@pytest.fixture(scope="session", name="running_flink_service")
def fixture_running_flink_service(flink_cluster: FlinkCluster, obs_root: Path) -> Iterator[LocalDli]:
    with LocalDli(engine=FlinkEngine(flink_cluster.rest, obs_root)) as service:
        yield service


@pytest.fixture(name="flink_service")
def fixture_flink_service(running_flink_service: LocalDli) -> Iterator[LocalDli]:
    """The service on Flink, with no jobs; whatever a test does, the service's own answers have to keep the contract."""
    running_flink_service.reset()
    yield running_flink_service
    running_flink_service.reset()  # which also ends on Flink what a test has left there
    assert running_flink_service.contract_violations == []


@pytest.fixture(scope="session", name="counting_job_jar")
def fixture_counting_job_jar(flink_cluster: FlinkCluster, obs_root: Path) -> str:
    """The obs:// path of the counting job; its main class is local_flink.counting.MAIN_CLASS."""
    build_job(find_flink_lib(), obs_root / "jars" / "counting.jar")
    return "obs://jars/counting.jar"
