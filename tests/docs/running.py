# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Follows a page of the documentation as a reader would: saves its files, runs its tasks, types its commands."""

from __future__ import annotations

import json
import os
import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import ansible_collections.otc.dli
import requests
import trustme
import yaml
from ansible_collections.otc.dli.plugins.module_utils._http.credentials import ENVIRONMENT, WAYS

from docs import stages
from docs.environments import interpreters, sessions
from docs.snippets import ROOT, Snippet
from local_dli import LocalDli
from local_s3 import COLLECTIONS, LocalS3
from playbooks.ansible_cli import Ansible, Outcome
from processes import in_own_session

# A snippet with one of these options brings its own credentials, and must do without those of the environment.
_OWN_CREDENTIALS = re.compile(rf"\b({'|'.join(options[0] for options in WAYS.values())}): ")
_PLAY = {"name": "Follow a page", "hosts": "localhost", "gather_facts": False}
_ASK = {"name": "Ask for the jobs", "otc.dli.dli_flink_job_info": {}}
# The default of 30 seconds is the reader's to wait for.
_SHORT_WINDOW = {"health_window": 0.5}
_SHORT = {"module_defaults": {f"otc.dli.dli_flink_{kind}_job": _SHORT_WINDOW for kind in ("jar", "sql")}}
_FLEET = "otc.dli.dli_flink_jar_jobs"
# The commands of the pages have no inventory, as they need none for localhost.
_QUIET = {"ANSIBLE_LOCALHOST_WARNING": "false", "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false"}
_RECAP = re.compile(r"^\S+ +: (ok=.*)$", re.MULTILINE)
# The first line of a file that a page shows whole, and the schema of those that are not Ansible's.
_FILE = re.compile(r"# (\S+\.yml)\n")
_PIPELINES = {".gitlab-ci.yml": "vendor.gitlab-ci", ".github/workflows/flink.yml": "vendor.github-workflows"}
_LINK = Path(list(ansible_collections.otc.dli.__path__)[0])
_CHANGELOG = ROOT / "changelogs" / "config.yaml"


def _shortened(task: dict[str, Any]) -> dict[str, Any]:
    """Return a task with the short window for the jobs of a fleet, which no default of the module reaches."""
    if _FLEET not in task:
        return task
    fleet = task[_FLEET]
    return {**task, _FLEET: {**fleet, "defaults": {**_SHORT_WINDOW, **fleet.get("defaults", {})}}}


class Fault(Exception):
    """What the documentation says does not work; the text says where and why."""


