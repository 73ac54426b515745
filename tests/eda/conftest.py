# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests with the real ansible-rulebook find by name."""

from __future__ import annotations

from playbooks.failure_report import pytest_runtest_makereport
from playbooks.fixtures import fixture_ansible, fixture_running_service, fixture_service

# pytest finds these here, by their names.
__all__ = ["fixture_ansible", "fixture_running_service", "fixture_service", "pytest_runtest_makereport"]
