# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Upgrades of a job on a real Flink, broken ones included; `make demo-flink` runs it.

Real Ansible runs a playbook, with the collection as users get it, against the local service that stands for DLI, which
runs the job on a Flink cluster of its own. The job writes 1, 2, 3, ... into files. After each step the demo reads
the service, at Flink and at the files, and ends with an error when the step did not do what it says.
"""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import requests

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from run import ESCAPES, ROOT, DemoFailed, paint, prepare, show

from local_dli import LocalDli
from local_dli.flink_engine import FlinkEngine
from local_flink import (
    FlinkCluster,
    FlinkError,
    FlinkMissing,
    build_job,
    check_exactly_once,
    find_flink_lib,
    find_java,
    read_events,
)

PLAY = "ansible-playbook demo/flink_upgrade.yml"
V2 = "-e label=v2 -e rate=600"
V3 = "-e label=v3 -e rate=900 -e parallelism=2"
BROKEN = "-e label=broken -e rate=900 -e parallelism=2"
CRASH_MS = 2000
INTERRUPTED = 99  # Ansible's exit status after Ctrl-C
UPGRADE = ("stop with savepoint", "update", "run from savepoint")
ROLLED_BACK = "Rolled back: the previous definition runs again, from the savepoint"


@dataclass(frozen=True)
class Step:
    """A step, and what has to be true after it.

    :param verdict: what to say when it is; C({labels}) becomes how many committed lines each version has written.
    :param actions: what the result says that was done, or would be.
    :param writes: the last parts of the paths of the requests that the service has to have seen, GET left out.
    :param runs: the label of the version that has to run then, None when none has to.
    :param new_run: whether Flink has to have a new run of the job, or else the one it had.
    :param commits: the labels that must be in the committed output.
    :param shows: what Ansible's output must show.
    :param rolls_back: whether the task has to fail, and say that it rolled back.
    """

    headline: str
    command: str
    verdict: str
    actions: tuple = ()
    writes: tuple = ()
    runs: str | None = None
    new_run: bool = True
    commits: tuple = ()
    shows: str = ""
    rolls_back: bool = False


STEPS = (
    Step(
        "Version 1 is deployed: created, started, and seen running.",
        PLAY,
        "v1 runs. What it writes is not committed before the first savepoint.",
        actions=("create", "run"),
        writes=("flink-jobs", "run"),
        runs="v1",
    ),
    Step(
        "A check run of an upgrade to version 2: what would happen?",
        f"{PLAY} {V2} --check --diff",
        "Nothing was written to the service, and v1 runs on. The diff shows how the job would be stopped and started.",
        actions=UPGRADE,
        runs="v1",
        new_run=False,
        shows='"(actions)"',
    ),
    Step(
        "The same for real: stop with a savepoint, change, resume, and see that it stays healthy for three seconds.",
        f"{PLAY} {V2} --diff",
        "v2 runs, from the savepoint of v1. It was done as the check run foretold. Committed: {labels}.",
        actions=UPGRADE,
        writes=("stop", "update", "run"),
        runs="v2",
        commits=("v1",),
        shows='"(actions)"',
    ),
    Step(
        "The next upgrade: other arguments again, and more parallelism, for which Flink deals the state out anew.",
        f"{PLAY} {V3} --diff",
        "v3 runs, from the savepoint of v2. Committed: {labels}.",
        actions=UPGRADE,
        writes=("stop", "update", "run"),
        runs="v3",
        commits=("v1", "v2"),
        shows='"(actions)"',
    ),
    Step(
        f"A broken upgrade: this version crashes after {CRASH_MS / 1000:g} seconds.",
        f"{PLAY} {BROKEN} -e 'further_args=\"--crash-after-ms {CRASH_MS}\"' -e health_window=10",
        "The task failed, and v3 runs again from its savepoint. Nothing of the broken version is in the output: "
        "{labels}.",
        actions=(*UPGRADE, "update", "run from savepoint"),
        writes=("stop", "update", "run", "update", "import-savepoint", "run"),
        runs="v3",
        commits=("v1", "v2", "v3"),
        shows=ROLLED_BACK,
        rolls_back=True,
    ),
    Step(
        "Version 3 once more: it is what runs, so there is nothing to do.",
        f"{PLAY} {V3} --diff",
        "No change: the service was only asked, and the job was not touched.",
        runs="v3",
        new_run=False,
        commits=("v1", "v2", "v3"),
    ),
    Step(
        "The job is stopped, its state kept in a savepoint.",
        f"{PLAY} {V3} -e job_state=stopped --diff",
        "No job runs on Flink any more, and the savepoint is there. Committed: {labels}.",
        actions=("stop with savepoint",),
        writes=("stop",),
        new_run=False,
        commits=("v1", "v2", "v3"),
        shows='"(actions)"',
    ),
)


class World:
    """The service, Flink below it, and the folder with what the job writes."""

    def __init__(self, service: LocalDli, cluster: FlinkCluster, out: Path) -> None:
        self._service = service
        self._cluster = cluster
        self.out = out

    def environment(self) -> dict:
        """Return the credentials, as the playbook reads them."""
        known = {**self._service.credentials, "auth_url": self._service.auth_url}
        options = ("auth_url", "username", "password", "user_domain_name", "project_name")
        return {f"OS_{option.upper()}": known[option] for option in options}

    def writes(self) -> list:
        """Return what the requests so far did that are not GET, those to IAM left out."""
        paths = [
            (request.method, request.path.rpartition("/")[2])
            for request in list(self._service.requests)
            if request.method != "GET" and "/streaming/" in request.path
        ]
        return ["update" if method == "PUT" else last for method, last in paths]

    def job(self) -> dict:
        """Return all that the service has of the job, {} when there is none."""
        listed = self._get("jobs?show_detail=true")["job_list"]["jobs"]
        detail = self._get(f"jobs/{listed[0]['job_id']}")["job_detail"] if listed else {}
        return {**detail.pop("job_config"), **detail} if listed else {}

    def flink_run(self, job: dict) -> str:
        """Return Flink's own number of the job, which is another one after each start."""
        return self._get(f"jobs/{job['job_id']}/execute-graph")["execute_graph"]["jid"] if job else ""

    def runs_on_flink(self, number: str) -> bool:
        """Return whether Flink runs all tasks of a job, by Flink's own number of it."""
        return bool(number) and self._cluster.rest.job(number).runs

    def _get(self, path: str) -> dict:
        url = f"{self._service.url}/v1.0/{self._service.credentials['project_id']}/streaming/{path}"
        with requests.Session() as http:
            http.trust_env = False
            answer = http.get(url, headers={"X-Auth-Token": self._service.issue_token()}, timeout=10)
        answer.raise_for_status()
        return answer.json()


