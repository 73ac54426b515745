# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real Ansible, measured from inside of its run, and the packed modules that it leaves behind, measured alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SINGLE = "otc.dli.dli_flink_jar_job"
FLEET = "otc.dli.dli_flink_jar_jobs"
REQUESTS_GET = "otc.dli.requests_get"


@dataclass(frozen=True)
class Timed:
    """A task that was run: its name, how many seconds it took, and how it ended."""

    task: str
    seconds: float
    changed: bool
    failed: bool


@dataclass(frozen=True)
class Process:
    """A process that has ended: how long it took, how much processor time of that, the most memory that it held, and
    whether its task changed something."""

    seconds: float
    cpu_seconds: float
    mebibytes: float
    changed: bool


class Ansible:
    """Runs ansible-playbook in a folder of its own, with a copy of the collection as it is now.

    :param folder: an empty folder.
    :param python: the interpreter that Ansible is installed for.
    """

    def __init__(self, folder: Path, python: Path) -> None:
        self.folder = folder
        self.python = python
        copy = folder / "collections" / "ansible_collections" / "otc" / "dli"
        for part in ("plugins", "meta"):
            shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "bench" / "requests_get.py", copy / "plugins" / "modules")
        self.collections = folder / "collections"
        self.times = folder / "times.jsonl"
        self.remote = folder / "remote"
        self.environment = {
            "HOME": str(folder),
            "PATH": os.pathsep.join([str(python.parent), os.environ["PATH"]]),
            "LANG": "C.UTF-8",
            "ANSIBLE_COLLECTIONS_PATH": str(self.collections),
            "ANSIBLE_REMOTE_TMP": str(self.remote),
            "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).parent / "callbacks"),
            "ANSIBLE_CALLBACKS_ENABLED": "bench_times",
            "BENCH_TIMES": str(self.times),
        }

    def run(self, tasks: list[dict[str, Any]], **env: str) -> list[Timed]:
        """Run a play with these tasks on this host, and return how long each took.

        :raises SystemExit: a task failed, with what Ansible said.
        """
        play = {
            "hosts": "localhost",
            "connection": "local",
            "gather_facts": False,
            "vars": {"ansible_python_interpreter": str(self.python)},
            "tasks": tasks,
        }
        playbook = self.folder / "play.json"
        playbook.write_text(json.dumps([play]))
        self.times.unlink(missing_ok=True)
        done = subprocess.run(
            [self.python.parent / "ansible-playbook", "-i", "localhost,", playbook],
            cwd=self.folder,
            env={**self.environment, **env},
            text=True,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            sys.exit(done.stdout + done.stderr)
        lines = [json.loads(line) for line in self.times.read_text().splitlines()]
        return [Timed(**line) for line in lines]

    def one(self, module: str, options: dict[str, Any], **task: Any) -> Timed:
        """Run a single task, after one that ends before it sends anything, for which Ansible packs the module."""
        packing = {"name": "packing", module: {**options, "timeout": -1}, "ignore_errors": True}
        packed, timed = self.run([packing, {"name": "measured", module: options, **task}])
        if not packed.failed:
            sys.exit("The task that was to end early did not.")
        return timed

    def pack(self, module: str, options: dict[str, Any]) -> Path:
        """Run a task and return the program that Ansible made of its module and options."""
        shutil.rmtree(self.remote, ignore_errors=True)
        self.run([{"name": "packed", module: options}], ANSIBLE_KEEP_REMOTE_FILES="1")
        (packed,) = self.remote.glob("**/AnsiballZ_*.py")
        number = len(list(self.folder.glob("packed-*")))
        return packed.rename(self.folder / f"packed-{number}.py")

    def run_packed(self, packed: Path) -> Process:
        """Run such a program.

        :raises SystemExit: it failed, with what it said.
        """
        start = time.perf_counter()
        with subprocess.Popen(
            [self.python, packed], env=self.environment, stdout=subprocess.PIPE, text=True
        ) as process:
            said = process.stdout.read()
            _pid, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - start
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode or (result := json.loads(said)).get("failed"):
            sys.exit(said)
        # Kilobytes on Linux, bytes on macOS.
        per_mib = 1024 * 1024 if sys.platform == "darwin" else 1024
        cpu_seconds, mebibytes = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / per_mib
        return Process(seconds, cpu_seconds, mebibytes, result.get("changed", False))

    def import_seconds(self, module: str) -> float:
        """Return how long a fresh interpreter takes to import a module."""
        code = f"import time; start = time.perf_counter(); import {module}; print(time.perf_counter() - start)"
        env = {**self.environment, "PYTHONPATH": str(self.collections)}
        return float(subprocess.run([self.python, "-c", code], env=env, capture_output=True, check=True).stdout)
