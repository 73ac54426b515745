# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where Java and Flink are on this machine."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

OLDEST_JAVA = 11


class FlinkMissing(Exception):
    """Something that Flink needs is not on this machine; the text is one sentence that names it."""


def find_java(program: str = "java") -> Path:
    """Return a program of a JDK: that of JAVA_HOME, if it is set, or else the one on PATH.

    :param program: ``java``, ``javac`` or ``jar``.
    :raises FlinkMissing: when there is none, or it is older than Java 11.
    """
    home = os.environ.get("JAVA_HOME")
    found = shutil.which(program, path=str(Path(home, "bin")) if home else None)
    if found is None:
        place = "in JAVA_HOME" if home else "on PATH"
        raise FlinkMissing(f"Flink needs a JDK, version 11 or 17, and there is no {program} {place}.")
    if program != "jar":  # which only newer JDKs can ask for its version
        shown = subprocess.run([found, "-version"], capture_output=True, text=True, check=False)
        version = re.search(r'(?:version "|javac )(\d+)', shown.stderr + shown.stdout)
        if shown.returncode != 0 or version is None or int(version[1]) < OLDEST_JAVA:
            raise FlinkMissing(f"Flink needs a JDK, version 11 or 17, and {found} is older or does not run.")
    return Path(found)


def find_flink_lib() -> Path:
    """Return the folder with Flink's JARs.

    It is the one that the environment variable FLINK_LIB_DIR names (Flink's own name for it), if it is set, or else the
    one that the package apache-flink-libraries has put beside this Python's other packages.

    :raises FlinkMissing: when there is no such folder, or flink-dist is not in it.
    """
    named = os.environ.get("FLINK_LIB_DIR")
    if named:
        lib, where = Path(named), "FLINK_LIB_DIR"
    else:
        package = importlib.util.find_spec("pyflink")
        places = list(package.submodule_search_locations or ()) if package else []
        if not places:
            raise FlinkMissing("There is no Flink here: the Python package apache-flink-libraries is not installed.")
        lib, where = Path(places[0], "lib"), "apache-flink-libraries"
    if not list(lib.glob("flink-dist-*.jar")):
        raise FlinkMissing(f"There is no Flink here: no flink-dist-*.jar in {lib} ({where}).")
    return lib.resolve()


def find_flink_version() -> str:
    """Return the version of the Flink in C(find_flink_lib), such as C(1.17.2).

    :raises FlinkMissing: when there is no Flink.
    """
    (dist,) = find_flink_lib().glob("flink-dist-*.jar")
    return dist.stem.removeprefix("flink-dist-")
