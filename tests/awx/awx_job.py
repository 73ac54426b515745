# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AWX running a job: credentials by a credential type's injectors, answers as extra variables, and ansible-runner.

Written after what AWX 24.6 does in the tasks that run a job. Left out is the container around ansible-runner.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from jinja2.sandbox import ImmutableSandboxedEnvironment

from awx.awx_api import choices_of
from playbooks.ansible_cli import DEADLINE_SECONDS, Ansible, Outcome

ROOT = Path(__file__).resolve().parents[2]
FILES = ROOT / "playbooks" / "files"
CREDENTIAL_TYPE = yaml.safe_load((FILES / "awx_credential_type.yml").read_text())
SURVEY = yaml.safe_load((FILES / "awx_survey.yml").read_text())
LONG_SURVEY = yaml.safe_load((FILES / "awx_survey_all.yml").read_text())
PLAYBOOK = "playbooks/flink_jar_job.yml"
((PLAY,),) = [yaml.safe_load((ROOT / PLAYBOOK).read_text())]
CHECK = "Check the answers"
TASK = "Bring the job to what the survey describes"
# The call that AWX makes, with the parameters of a job. They hold secrets, so a file has them here.
RUN = "import ansible_runner, json, sys; ansible_runner.run(**json.load(open(sys.argv[1])))"


class _Namespace:
    """The ``tower`` of an injector's templates."""


class _UnsafeTexts(yaml.SafeDumper):
    """Writes each text with the tag that keeps Ansible from evaluating templates in it."""

    def represent_data(self, data: Any) -> yaml.Node:
        return self.represent_scalar("!unsafe", data) if isinstance(data, str) else super().represent_data(data)


def inject(credential_type: dict[str, Any], inputs: dict[str, str], folder: Path) -> dict[str, str]:
    """Write the files of a credential type's injectors, and return the environment variables.

    :param inputs: what the credential has, which can be less than the type asks for.
    """
    tower = _Namespace()
    tower.filename = _Namespace()
    # An empty input is as one that is not there, and what is not there is an empty text.
    names = {"tower": tower, **{name: value for name, value in inputs.items() if value}}
    environment = ImmutableSandboxedEnvironment()
    for key, template in credential_type["injectors"]["file"].items():
        path = folder / f"injected-{key}"
        path.write_text(environment.from_string(template).render(**names))
        path.chmod(0o600)
        setattr(tower.filename, key.split(".")[1], str(path))
    variables = credential_type["injectors"]["env"]
    return {key: environment.from_string(template).render(**names) for key, template in variables.items()}


def survey_errors(answers: dict[str, Any], survey: dict[str, Any] = SURVEY) -> list[str]:
    """Return why AWX would refuse the answers of a launch."""
    questions = {question["variable"]: question for question in survey["spec"]}
    errors = []  # an answer to no question is left out, and no error
    for name, question in questions.items():
        if name not in answers:
            errors += [f"{name} is missing"] if question["required"] else []
            continue
        answer, kind = answers[name], question["type"]
        if kind == "multiselect":
            good = isinstance(answer, list) and set(answer) <= set(choices_of(question))
        elif kind == "multiplechoice":
            good = answer in choices_of(question)
        else:
            types = {"integer": (int,), "float": (int, float)}.get(kind, (str,))
            good = type(answer) in types
            size = len(answer) if isinstance(answer, str) else answer
            limits = [question.get(key) for key in ("min", "max")]
            least, most = [size if limit in ("", None) else limit for limit in limits]
            good = good and least <= size <= most
        errors += [] if good else [f"{name} cannot be answered with {answer!r}"]
    return errors


@dataclass(frozen=True)
class AwxJob:
    """One launch of the job template.

    :param folder: ansible-runner's folder. In ``env`` is what AWX hands over, in ``artifacts`` what comes out.
    """

    folder: Path
    outcome: Outcome

    @property
    def status(self) -> str:
        """What ansible-runner says of it: successful, failed or canceled."""
        return (self.folder / "artifacts" / "1" / "status").read_text()

    @property
    def result(self) -> dict[str, Any]:
        return self.outcome.result(TASK)

    @property
    def written(self) -> dict[str, str]:
        """All that came out of it, by name: events, output, fact cache, status, and the process' own output.

        But for the file ``command``: in it ansible-runner notes the environment that it was given, for its user alone.
        AWX removes it with the folder, as it does its own file of answers.
        """
        files = (path for path in (self.folder / "artifacts").rglob("*") if path.is_file() and path.name != "command")
        texts = {str(path.relative_to(self.folder)): path.read_text() for path in files}
        return {**texts, "stdout": self.outcome.stdout, "stderr": self.outcome.stderr}


