# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Unpacks part of a package from the Python package index into a folder below .cache, without installing it.

So that the tests need a package index and nothing else: collections of others are part of a package there, and an old
ansible-runner can be next to the one that is installed.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# By the name of the requirements file, which is also that of the folder: how the names of the wanted files begin.
WANTED = {
    "collections": ("ansible_collections/awx/awx/", "ansible_collections/amazon/aws/"),
    "old-runner": ("ansible_runner",),
}
# Written last: a folder without it is not complete.
STAMP = "requirements.txt"


def unpack(name: str) -> Path:
    """Return the folder with the files, which is filled unless it already holds what is required."""
    requirements = ROOT / "requirements" / f"{name}.txt"
    folder = ROOT / ".cache" / name
    if _holds(folder, requirements):
        return folder
    folder.parent.mkdir(exist_ok=True)
    # Sessions that run side by side want the same folder.
    with open(folder.with_suffix(".lock"), "w") as lock, tempfile.TemporaryDirectory(prefix="otc-dli-") as tmp:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _holds(folder, requirements):
            return folder
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        # Ansible runs what is wanted of it, and on Pythons that the package itself does not take.
        subprocess.run(
            [*pip, "--ignore-requires-python", "--dest", tmp, "--requirement", str(requirements)], check=True
        )
        (wheel,) = Path(tmp).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            members = [member for member in archive.namelist() if member.startswith(WANTED[name])]
            if not members:
                sys.exit(f"{wheel.name} has no {WANTED[name]}.")
            shutil.rmtree(folder, ignore_errors=True)
            archive.extractall(folder, members)
        shutil.copy(requirements, folder / STAMP)
    return folder


def _holds(folder: Path, requirements: Path) -> bool:
    """Whether the folder has been filled with what is required."""
    stamp = folder / STAMP
    return stamp.is_file() and stamp.read_text() == requirements.read_text()


if __name__ == "__main__":
    for wanted in sys.argv[1:]:
        unpack(wanted)
