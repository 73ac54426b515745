# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a build by hand, in a checkout that somebody works in, must not put into the collection."""

from __future__ import annotations

import fnmatch
import subprocess
from pathlib import Path, PurePosixPath

import pytest
import yaml

pytestmark = pytest.mark.any_core

ROOT = Path(__file__).resolve().parents[2]
IGNORED = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["build_ignore"]
SHIPPED = ("docs", "extensions", "meta", "playbooks", "plugins", "roles", "README.md", "CHANGELOG.md", "SECURITY.md")


def is_left_out(name: str) -> bool:
    """Whether C(ansible-galaxy collection build) leaves out a file, or a folder that it is in."""
    path = PurePosixPath(name)
    places = [str(place) for place in (path, *path.parents)][:-1]
    return any(fnmatch.fnmatch(place, pattern) for place in places for pattern in IGNORED)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "clouds.yaml",
            "secure.yaml",
            "secrets.yml",
            "playbooks/my-secrets.yaml",
            "vault.yml",
            "group_vars/vault.yml",
        ),
        *(".env", "prod.env", "key.pem", "playbooks/tls.key", "id_rsa", "roles/id_ed25519.pub", ".vault-pass"),
        *("venv/bin/python", ".venv/pyvenv.cfg", "env/bin/python", "node_modules/x/index.js", ".idea/workspace.xml"),
        *("plugins/modules/.x.py.swp", "plugins/modules/x.py~", "README.md.orig", "docs/a.rej", "debug.log"),
        *("otc-dli-0.1.0.tar.gz", "target/orders.jar", "exports/jobs.zip"),
    ],
)
def test_what_nobody_commits_stays_out(name):
    assert is_left_out(name)


def test_what_is_shipped_stays_in():
    listed = subprocess.run(["git", "ls-files", *SHIPPED], cwd=ROOT, capture_output=True, text=True, check=False)
    files = listed.stdout.split() or [path.relative_to(ROOT).as_posix() for path in (ROOT / "plugins").rglob("*.py")]
    assert len(files) > 50
    assert [name for name in files if is_left_out(name)] == []