class Page:
    """One page while it is followed.

    :param ansible: runs Ansible in a folder that is the reader's.
    :param s3: stands for OBS.
    :param repository: path of a git repository that holds the collection.
    """

    def __init__(self, service: LocalDli, s3: LocalS3, ansible: Ansible, repository: Path) -> None:
        self._service = service
        self._s3 = s3
        self._ansible = ansible
        self._folder = ansible.folder
        self._values = stages.environment(service)
        ca_file = self._folder / "ca.pem"
        trustme.CA().cert_pem.write_to_path(ca_file)
        self._substitutions = stages.substitutions(service, s3.url, str(ca_file), str(repository))
        self._exported: dict[str, str] = {}
        # Plays that wait to be run in one process, and whether they bring their own credentials.
        self._plays: list[dict[str, Any]] = []
        self._own_credentials = False
        self._rescued = 0
        self._uses_role = False
        self._typed: set[str] = set()
        # What a page names by a path from the root of the checkout.
        for name in ("demo", "docs", "playbooks"):
            if (ROOT / name).exists():
                (self._folder / name).symlink_to(ROOT / name)

    def follow(self, found: list[Snippet]) -> None:
        """Do all that the page says.

        :raises Fault: something does not work.
        """
        page = found[0].page if found else ""
        jobs = [self._service.jobs.add(**job) for job in stages.JOBS.get(page, ())]
        for template in stages.TEMPLATES.get(page, ()):
            self._service.templates.add(**template)
        if page in stages.ARCHIVES:
            self._service.archives.put(stages.ARCHIVES[page], jobs)
        self._uses_role = page in stages.OBJECTS
        if self._uses_role:
            self._s3.add_bucket(stages.BUCKET)
        for key in stages.OBJECTS.get(page, ()):
            self._s3.write(stages.BUCKET, key, b"a JAR")
        for name, text in stages.FILES.get(page, {}).items():
            self._save(name, text)
        for outcome in stages.STARTS.get(page, ()):
            self._service.jobs.plan_start("orders-enrichment", outcome)
        for number, snippet in enumerate(found):
            handle = getattr(self, f"_follow_{snippet.language}", None)
            if handle is None:
                raise Fault(f"{snippet.place}: nothing here can run {snippet.language or 'code without a language'}.")
            handle(snippet, found[number + 1 :])
        self._flush(page)

    def _save(self, name: str, text: str) -> Path:
        """Write a file of the reader's, and return its path."""
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._adapted(text), encoding="utf-8")
        return path

    def _adapted(self, text: str) -> str:
        """Return a text with what has to be something else here."""
        for there, here in self._substitutions.items():
            text = text.replace(there, here)
        return text

    # Code that is only parsed

    def _follow_text(self, snippet: Snippet, _later: list[Snippet]) -> None:
        """A drawing, or what a program prints."""

    # YAML

    def _follow_yaml(self, snippet: Snippet, later: list[Snippet]) -> None:
        named = _FILE.match(snippet.text)
        if named:
            path = self._save(named[1], snippet.text)
            if named[1] in _PIPELINES:
                self._check_pipeline(snippet, path, _PIPELINES[named[1]])
            return
        content = yaml.safe_load(self._adapted(snippet.text))
        if isinstance(content, list) and all("rules" in ruleset for ruleset in content):
            check_rulesets(snippet.place, content)
        elif isinstance(content, list) and all("hosts" in play for play in content):
            name = _file_that_is_run(later)
            if name:
                self._save(name, snippet.text)
            else:
                self._add(snippet, content)
        elif isinstance(content, list):
            self._add(snippet, [{**_PLAY, **_SHORT, "tasks": list(map(_shortened, content))}])
            self._rescued += sum(1 for task in content if "rescue" in task)
        elif "clouds" in content:
            for cloud in content["clouds"].values():
                # A cloud that a task names says itself where it is; the environment does not.
                cloud.setdefault("dli_endpoint_override", self._service.url)
                cloud["auth"].setdefault("auth_url", self._service.auth_url)
            (self._folder / "clouds.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
        elif content.keys() == {"collections"}:
            self._save("requirements.yml", snippet.text)
        elif content.keys() == {"module_defaults"}:
            self._add(snippet, [{**_PLAY, **content, "tasks": [_ASK]}])
        elif content.keys() <= {section for section, _title in yaml.safe_load(_CHANGELOG.read_text())["sections"]}:
            if not all(isinstance(text, str) for texts in content.values() for text in texts):
                raise Fault(f"{snippet.place}: a fragment has lists of texts.")
        elif all(re.match("(watch|restart)_", name) for name in content):
            check_rulebook_variables(snippet.place, content)
        else:
            raise Fault(f"{snippet.place}: nothing here says what this YAML is for.")

    def _check_pipeline(self, snippet: Snippet, path: Path, schema: str) -> None:
        """Check the file of a pipeline by its schema, and that the page has run its commands of Ansible's before.

        :raises Fault: the file does not fit the schema, or has a command that the page does not have.
        """
        check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, path]
        done = subprocess.run(check, text=True, capture_output=True, timeout=120, check=False)
        if done.returncode:
            raise Fault(f"{snippet.place}: not as {schema} wants it.\n{done.stdout}")
        commands = re.findall(r"(?:- |run: )(ansible-.*)$", snippet.text, re.MULTILINE)
        unknown = [command for command in commands if _for_any_target(command) not in self._typed]
        if unknown or not commands:
            raise Fault(f"{snippet.place}: the page has not run {unknown or 'anything'} before.")

    def _add(self, snippet: Snippet, plays: list[dict[str, Any]]) -> None:
        own_credentials = bool(_OWN_CREDENTIALS.search(snippet.text))
        if own_credentials != self._own_credentials:
            self._flush(snippet.page)
        self._own_credentials = own_credentials
        self._plays += plays

    def _flush(self, page: str) -> None:
        """Run the plays that wait. Those of a page share a process, so that a later task can use an earlier result."""
        if not self._plays:
            return
        playbook = self._folder / "page.yml"
        playbook.write_text(yaml.safe_dump(self._plays, sort_keys=False, allow_unicode=True), encoding="utf-8")
        self._plays = []
        env = {} if self._own_credentials else stages.credentials(self._service)
        given = json.dumps(stages.variables(self._service))
        arguments = ("-i", self._ansible.inventory, "-e", given, playbook)
        self._run(page, "ansible-playbook", arguments, {**stages.addresses(self._service), **env})

    def _run(self, place: str, program: str, arguments: Any, env: dict[str, str]) -> Outcome:
        """Run a program of Ansible's.

        :raises Fault: it fails, warns, or leaves out a task.
        """
        if self._uses_role:
            paths = (
                env.get("ANSIBLE_COLLECTIONS_PATH", self._ansible.environment["ANSIBLE_COLLECTIONS_PATH"]),
                COLLECTIONS,
            )
            # The page says that amazon.aws has deprecation warnings about itself.
            env = {
                **env,
                "ANSIBLE_COLLECTIONS_PATH": os.pathsep.join(map(str, paths)),
                "ANSIBLE_DEPRECATION_WARNINGS": "false",
            }
        outcome = self._ansible.call(program, *arguments, env={**_QUIET, **env})
        said = f"\n{outcome.stdout[-3000:]}\n{outcome.stderr[-2000:]}"
        if outcome.code:
            raise Fault(f"{place}: {program} fails with exit code {outcome.code}.{said}")
        if "WARNING" in outcome.stdout + outcome.stderr:
            raise Fault(f"{place}: {program} warns.{said}")
        for recap in _RECAP.findall(outcome.stdout):
            counts = dict(count.split("=") for count in recap.split())
            wrong = ("ignored", "failed") if self._uses_role else ("skipped", "ignored", "failed")
            left_out = {name: counts[name] for name in wrong if counts[name] != "0"}
            if left_out or int(counts["rescued"]) != self._rescued:
                raise Fault(f"{place}: not each task does what it is there for.{said}")
            self._rescued = 0
        return outcome

    # Commands

    def _follow_console(self, snippet: Snippet, _later: list[Snippet]) -> None:
        self._flush(snippet.page)
        for number, (command, printed) in enumerate(_commands(snippet.text)):
            words = shlex.split(self._adapted(command), comments=True)
            if words[0] == "export":
                self._export(snippet, words[1:], first=number == 0)
            else:
                self._command(snippet, words, printed)

    def _export(self, snippet: Snippet, assignments: list[str], first: bool) -> None:
        """Set variables for the commands that follow; a block that begins with it begins anew."""
        if first:
            self._exported = {}
        values = self._values
        if "OS_SECURITY_TOKEN=…" in assignments:
            values = {**values, **stages.temporary_key(self._service)}
        for assignment in assignments:
            name, _equals, value = assignment.partition("=")
            unread = name.startswith("OS_") and name not in sum(ENVIRONMENT.values(), ())
            if unread or (value == "…" and name not in values):
                raise Fault(f"{snippet.place}: nothing reads the variable {name}.")
            self._exported[name] = values[name] if value == "…" else value

    def _command(self, snippet: Snippet, words: list[str], printed: list[str]) -> None:
        settings = dict(word.split("=", 1) for word in words if re.match(r"[A-Z_]+=", word) and words[0] != "make")
        words = words[len(settings) :]
        text = " ".join(words)
        self._typed.add(_for_any_target(text))
        if text in stages.not_run():
            return
        if words[0] == "make":
            self._make(snippet, words[1:])
        elif words[0] in ("ansible-galaxy", "ansible-vault"):
            self._run(snippet.place, words[0], words[1:], {"ANSIBLE_COLLECTIONS_PATH": str(self._folder / "installed")})
        elif words[0] in ("ansible", "ansible-playbook", "ansible-doc"):
            self._ansible_command(snippet, words, printed)
        elif "-m" in words and words[words.index("-m") + 1] in ("pytest", "nox", "local_dli"):
            if words[0] not in interpreters():
                raise Fault(f"{snippet.place}: neither make nor nox sets up {words[0]}.")
            module = words.index("-m") + 1
            getattr(self, f"_{words[module]}")(snippet, words[module + 1 :], printed)
        else:
            raise Fault(f"{snippet.place}: nothing here can run: {text}")

    def _ansible_command(self, snippet: Snippet, words: list[str], printed: list[str]) -> None:
        # Where a page gives the addresses itself, nothing else may.
        given = {} if "OS_AUTH_URL" in self._exported else stages.addresses(self._service)
        outcome = self._run(snippet.place, words[0], words[1:], {**given, **self._exported})
        shown = {line.rstrip() for line in outcome.stdout.splitlines()}
        # Three dots stand for lines that the page leaves out.
        missing = [line for line in printed if line.rstrip() not in shown and line != "…"]
        if missing:
            raise Fault(f"{snippet.place}: {words[0]} does not print {missing}.\n{outcome.stdout[-3000:]}")

    def _make(self, snippet: Snippet, words: list[str]) -> None:
        targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
        for word in words:
            if "=" not in word and word not in targets:
                raise Fault(f"{snippet.place}: the Makefile has no target {word}.")

    def _pytest(self, snippet: Snippet, words: list[str], _printed: list[str]) -> None:
        """Collect what a command would run, which has to be something."""
        own_cache = ["-o", f"cache_dir={self._folder / 'cache'}"]
        collect = [sys.executable, "-m", "pytest", "--collect-only", "--quiet", *own_cache, *words]
        done = subprocess.run(collect, cwd=ROOT, text=True, capture_output=True, timeout=120, check=False)
        if done.returncode:
            raise Fault(f"{snippet.place}: pytest finds nothing to run.\n{done.stdout[-2000:]}")

    def _nox(self, snippet: Snippet, words: list[str], _printed: list[str]) -> None:
        known = words == ["--list"] or (words[0] == "--session" and words[1].partition("(")[0] in sessions())
        if not known:
            raise Fault(f"{snippet.place}: nox does not know {words}.")

    def _local_dli(self, snippet: Snippet, words: list[str], printed: list[str]) -> None:
        """Start the local service, and see that it says what the page shows."""
        # The port of a page may be taken here.
        words = ["0" if words[number - 1] == "--port" else word for number, word in enumerate(words)]
        command = [sys.executable, "-m", "local_dli", *words]
        env = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}
        files = {"cwd": self._folder, "env": env}
        with in_own_session(command, **files, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            if "--flink" in words:
                return
            line = process.stdout.readline()
            if not line:
                raise Fault(f"{snippet.place}: the local service does not start.\n{process.stderr.read()}")
        if "--exports" in words:
            if line.partition("=")[0] != printed[0].partition("=")[0]:
                raise Fault(f"{snippet.place}: the local service does not print {printed[0]}.")
            return
        missing = set(re.findall(r'"(\w+)":', " ".join(printed))) - json.loads(line).keys()
        if missing:
            raise Fault(f"{snippet.place}: the local service does not name {missing}.")

    # Python

    def _follow_python(self, snippet: Snippet, _later: list[Snippet]) -> None:
        """Run a test as the page shows it, with some code to be tested where it has three dots."""
        code = snippet.text.replace("...  # let the code under test", "code_under_test(service)  #")
        if code == snippet.text:
            raise Fault(f"{snippet.place}: there is no code under test.")
        exec(compile(code, snippet.place, "exec"), {"code_under_test": _code_under_test})


def _for_any_target(command: str) -> str:
    """Return a command with "…" for the environment that it is for."""
    return re.sub(r"\btarget=\w+", "target=…", command)


def check_rulesets(place: str, rulesets: list[dict[str, Any]]) -> None:
    """Check that the collection's event sources have the options that a rulebook gives; tests/eda runs rulebooks.

    :raises Fault: one has not.
    """
    for source in (source for ruleset in rulesets for source in ruleset["sources"]):
        ((name, arguments),) = source.items()
        path = ROOT / "extensions" / "eda" / "plugins" / "event_source" / f"{name.removeprefix('otc.dli.')}.py"
        if not path.is_file():
            raise Fault(f"{place}: there is no event source {name}.")
        strange = arguments.keys() - runpy.run_path(str(_LINK / path.relative_to(ROOT)))["OPTIONS"].keys()
        if strange:
            raise Fault(f"{place}: {name} has no option {', '.join(strange)}.")


def check_rulebook_variables(place: str, variables: dict[str, Any]) -> None:
    """Check that a rulebook of the collection uses these variables.

    :raises Fault: none uses one of them.
    """
    used = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "extensions/eda/rulebooks").glob("*.yml"))
    for name in variables:
        if not re.search(rf"\b{name}\b", used):
            raise Fault(f"{place}: no rulebook uses {name}.")


