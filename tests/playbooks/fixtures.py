# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tests with real playbooks share, wherever they are: each conftest.py names what its own tests use."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

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


@pytest.fixture(name="authority", scope="session")
def fixture_authority() -> trustme.CA:
    """A certificate authority that nobody knows but the tests."""
    return trustme.CA()


@pytest.fixture(name="tls_service")
def fixture_tls_service(authority: trustme.CA) -> Iterator[LocalDli]:
    """A service of its own, which speaks TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with LocalDli(ssl_context=context) as service:
        yield service


@pytest.fixture(name="ansible")
def fixture_ansible(tmp_path: Path, installed_collection: Path) -> Ansible:
    """Ansible with the installed collection, in a folder of its own."""
    return Ansible(tmp_path, installed_collection)
