# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks what ansible-builder makes of the collection and of the definition in docs/awx. No container is built.

Arguments: the built artifact, and the folder that it is installed in.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
DEFINITION = "docs/awx/execution-environment.yml"


def builder(*arguments: object) -> str:
    """Return what ansible-builder prints."""
    command = [str(Path(sys.executable).with_name("ansible-builder")), *map(str, arguments)]
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        sys.exit(f"{command} failed:\n{done.stdout}")
    return done.stdout


def check_introspection(installed: Path, scratch: Path) -> None:
    """The collection's own metadata say what an execution environment has to install for it."""
    pip = scratch / "pip.txt"
    found = yaml.safe_load(
        builder("introspect", "--write-pip", pip, "--write-bindep", scratch / "bindep.txt", installed)
    )
    assert found["system"] == [], found
    assert [line.split("#")[0].strip() for line in found["python"]] == ["requests>=2.25"], found
    assert pip.read_text().split("#")[0].strip() == "requests>=2.25"


def check_definition(artifact: Path, scratch: Path) -> None:
    """The definition makes a context that has the collection where the build expects it."""
    copy = scratch / DEFINITION
    copy.parent.mkdir(parents=True)
    shutil.copy(ROOT / DEFINITION, copy)
    shutil.copy(artifact, scratch)  # where `ansible-galaxy collection build` leaves it in a checkout
    context = scratch / "context"
    builder("create", "--file", copy, "--context", context, "--output-filename", "Containerfile")

    (collection,) = yaml.safe_load((context / "_build" / "requirements.yml").read_text())["collections"]
    containerfile = (context / "Containerfile").read_text()
    assert collection["type"] == "file", collection
    # The build copies the folder _build to /build.
    assert "\nCOPY _build /build\n" in containerfile, containerfile
    inside = context / "_build" / Path(collection["name"]).relative_to("/build")
    assert inside.read_bytes() == artifact.read_bytes(), collection
    for step in ("ansible-galaxy collection install", "introspect.py introspect", "ansible-runner"):
        assert step in containerfile, f"{step} is not in:\n{containerfile}"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="otc-dli-ee-") as tmp:
        check_introspection(Path(sys.argv[2]).resolve(), Path(tmp).resolve())
        check_definition(Path(sys.argv[1]).resolve(), Path(tmp).resolve())