def _code_under_test(service: LocalDli) -> None:
    """Stop the only job, read it, and change its CUs."""
    (job,) = service.jobs.all()
    base = f"{service.url}/v1.0/{service.credentials['project_id']}/streaming"
    with requests.Session() as session:
        session.trust_env = False
        session.headers["X-Auth-Token"] = service.issue_token()
        session.post(f"{base}/jobs/stop", json={"job_ids": [job.job_id]}).raise_for_status()
        session.get(f"{base}/jobs/{job.job_id}").raise_for_status()
        session.put(f"{base}/flink-jobs/{job.job_id}", json={"cu_number": 4}).raise_for_status()


def _file_that_is_run(later: list[Snippet]) -> str:
    """Return the playbook, of those that are not in the checkout, that the next command on a page runs; "" if none."""
    for snippet in later:
        for name in re.findall(r"^\$ ansible-playbook (\S+)", snippet.text, re.MULTILINE):
            if snippet.language == "console" and not (ROOT / name).exists():
                return name
    return ""


def _commands(text: str) -> list[tuple[str, list[str]]]:
    """Return the commands of a block, each with what the block shows it to print."""
    commands: list[tuple[str, list[str]]] = []
    for line in re.sub(r"\\\n *", "", text).splitlines():
        if line.startswith("$ "):
            commands.append((line[2:], []))
        elif commands and line.strip():
            commands[-1][1].append(line)
    return commands
