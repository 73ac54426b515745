# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The collection at work against the local service; `make demo` runs it.

Real Ansible runs the README's playbook, with the collection as users get it. After each step the demo asks the service
itself whether the step did what it says, and ends with an error when it did not.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLAY = "ansible-playbook demo/flink_job.yml"
JOB = "orders-enrichment"
PASSWORD = "correct-horse-battery"
COLOUR = bool(os.environ.get("FORCE_COLOR")) or (sys.stdout.isatty() and not os.environ.get("NO_COLOR"))
ESCAPES = re.compile(r"\x1b\[[\d;]*m")
# Lines of Ansible's output that say nothing about the job.
NOISE = re.compile(r"$|Using .* as config file|PLAY |localhost +: ok=")


class DemoFailed(Exception):
    """The text is the sentence that says what is wrong."""


@dataclass(frozen=True)
class Step:
    """A step, and what has to be true after it.

    :param verdict: what to say when it is; C({requests}) becomes what the service saw.
    :param writes: the methods, other than GET, of the requests that the service has to have seen; equal ones together.
    :param exists: whether the service has the job then.
    :param differs: the fields that differ, of a job that was there before and is still there.
    :param shows: what Ansible's output must show.
    :param announced: whether the changes must be the very ones of the step before.
    """

    headline: str
    command: str
    verdict: str
    changed: bool = True
    writes: tuple = ()
    exists: bool = True
    differs: tuple = ()
    shows: str = ""
    announced: bool = False


# What differs after a job was stopped and started, besides what was changed.
OF_A_RUN = {"update_time", "start_time", "savepoint_path", "has_savepoint"}

STEPS = (
    Step(
        "A check run of the README's playbook: what would happen?",
        f"{PLAY} --check --diff",
        "Nothing was written ({requests}), and there is no job yet. The diff masks the password.",
        exists=False,
        shows='"--window-ms 2000 ********"',
    ),
    Step(
        "The same for real: the job is created and started.",
        f"{PLAY} --extra-vars health_window=2",
        "The job runs ({requests}), and the changes are those that the check run announced.",
        writes=("POST", "POST"),
        announced=True,
    ),
    Step(
        "Once more: the job is as described, so there is nothing to do.",
        f"{PLAY} --diff",
        "No change: the service was only read ({requests}), and the job is untouched.",
        changed=False,
    ),
    Step(
        "One field changes. A running job does not take it, so what would an upgrade do?",
        f"{PLAY} --check --diff --extra-vars parallelism=6",
        "Nothing was written ({requests}), and the job is untouched.",
        shows='+            "trigger_savepoint": true',
    ),
    Step(
        "The upgrade: stop with a savepoint, change, resume, watch.",
        f"{PLAY} --extra-vars 'parallelism=6 health_window=2'",
        "parallel_number is 6 now ({requests}), and every other field is as it was.",
        writes=("POST", "POST", "PUT"),
        differs=("parallel_number",),
        shows="job_cancel_success → job_running",
        announced=True,
    ),
    Step(
        "Without a playbook: what the command leaves out stays as it is. A running job takes this field at once.",
        f"ansible localhost --diff -m otc.dli.dli_flink_jar_job -a 'name={JOB} restart_when_exception=true'",
        "restart_when_exception is on ({requests}), and every other field is as it was, the password too.",
        writes=("PUT",),
        differs=("restart_when_exception",),
        shows='+    "restart_when_exception": true',
    ),
    Step(
        "The job is deleted.",
        f"{PLAY} --diff --extra-vars job_state=absent",
        "The service lists no such job any more ({requests}).",
        writes=("DELETE",),
        exists=False,
    ),
    Step(
        "Once more: there is nothing left to delete.",
        f"{PLAY} --extra-vars job_state=absent",
        "No change: the service was only read ({requests}).",
        changed=False,
        exists=False,
    ),
)


