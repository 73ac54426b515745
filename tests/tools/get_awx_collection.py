# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Puts the collection awx.awx into a folder, from the package on the Python package index that holds it.

Ansible Galaxy is not asked, so that a package index is all that the tests need.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements" / "awx.txt"
PREFIX = "ansible_collections/awx/awx/"


def main(folder: Path) -> None:
    """Fill the folder, unless it already holds what is required."""
    stamp = folder / "requirements.txt"
    if stamp.is_file() and stamp.read_text() == REQUIREMENTS.read_text():
        return
    with tempfile.TemporaryDirectory(prefix="otc-dli-awx-") as tmp:
        # Not installed: of its hundred collections this is the only one that is wanted.
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        subprocess.run([*pip, "--dest", tmp, "--requirement", str(REQUIREMENTS)], check=True)
        (wheel,) = Path(tmp).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            members = [name for name in archive.namelist() if name.startswith(PREFIX)]
            if not members:
                sys.exit(f"{wheel.name} does not hold the collection awx.awx.")
            archive.extractall(folder, members)
    stamp.write_text(REQUIREMENTS.read_text())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
