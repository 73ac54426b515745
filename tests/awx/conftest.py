# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests about AWX share: the service, Ansible with the installed collection, and AWX launching jobs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from awx.awx_job import Awx
from local_dli import LocalDli
from playbooks.ansible_cli import Ansible


@pytest.fixture(scope="session", name="running_service")
def fixture_running_service() -> Iterator[LocalDli]:
    with LocalDli() as service:
        yield service


@pytest.fixture(name="service")
def fixture_service(running_service: LocalDli) -> Iterator[LocalDli]:
    """The service with no jobs; whatever a test does, the service's own answers have to keep the contract."""
    running_service.reset()
    yield running_service
    assert running_service.contract_violations == []


@pytest.fixture(name="ansible")
def fixture_ansible(tmp_path: Path, installed_collection: Path) -> Ansible:
    return Ansible(tmp_path, installed_collection)


@pytest.fixture(name="awx")
def fixture_awx(ansible: Ansible) -> Awx:
    return Awx(ansible)