class Service:
    """The local service as the demo sees it: over HTTP, and by its log."""

    def __init__(self, facts: dict, log: Path) -> None:
        self.facts = facts
        self._log = log
        user = {"name": facts["username"], "password": facts["password"], "domain": {"name": facts["user_domain_name"]}}
        identity = {"methods": ["password"], "password": {"user": user}}
        body = {"auth": {"identity": identity, "scope": {"project": {"id": facts["project_id"]}}}}
        headers = {"Content-Type": "application/json"}
        # Not through the proxy that the environment may name: the service is on this machine.
        self._open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
        request = urllib.request.Request(facts["auth_url"] + "/auth/tokens", json.dumps(body).encode(), headers)
        with self._open(request, timeout=10) as answer:
            self._token = answer.headers["X-Subject-Token"]

    def job(self) -> dict:
        """Return all that the list has of the job, {} when there is none."""
        url = f"{self.facts['url']}/v1.0/{self.facts['project_id']}/streaming/jobs?show_detail=true&limit=100"
        with self._open(urllib.request.Request(url, headers={"X-Auth-Token": self._token}), timeout=10) as answer:
            jobs = [job for job in json.load(answer)["job_list"]["jobs"] if job["name"] == JOB]
        return {**jobs[0].pop("job_config"), **jobs[0]} if jobs else {}

    def requests(self) -> Counter:
        """Return how many requests of each method the service has seen, those to IAM left out."""
        return Counter(re.findall(r" ([A-Z]+) /v1\.0/", self._log.read_text(encoding="utf-8")))


@contextmanager
def local_service(folder: Path):
    """Run the local service as a process of its own."""
    log = folder / "service.log"
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "tests"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "local_dli"]
    with log.open("w", encoding="utf-8") as stderr:
        with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=stderr, text=True) as process:
            try:
                line = process.stdout.readline()
                if not line:
                    reason = log.read_text(encoding="utf-8").strip().rpartition("\n")[2]
                    raise DemoFailed(f"The local service did not start: {reason}")
                yield Service(json.loads(line), log)
            finally:
                process.terminate()


def prepare(folder: Path, artifact: str = "") -> dict:
    """Install the collection as a user does, and return the environment for Ansible.

    It has nothing of whoever runs this: neither home nor settings nor credentials.

    :param artifact: path of the built collection; "" builds it here.
    """
    config = folder / "ansible.cfg"
    config.write_text(
        f"[defaults]\ncollections_path = {folder}/collections\nlocalhost_warning = false\n"
        "[inventory]\ninventory_unparsed_warning = false\n",
        encoding="utf-8",
    )
    colour = {"ANSIBLE_FORCE_COLOR": "true"} if COLOUR else {"ANSIBLE_NOCOLOR": "true"}
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "ANSIBLE_CONFIG": str(config), "NO_PROXY": "*", **colour}
    if not artifact:
        run("ansible-galaxy", ["collection", "build", "--output-path", str(folder), str(ROOT)], env)
        (built,) = folder.glob("otc-dli-*.tar.gz")
        artifact = str(built)
    run("ansible-galaxy", ["collection", "install", "--offline", "--no-deps", artifact], env)
    return env


def run(tool: str, arguments: list, env: dict) -> str:
    """Run one of Ansible's programs and return what it says."""
    program = Path(sys.executable).with_name(tool)
    if not program.exists():
        raise DemoFailed(f"{program} is missing; `make demo` installs it.")
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    done = subprocess.run([program, *arguments], cwd=ROOT, env=env, timeout=60, check=False, **pipes)
    if done.returncode:
        print(done.stdout)
        raise DemoFailed(f"{tool} ended with an error.")
    return done.stdout


def show(output: str) -> None:
    """Print Ansible's output without noise, and without the long parts of results."""
    in_job = False
    for line in output.splitlines():
        plain = ESCAPES.sub("", line)
        if in_job or NOISE.match(plain):
            in_job = in_job and plain != "    }"
        elif plain.startswith('    "job": {'):
            in_job = True
            print("  " + line.replace("{", "{ … all fields of the job … }"))
        else:
            print("  " + re.sub(r"(: \[localhost\]) => \{.*\}", r"\1", line))