def ansible(command: str, env: dict) -> tuple:
    """Run a command of Ansible and return its exit status and what it says."""
    tool, *arguments = shlex.split(command)
    program = Path(sys.executable).with_name(tool)
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    # Only with -v does it show the whole result, which is needed here.
    with subprocess.Popen([program, *arguments, "-v"], cwd=ROOT, env=env, **pipes) as process:
        try:
            output, _nothing = process.communicate(timeout=120)
        except BaseException:
            process.send_signal(signal.SIGINT)  # lets it end its own processes
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
            raise
    if process.returncode == INTERRUPTED:
        raise KeyboardInterrupt
    return process.returncode, output


def words_for(actions: list) -> tuple:
    """Return the actions of a result in words."""
    words = []
    for action in actions:
        with_savepoint = {"stop": " with savepoint", "run": " from savepoint"}.get(action["operation"], "")
        saved = action.get("trigger_savepoint") or action.get("resume_savepoint")
        words.append(action["operation"] + (with_savepoint if saved else ""))
    return tuple(words)


@dataclass(frozen=True)
class Seen:
    """What there is at one moment.

    :param runs: the label of the version that runs, by the service and by Flink; None when none does.
    :param flink_run: Flink's own number of the job, another one after each start.
    :param check: whether the numbers in the committed output are complete.
    :param labels: how many of them each version has written.
    """

    job: dict
    runs: str | None
    flink_run: str
    writes: list
    check: tuple
    labels: Counter

    @classmethod
    def now(cls, world: World) -> Seen:
        """Read the output."""
        job = world.job()
        flink_run = world.flink_run(job)
        runs = job and job["status"] == "job_running" and world.runs_on_flink(flink_run)
        label = re.search(r"--label (\S+)", job["entrypoint_args"])[1] if runs else None
        events = read_events(world.out)
        labels = Counter(event.label for event in events)
        return cls(job, label, flink_run, world.writes(), check_exactly_once(events), labels)


def faults(step: Step, code: int, plain: str, result: dict, before: Seen, after: Seen, foretold: dict) -> list:
    """Return what is not as the step says, in words."""
    writes = tuple(after.writes[len(before.writes) :])
    actions = words_for(result.get("actions", []))
    checked = "--check" in step.command
    check = after.check
    checks = {
        f"Ansible ended with {code}": (code != 0) == step.rolls_back,
        f"the actions are {', '.join(actions) or 'none'}": actions == step.actions,
        f"the service saw {', '.join(writes) or 'no request that writes'}": writes == step.writes,
        f"what runs is {after.runs or 'nothing'}": after.runs == step.runs,
        "Flink has another run of the job than it should": (before.flink_run != after.flink_run) == step.new_run,
        f"the output lacks {step.shows}": step.shows in plain,
        f"committed is the output of {', '.join(after.labels) or 'no version'}": set(after.labels) == set(step.commits),
        f"{len(check.missing)} numbers are missing": not check.missing,
        f"{len(check.doubled)} numbers are there more than once": not check.doubled,
        f"{len(check.forgotten)} numbers show that state was lost": not check.forgotten,
        "the task does not say that it rolled back": result.get("error", {}).get("rolled_back", False)
        is step.rolls_back,
        f"Ansible says changed={result.get('changed')}": step.rolls_back or result.get("changed") == bool(step.actions),
        "it is not what the check run foretold": not foretold
        or all(foretold[key] == result.get(key) for key in ("actions", "changes", "risks")),
        "the check run changed the job": not checked or _definition(before) == _definition(after),
        "there is no savepoint": actions != ("stop with savepoint",) or after.job["has_savepoint"] is True,
    }
    return [fault for fault, fine in checks.items() if not fine]


