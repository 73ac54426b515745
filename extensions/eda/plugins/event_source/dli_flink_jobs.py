# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An event source of ansible-rulebook: the transitions of Flink jobs on Data Lake Insight."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

DOCUMENTATION = r"""
short_description: Report when the status of Flink jobs on Data Lake Insight changes
description:
  - Lists the jobs regularly, and sends an event for each job whose status is not what it was, or that has been
    started again in between. A job that was not known before, such as each job at the first time, has an event too.
  - It takes one request for each 100 jobs and each O(interval), and one for a login. It changes nothing.
  - If the service does not respond or refuses, one event says so, the jobs are listed less and less often, down to
    every tenth O(interval), and another event says when the service responds again.
  - Needs ansible-core and requests in the Python environment of ansible-rulebook.
options:
  interval:
    description:
      - Seconds between two lists.
    type: float
    default: 60.0
  failures_within:
    description:
      - For how many seconds a failure of a job counts in C(failures) of its events.
    type: float
    default: 3600.0
  state_file:
    description:
      - A file where the source remembers the jobs, so that it goes on where it was when it starts again, and knows what
        has happened meanwhile. Without it each start reports all jobs.
      - It is a file of this source alone. What is in it about other jobs or another project does not count.
    type: path
  name:
    description: Watch only jobs of this name.
    type: str
  job_id:
    description: Watch only the job of this id.
    type: int
  queue_name:
    description: Watch only jobs on this queue.
    type: str
  tags:
    description: Watch only jobs with these tags.
    type: dict
  job_type:
    description: Watch only jobs of this type, such as V(flink_jar_job).
    type: str
  user_name:
    description: Watch only jobs of this user.
    type: str
  root_job_id:
    description: Watch only jobs that were made from this job.
    type: int
  sys_enterprise_project_name:
    description: Watch only jobs of this enterprise project.
    type: str
notes:
  - It takes the options of all modules of otc.dli about authentication and requests too, such as O(region),
    O(project_name), O(endpoint), O(timeout) and O(retry_timeout), and the same variables of the environment.
  - "An event about a job has C(job), which is an element of RV(otc.dli.dli_flink_job_info#module:jobs) with
    O(otc.dli.dli_flink_job_info#module:details=false); C(before) and C(after), the statuses, V(null) for a job that was
    not known or is not listed any more; C(savepoint_before), the path of the savepoint that it had then, or V(null);
    C(down), whether the job is down and stays so until somebody acts; and C(failures), how often it has come down
    within O(failures_within) seconds, this time included, or 0. A job that is down when it is first listed has not been
    seen to come down."
  - "An event about the service has C(service), which is V(unreachable) or V(reachable), and C(msg) with C(error), as a
    module that fails returns them."
"""

EXAMPLES = r"""
- name: Watch the jobs of a queue
  hosts: all
  sources:
    - otc.dli.dli_flink_jobs:
        queue_name: streaming
        interval: 30
        state_file: /var/lib/eda/flink-jobs.json
  rules:
    - name: Show what is down
      condition: event.down == true
      action:
        debug:
          msg: "{{ event.job.name }} is {{ event.after }}: {{ event.job.status_desc }}"
"""

# ansible-rulebook runs this file by its path, and knows no collections: Python finds them by folder names alone. The
# package ansible, where it is installed, brings a folder of that name which is closed to others.
_COLLECTIONS = Path(__file__).parents[6]
sys.path.append(str(_COLLECTIONS.parent))

import ansible_collections

if str(_COLLECTIONS) not in ansible_collections.__path__:
    ansible_collections.__path__.append(str(_COLLECTIONS))

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.otc.dli.plugins.module_utils._api.flink_jobs import FlinkJobApi
from ansible_collections.otc.dli.plugins.module_utils._errors import (
    AccessDenied,
    AuthenticationFailed,
    DliError,
    InvalidInput,
)
from ansible_collections.otc.dli.plugins.module_utils._http.credentials import (
    SECRET_OPTIONS,
    environment_secrets,
)
from ansible_collections.otc.dli.plugins.module_utils._info.selection import (
    keep_secrets,
    select,
    selection_from_params,
    selection_options,
)
from ansible_collections.otc.dli.plugins.module_utils._info.transitions import transitions
from ansible_collections.otc.dli.plugins.module_utils._model.checks import check_seconds
from ansible_collections.otc.dli.plugins.module_utils._model.redactor import Redactor
from ansible_collections.otc.dli.plugins.module_utils._module import (
    auth_options,
    check_common_options,
    open_api,
)
from ansible_collections.otc.dli.plugins.module_utils._text import printable

log = logging.getLogger(__name__)

_LONGEST_BACKOFF_INTERVALS = 10
# What begins a template of Jinja, also where two texts are put together.
_TEMPLATE = re.compile(r"\{(?=[{%#]|\Z)")
OPTIONS = {
    **auth_options(),
    # What leaves a status out would not see a job change.
    **{name: option for name, option in selection_options().items() if name != "status"},
    "interval": {"type": "float", "default": 60.0},
    "failures_within": {"type": "float", "default": 3600.0},
    "state_file": {"type": "path"},
}


class SourceError(Exception):
    """The source cannot watch anything; its text is one sentence without secrets."""


