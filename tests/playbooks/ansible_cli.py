# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ansible as a user runs it: real processes, the installed collection, and nothing of the developer's environment."""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from processes import in_own_session, run_to_end

PLAYBOOKS = Path(__file__).parent
BIN = Path(sys.executable).parent
RESULT_EVENTS = ("runner_on_ok", "runner_on_failed")
ITEM_EVENTS = ("runner_item_on_ok", "runner_item_on_failed")
# Far more than any run takes: a process that hangs shall fail its test, not stop the tests.
DEADLINE_SECONDS = 450


@dataclass(frozen=True)
class Outcome:
    """What one process of Ansible did and said.

    :param events: the job events, in their order; only a run by ansible-runner has them.
    """

    code: int
    stdout: str
    stderr: str
    events: list[dict[str, Any]] = field(default_factory=list)

    def result(self, task: str) -> dict[str, Any]:
        """Return the result of the one task of that name."""
        (result,) = self.results(task)
        return result

    def results(self, task: str) -> list[dict[str, Any]]:
        """Return the results of a task, one for each host."""
        return self._results(task, RESULT_EVENTS)

    def items(self, task: str) -> list[dict[str, Any]]:
        """Return the results of each turn of a task's loop."""
        return self._results(task, ITEM_EVENTS)

    def _results(self, task: str, kinds: tuple[str, ...]) -> list[dict[str, Any]]:
        """Return the results of a task, with "failed" always in them, which some releases of ansible-core leave out."""
        events = [event for event in self.events if event["event"] in kinds and event["event_data"]["task"] == task]
        return [{**event["event_data"]["res"], "failed": event["event"].endswith("_failed")} for event in events]


class Running:
    """A process of Ansible while it runs."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._lines: queue.Queue[str] = queue.Queue()
        self._told = ""
        self._stdout = ""
        self._readers = [threading.Thread(target=self._read_stderr), threading.Thread(target=self._read_stdout)]
        for reader in self._readers:
            reader.start()

    def _read_stderr(self) -> None:
        for line in self._process.stderr:
            self._told += line
            self._lines.put(line.rstrip("\n"))

    def _read_stdout(self) -> None:
        self._stdout = self._process.stdout.read()

    def wait_for_line(self) -> str:
        """Return the next line on standard error, as soon as it is there."""
        return self._lines.get(timeout=DEADLINE_SECONDS)

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def interrupt(self) -> None:
        """Press Ctrl-C, which reaches all processes of the terminal."""
        os.killpg(self._process.pid, signal.SIGINT)

    def finish(self) -> Outcome:
        """Wait for the end."""
        self._process.wait(DEADLINE_SECONDS)
        for reader in self._readers:
            reader.join(DEADLINE_SECONDS)
        return Outcome(self._process.returncode, self._stdout, self._told)


class Ansible:
    """Runs Ansible's programs in a folder of their own.

    :param folder: where everything goes that they write.
    :param collections: the folder with the installed collection.

    ``outcomes`` are those of all programs that have ended, for the report of a test that fails.
    """

    def __init__(self, folder: Path, collections: Path) -> None:
        self.folder = folder
        self.runs = 0
        self.outcomes: list[Outcome] = []
        # What each program is started by, if it is not started directly.
        self.wrapper: list[object] = []
        home = folder / "home"
        home.mkdir()
        self.inventory = folder / "hosts"
        self.inventory.write_text(f"localhost ansible_connection=local ansible_python_interpreter={sys.executable}\n")
        # Built anew, so that no proxy, certificate bundle or setting of the developer plays a part.
        self.environment = {
            "HOME": str(home),
            "PATH": os.pathsep.join([str(BIN), os.environ["PATH"]]),
            "LANG": "C.UTF-8",
            # As a shell sets it.
            "PWD": str(folder),
            "ANSIBLE_COLLECTIONS_PATH": str(collections),
            # Ansible takes the home of a managed host from the system's user list, not from HOME.
            "ANSIBLE_REMOTE_TMP": str(home / "remote"),
            "ANSIBLE_ASYNC_DIR": str(home / "async"),
            "ANSIBLE_NOCOLOR": "1",
        }

    def call(self, program: str, *arguments: object, env: dict[str, str] | None = None) -> Outcome:
        """Run one of Ansible's programs."""
        done = run_to_end(
            [*self.wrapper, BIN / program, *arguments],
            cwd=self.folder,
            env={**self.environment, **(env or {})},
            timeout=DEADLINE_SECONDS,
        )
        self.outcomes.append(Outcome(done.returncode, done.stdout, done.stderr))
        return self.outcomes[-1]

    @contextmanager
    def running_playbook(
        self, name: str, *arguments: object, variables: dict[str, Any], env: dict[str, str] | None = None
    ) -> Iterator[Running]:
        """Run a playbook of this folder, and watch it meanwhile."""
        program = [BIN / "ansible-playbook", "-i", self.inventory, "-e", json.dumps(variables)]
        with in_own_session(
            [*program, *arguments, PLAYBOOKS / name],
            cwd=self.folder,
            env={**self.environment, **(env or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            yield Running(process)

    def playbook(
        self, name: str, *arguments: object, variables: dict[str, Any] | None = None, env: dict[str, str] | None = None
    ) -> Outcome:
        """Run a playbook of this folder with ansible-playbook; what counts is what it prints."""
        given = ["-e", json.dumps(variables)] if variables else []
        return self.call("ansible-playbook", "-i", self.inventory, *given, *arguments, PLAYBOOKS / name, env=env)

    def adhoc(self, arguments: str, *flags: object, env: dict[str, str] | None = None) -> Outcome:
        """Run the module by hand, as ``ansible localhost -m otc.dli.dli_flink_jar_job -a …``."""
        command = ("-i", self.inventory, "localhost", "-m", "otc.dli.dli_flink_jar_job", "-a", arguments)
        return self.call("ansible", *command, *flags, env=env)

    def runner(
        self, name: str, *arguments: object, variables: dict[str, Any] | None = None, env: dict[str, str] | None = None
    ) -> Outcome:
        """Run a playbook of this folder as AWX does: with ansible-runner, variables and environment in files."""
        self.runs += 1
        data = self.folder / f"runner-{self.runs}"
        for part in ("env", "project", "inventory"):
            (data / part).mkdir(parents=True)
        shutil.copy(PLAYBOOKS / name, data / "project")
        shutil.copy(self.inventory, data / "inventory")
        (data / "env" / "extravars").write_text(json.dumps(variables or {}))
        (data / "env" / "envvars").write_text(json.dumps(env or {}))
        outcome = self.call("ansible-runner", "run", data, "--playbook", name, "--ident", "run", *arguments)
        # The number that a file's name begins with is that of the event.
        files = (data / "artifacts" / "run" / "job_events").glob("*.json")
        events = [json.loads(path.read_text()) for path in sorted(files, key=lambda path: int(path.name.split("-")[0]))]
        return Outcome(outcome.code, outcome.stdout, outcome.stderr, events)
