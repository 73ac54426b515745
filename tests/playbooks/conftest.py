# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests with real playbooks find by name."""

from __future__ import annotations

import os

import pytest

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


@pytest.fixture(autouse=True)
def fixture_nothing_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules that run in the test's own process must not meet the developer's proxy or certificates either."""
    for name in os.environ:
        if name.lower().endswith("_proxy") or name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            monkeypatch.delenv(name)