def _definition(seen: Seen) -> dict:
    """Return the job without what is another from one read to the next."""
    return {name: value for name, value in seen.job.items() if name not in ("duration", "update_time")}


def play(world: World, env: dict) -> None:
    """Take all steps."""
    before, foretold = Seen.now(world), {}
    for number, step in enumerate(STEPS, 1):
        print("\n" + paint("1", f"{number}. {step.headline}") + f"\n  $ {step.command}")
        started = time.monotonic()
        code, output = ansible(step.command, env)
        seconds = time.monotonic() - started
        show(output)
        plain = ESCAPES.sub("", output)
        if "=> {" not in plain:
            raise DemoFailed(f"Step {number} did not do what it says: Ansible ended with {code} and without a result.")
        result = json.JSONDecoder().raw_decode(plain, plain.index("=> {") + 3)[0]
        after = Seen.now(world)
        wrong = faults(step, code, plain, result, before, after, foretold)
        if wrong:
            raise DemoFailed(f"Step {number} did not do what it says: {'; '.join(wrong)}.")
        foretold = result if "--check" in step.command else {}
        before = after
        labels = ", ".join(f"{count} by {label}" for label, count in after.labels.items())
        print(paint("32", f"✔ {step.verdict.format(labels=labels)} ({seconds:.0f} s)"))


def prove(world: World) -> str:
    """Return the sentence that the output proves.

    :raises DemoFailed: when it does not.
    """
    found = check_exactly_once(read_events(world.out))
    figures = (
        f"the job counted to {found.expected}, and there are {found.counted} lines; {len(found.missing)} numbers are "
        f"missing, {len(found.doubled)} doubled, and {len(found.forgotten)} show forgotten state"
    )
    if not found.exactly_once or not found.counted:
        raise DemoFailed(f"The output is not exactly-once: {figures}.")
    return f"Exactly once, over 2 upgrades, 1 crash and 1 rollback: {figures}."


def main() -> None:
    """Run the demo."""
    sys.stdout.reconfigure(line_buffering=True, errors="replace")
    sys.stderr.reconfigure(errors="replace")
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(143))
    try:
        find_java("javac")
        lib = find_flink_lib()
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="otc-dli-demo-")))
            print("Building the collection, installing it, and starting a local service that stands for DLI …")
            env = {**prepare(folder), "ANSIBLE_REMOTE_TMP": str(folder / "remote")}
            print("Starting Flink, and compiling a job that counts …")
            obs_root = folder / "obs"
            build_job(lib, obs_root / "jars" / "counting.jar")
            cluster = stack.enter_context(FlinkCluster(folder / "flink"))
            service = stack.enter_context(LocalDli(engine=FlinkEngine(cluster.rest, obs_root)))
            # From here on, nothing interrupts the end of the service and of Flink.
            stack.callback(signal.signal, signal.SIGTERM, signal.SIG_IGN)
            stack.callback(signal.signal, signal.SIGINT, signal.SIG_IGN)
            print(f"Flink's own web page, as long as this runs: {cluster.rest.url}")
            world = World(service, cluster, obs_root / "data" / "counted")
            play(world, {**env, **world.environment()})
            proof = prove(world)
            if service.contract_violations:
                raise DemoFailed(f"The local service broke the contract: {service.contract_violations[0]}")
            print("\n" + paint("1;32", f"✔ {proof}"))
    except KeyboardInterrupt:
        sys.exit("\nStopped.")
    except FlinkMissing as fault:
        sys.exit(paint("31", f"✘ {fault}"))
    except DemoFailed as fault:
        sys.exit(paint("31", f"✘ {fault}"))
    except (OSError, ValueError, LookupError, RuntimeError, FlinkError, subprocess.SubprocessError) as fault:
        sys.exit(paint("31", f"✘ The demo could not go on: {type(fault).__name__}: {fault}"))
    print(f"All {len(STEPS)} steps did what they say. The local service is no evidence of how the live one behaves.")


if __name__ == "__main__":
    main()