class LaunchedJob:
    """A launch while it runs."""

    def __init__(self, folder: Path, process: subprocess.Popen[str]) -> None:
        self._folder = folder
        self._process = process

    def cancel(self) -> None:
        """Cancel it as AWX does: ansible-runner gets a signal, and what is left ends with the container.

        With ansible-core 2.21 that is the worker with the module: it has a session of its own.
        """
        started_by_it = self._descendants()
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(DEADLINE_SECONDS)
        _kill(started_by_it)

    def kill(self) -> None:
        """End what has not ended, such as a job that hangs."""
        if self._process.poll() is None:
            _kill([self._process.pid, *self._descendants()])

    def _descendants(self) -> list[int]:
        listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
        parents = dict(map(int, line.split()) for line in listed.splitlines())
        found = [self._process.pid]
        for process in found:
            found += [child for child, parent in parents.items() if parent == process]
        return found[1:]

    def finish(self) -> AwxJob:
        """Wait for the end."""
        stdout, stderr = self._process.communicate(timeout=DEADLINE_SECONDS)
        files = (self._folder / "artifacts" / "1" / "job_events").glob("[0-9]*.json")
        events = [json.loads(path.read_text()) for path in sorted(files, key=lambda path: int(path.name.split("-")[0]))]
        return AwxJob(self._folder, Outcome(self._process.returncode, stdout, stderr, events))


def _kill(processes: list[int]) -> None:
    for process in processes:
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            pass


class Awx:
    """Launches the job template of a credential and a survey.

    :param ansible: says where the collection is installed, and has the environment that runs begin with.
    """

    def __init__(self, ansible: Ansible, credential_type: dict[str, Any] = CREDENTIAL_TYPE) -> None:
        self._ansible = ansible
        self._credential_type = credential_type
        self._jobs = 0

    @contextmanager
    def launch(
        self, inputs: dict[str, str], answers: dict[str, Any], *flags: str, playbook: str = PLAYBOOK
    ) -> Iterator[LaunchedJob]:
        """Launch the job template, and watch it meanwhile.

        :param inputs: of the credential.
        :param answers: of the survey. What AWX would refuse is not refused here.
        :param flags: of ansible-playbook: ``--check`` for the job type check, ``--diff`` for showing changes.
        """
        self._jobs += 1
        folder = self._ansible.folder / f"awx-{self._jobs}"
        for part in ("env", "project/playbooks", "inventory"):
            (folder / part).mkdir(parents=True)
        for path in (ROOT / "playbooks").glob("*.yml"):
            shutil.copy(path, folder / "project" / "playbooks")
        hosts = {
            "localhost": {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
        }
        (folder / "inventory" / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": hosts}}))
        extra = {**answers, "awx_job_id": self._jobs, "awx_user_name": "operator"}
        (folder / "env" / "extravars").write_text(yaml.dump(extra, Dumper=_UnsafeTexts))
        (folder / "env" / "cmdline").write_text(" ".join(flags))
        parameters = {
            "private_data_dir": str(folder),
            "ident": "1",
            "playbook": playbook,
            "envvars": inject(self._credential_type, inputs, folder / "env"),
            "suppress_env_files": True,
            "fact_cache_type": "jsonfile",
        }
        (folder / "env" / "parameters").write_text(json.dumps(parameters))
        with subprocess.Popen(
            [sys.executable, "-c", RUN, folder / "env" / "parameters"],
            cwd=folder,
            env=self._ansible.environment,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            launched = LaunchedJob(folder, process)
            try:
                yield launched
            finally:
                launched.kill()

    def run(self, inputs: dict[str, str], answers: dict[str, Any], *flags: str, playbook: str = PLAYBOOK) -> AwxJob:
        """Launch the job template, and wait for the end."""
        with self.launch(inputs, answers, *flags, playbook=playbook) as job:
            return job.finish()


def wait_until(condition: Any, what: str) -> None:
    """Wait for something that another process does.

    :raises AssertionError: it did not come about.
    """
    end = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < end, f"waited in vain until {what}"
        time.sleep(0.05)
