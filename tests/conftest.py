# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lets pytest find the collection, wherever the checkout is and whatever its folder is called."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import filelock
import hypothesis
import pytest

ROOT = Path(__file__).resolve().parents[1]

# The tests must not depend on what the developer has set for Ansible or for a cloud, nor leave anything in their home.
for key in list(os.environ):
    if key.startswith(("ANSIBLE_", "OS_", "OTC_")):
        del os.environ[key]
SCRATCH = tempfile.TemporaryDirectory(prefix="otc-dli-", ignore_cleanup_errors=True)
os.environ["HOME"] = SCRATCH.name

# A shell that runs the tests in the background has them ignore Ctrl-C, which everything that they start would inherit.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Python finds `ansible_collections.otc.dli` by folder names alone: a link gives the checkout the names it needs.
LINK = Path(SCRATCH.name, "ansible_collections", "otc", "dli")
LINK.parent.mkdir(parents=True)
LINK.symlink_to(ROOT)
sys.path.insert(0, SCRATCH.name)

# The same examples in every run and on every machine, however slow.
hypothesis.settings.load_profile("ci")


def pytest_unconfigure() -> None:
    SCRATCH.cleanup()


@pytest.fixture(scope="session")
def installed_collection(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A collections folder that holds the collection as a user gets it: built, and installed from the artifact."""
    shared = tmp_path_factory.getbasetemp()
    if hasattr(request.config, "workerinput"):  # under xdist each worker has a folder of its own below the shared one
        shared = shared.parent
    path = shared / "collections"
    with filelock.FileLock(shared / "collections.lock"):
        if not path.exists():
            partial = shared / "collections.partial"
            galaxy = [sys.executable, "-m", "ansible", "galaxy", "collection"]
            run(*galaxy, "build", "--output-path", str(partial), cwd=ROOT)
            (artifact,) = partial.glob("otc-dli-*.tar.gz")
            run(*galaxy, "install", "--offline", "--no-deps", "--collections-path", str(partial), str(artifact))
            partial.rename(path)
    return path


def run(*command: str, cwd: Path | None = None) -> None:
    done = subprocess.run(command, cwd=cwd, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert done.returncode == 0, f"{command} failed:\n{done.stdout}"