def faults(step: Step, plain: str, result: dict, before: dict, after: dict, writes: tuple, announced: dict) -> list:
    """Return what is not as the step says, in words."""
    differs = {name for name in before if before[name] != after.get(name)} - OF_A_RUN if after else set()
    checks = {
        f"Ansible says changed={result['changed']}": result["changed"] == step.changed,
        f"the service saw {' and '.join(writes) or 'no request that writes'}": writes == step.writes,
        f"the service has {'the' if after else 'no'} job": bool(after) == step.exists,
        f"the job is {after.get('status')}": not after or after["status"] == "job_running",
        f"what differs is {', '.join(sorted(differs)) or 'nothing'}": differs == set(step.differs),
        f"the output lacks {step.shows}": step.shows in plain,
        "the output shows the password": PASSWORD not in plain,
        "the service has not got the password": not after or after["entrypoint_args"].endswith(f" {PASSWORD}"),
        "the changes are not those of the check run": not step.announced or result["changes"] == announced,
    }
    for name, change in result["changes"].items() if after and writes else ():
        shown = change["after"]
        if not isinstance(shown, dict) and "****" not in str(shown):
            checks[f"{name} is {after.get(name)} on the service, not {shown}"] = after.get(name) == shown
    return [fault for fault, fine in checks.items() if not fine]


def play(service: Service, env: dict) -> None:
    """Take all steps, with what the playbook reads from the environment."""
    options = ("auth_url", "username", "password", "user_domain_name", "project_name")
    env = {**env, "DB_PASSWORD": PASSWORD, **{f"OS_{option.upper()}": service.facts[option] for option in options}}
    announced = {}
    for number, step in enumerate(STEPS, 1):
        print("\n" + paint("1", f"{number}. {step.headline}") + f"\n  $ {step.command}")
        before, seen = service.job(), service.requests()
        tool, *arguments = shlex.split(step.command)
        # Only with -v does ansible-playbook show the whole result, which is needed here; ansible always does.
        output = run(tool, arguments + (["-v"] if tool == "ansible-playbook" else []), env)
        requests = service.requests() - seen
        show(output)
        plain = ESCAPES.sub("", output)
        result = json.JSONDecoder().raw_decode(plain, plain.index("=> {") + 3)[0]
        writes = tuple(method for method in requests.elements() if method != "GET")
        wrong = faults(step, plain, result, before, service.job(), writes, announced)
        if wrong:
            raise DemoFailed(f"Step {number} did not do what it says: {'; '.join(wrong)}.")
        announced = result["changes"]
        counts = ", ".join(f"{count} {method}" for method, count in requests.items())
        print(paint("32", f"✔ {step.verdict.format(requests=counts)}"))


def paint(code: str, text: str) -> str:
    """Return a text in a colour, where there are colours."""
    return f"\x1b[{code}m{text}\x1b[0m" if COLOUR else text


def main(artifact: str = "") -> None:
    """Run the demo."""
    sys.stdout.reconfigure(line_buffering=True, errors="replace")
    sys.stderr.reconfigure(errors="replace")
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(143))
    try:
        with tempfile.TemporaryDirectory(prefix="otc-dli-demo-") as folder:
            how = "Installing the collection" if artifact else "Building the collection, installing it"
            print(f"{how}, and starting a local service that stands for DLI …")
            env = prepare(Path(folder), artifact)
            with local_service(Path(folder)) as service:
                play(service, env)
    except KeyboardInterrupt:
        sys.exit("\nStopped.")
    except DemoFailed as fault:
        sys.exit(paint("31", f"✘ {fault}"))
    except (OSError, ValueError, LookupError, subprocess.SubprocessError) as fault:
        sys.exit(paint("31", f"✘ The demo could not go on: {type(fault).__name__}: {fault}"))
    print(f"\nAll {len(STEPS)} steps did what they say. The local service is no evidence of how the live one behaves.")


if __name__ == "__main__":
    # With the path of an artifact: run the demo from that, and build none.
    main(*sys.argv[1:])