class _Watch:
    """Lists the jobs and remembers them.

    :param args: the arguments of the source.
    :raises DliError: an argument breaks a rule.
    """

    def __init__(self, args: dict[str, Any], redactor: Redactor) -> None:
        self._redactor = redactor
        self._params = _checked(args)
        self._selection = selection_from_params(self._params)
        self._file = Path(self._params["state_file"]) if self._params["state_file"] else None
        self._api: FlinkJobApi | None = None
        self._failed_polls = 0
        self._known: dict[str, dict] = {}
        self._unsaved = False

    @property
    def pause(self) -> float:
        """Seconds until the jobs are to be listed again."""
        return self._params["interval"] * min(2**self._failed_polls, _LONGEST_BACKOFF_INTERVALS)

    def poll(self) -> list[dict]:
        """List the jobs and return the events, redacted.

        :raises DliError: the first request shows that no other will do better.
        """
        try:
            events = self._transitions()
        except DliError as exc:
            if self._api is None and isinstance(exc, (InvalidInput, AuthenticationFailed, AccessDenied)):
                raise
            events = [] if self._failed_polls else [{"service": "unreachable", "msg": str(exc), "error": exc.details()}]
            self._failed_polls += 1
        else:
            if self._failed_polls:
                events.insert(0, {"service": "reachable", "msg": "The service responds again."})
            self._failed_polls = 0
        events = [_without_templates(self._redactor.result(event)) for event in events]
        for event in events:
            if "service" in event:
                log.warning("%s: %s", event["service"], printable(event["msg"]))
        return events

    def save(self) -> None:
        """Remember what the events were about, once they are sent."""
        if self._file is None or not self._unsaved:
            return
        # Whoever reads the file finds what it was before or what it is then, and no half of it.
        try:
            with tempfile.NamedTemporaryFile("w", dir=self._file.parent, delete=False, encoding="utf-8") as file:
                json.dump({"watched": self._watched, "jobs": self._known}, file)
            os.replace(file.name, self._file)
        except OSError as exc:
            log.warning("state_file cannot be written: %s", exc)
        else:
            self._unsaved = False

    def _transitions(self):
        odd: list = []
        if self._api is None:
            api = open_api(FlinkJobApi, self._params, self._redactor.hide, self._redactor.hide_read, [])
            # With details: a status is described in words that may quote what the details show to be secret.
            jobs = select(api, self._selection, odd)
            self._watched = json.loads(json.dumps([api.address, self._selection.job_id, self._selection.filters]))
            self._known = self._remembered()
            self._api = api
        else:
            jobs = select(self._api, self._selection, odd)
        keep_secrets(self._api, jobs)
        events, known = transitions(self._known, jobs, odd, time.time(), self._params["failures_within"])
        self._unsaved = self._unsaved or known != self._known
        self._known = known
        return events

    def _remembered(self):
        """Return what the file says of the jobs that are watched."""
        if self._file is None or not self._file.exists():
            return {}
        try:
            state = json.loads(self._file.read_text(encoding="utf-8"))
            return state["jobs"] if state["watched"] == self._watched else {}
        except (OSError, ValueError, KeyError, TypeError) as exc:
            raise InvalidInput(f"state_file is {self._file}, which is no state of this event source.") from exc


def _without_templates(value):
    """Return a part of an event with no template in it.

    A rulebook hands the words of a failed job to a playbook, and Ansible carries out what is a template in there: a
    lookup can read any secret and run any program.
    """
    if isinstance(value, dict):
        return {key: _without_templates(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_templates(item) for item in value]
    return _TEMPLATE.sub("{ ", value) if isinstance(value, str) else value


def _checked(args):
    """Return all options with their defaults.

    :raises InvalidInput: one breaks a rule.
    """
    result = ArgumentSpecValidator(OPTIONS).validate(args)
    if result.error_messages:
        raise InvalidInput(result.error_messages[0])
    params = result.validated_parameters
    check_common_options(params)
    check_seconds("failures_within", params["failures_within"])
    if not 0 < params["interval"] < float("inf"):
        raise InvalidInput(f"interval is {params['interval']:g}, but must be a number of seconds greater than 0.")
    if params["state_file"] and not os.access(os.path.dirname(os.path.abspath(params["state_file"])), os.W_OK):
        raise InvalidInput(f"state_file is {params['state_file']}, but nothing can be written to its folder.")
    return {**params, "status": None}


async def main(queue: asyncio.Queue, args: dict[str, Any]) -> None:
    """Send events until the task is cancelled.

    :param queue: takes the events.
    :param args: the options.
    :raises SourceError: an option breaks a rule, or the credentials are wrong.
    """
    redactor = Redactor()
    own = {name: value for name, value in args.items() if name != "eda_feedback_queue"}
    for secret in (*environment_secrets(os.environ), *(own.get(name) for name in SECRET_OPTIONS)):
        if isinstance(secret, str):
            redactor.hide(secret)
    try:
        watch = _Watch(own, redactor)
        while True:
            # In a thread: requests must not keep the rules waiting.
            for event in await asyncio.to_thread(watch.poll):
                await queue.put(event)
            watch.save()
            await asyncio.sleep(watch.pause)
    except DliError as exc:
        raise SourceError(redactor.text(str(exc))) from None


if __name__ == "__main__":
    # By hand: python dli_flink_jobs.py '{"interval": 10}', with credentials from the environment.
    class _Printer:
        async def put(self, event: dict) -> None:
            """Show an event."""
            print(json.dumps(event), flush=True)

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(_Printer(), json.loads(sys.argv[1] if len(sys.argv) > 1 else "{}")))
