# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests about AWX share: the service, Ansible with the installed collection, and AWX launching jobs."""

from __future__ import annotations

import pytest

from awx.awx_job import Awx
from playbooks.ansible_cli import Ansible
from playbooks.failure_report import pytest_runtest_makereport
from playbooks.fixtures import (
    fixture_ansible,
    fixture_authority,
    fixture_running_service,
    fixture_service,
    fixture_tls_service,
)

# pytest finds these here, by their names.
__all__ = [
    "fixture_ansible",
    "fixture_authority",
    "fixture_running_service",
    "fixture_service",
    "fixture_tls_service",
    "pytest_runtest_makereport",
]


@pytest.fixture(name="awx")
def fixture_awx(ansible: Ansible) -> Awx:
    return Awx(ansible)
