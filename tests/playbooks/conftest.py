# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests with real playbooks share: the service, and Ansible with the installed collection."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_dli import LocalDli
from playbooks.ansible_cli import Ansible
from playbooks.failure_report import pytest_runtest_makereport

__all__ = ["pytest_runtest_makereport"]  # a hook, which pytest finds here by its name


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


@pytest.fixture(autouse=True)
def fixture_nothing_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules that run in the test's own process must not meet the developer's proxy or certificates either."""
    for name in os.environ:
        if name.lower().endswith("_proxy") or name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            monkeypatch.delenv(name)
