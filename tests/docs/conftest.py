# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of the documentation share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from docs.running import Page
from local_dli import LocalDli
from playbooks.ansible_cli import Ansible
from playbooks.failure_report import pytest_runtest_makereport
from playbooks.fixtures import fixture_running_service

# pytest finds these here, by their names.
__all__ = ["fixture_running_service", "pytest_runtest_makereport"]


@pytest.fixture(name="new_page")
def fixture_new_page(
    running_service: LocalDli, tmp_path_factory: pytest.TempPathFactory, installed_collection: Path
) -> Callable[[], Page]:
    """Return a function that makes a page for a reader who has nothing yet."""

    def new_page() -> Page:
        running_service.reset()
        return Page(running_service, Ansible(tmp_path_factory.mktemp("reader"), installed_collection))

    return new_page
