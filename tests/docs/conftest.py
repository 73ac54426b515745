# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of the documentation share."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from docs.running import Page
from docs.snippets import ROOT
from local_dli import LocalDli
from local_s3 import LocalS3, local_s3
from playbooks.ansible_cli import Ansible
from playbooks.failure_report import pytest_runtest_makereport
from playbooks.fixtures import fixture_running_service

# pytest finds these here, by their names.
__all__ = ["fixture_running_service", "pytest_runtest_makereport"]


@pytest.fixture(name="repository", scope="session")
def fixture_repository(tmp_path_factory: pytest.TempPathFactory, installed_collection: Path) -> Path:
    """Return the path of a git repository from which the collection can be installed."""
    folder = tmp_path_factory.mktemp("git") / "otc.dli"
    shutil.copytree(installed_collection / "ansible_collections" / "otc" / "dli", folder)
    shutil.copy(ROOT / "galaxy.yml", folder)
    # What only an artifact has.
    for name in ("MANIFEST.json", "FILES.json"):
        (folder / name).unlink()
    git = ("git", "-c", "user.name=otc", "-c", "user.email=otc@otc-dli.example")
    for command in (("init", "--initial-branch=main"), ("add", "--all"), ("commit", "--message=The collection")):
        subprocess.run([*git, *command], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture(name="s3", scope="session")
def fixture_s3() -> Iterator[LocalS3]:
    with local_s3() as s3:
        yield s3


@pytest.fixture(name="new_page")
def fixture_new_page(
    running_service: LocalDli,
    s3: LocalS3,
    tmp_path_factory: pytest.TempPathFactory,
    installed_collection: Path,
    repository: Path,
) -> Callable[[], Page]:
    """Return a function that makes a page for a reader who has nothing yet."""

    def new_page() -> Page:
        running_service.reset()
        return Page(running_service, s3, Ansible(tmp_path_factory.mktemp("reader"), installed_collection), repository)

    return new_page
