# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stage for one task and its faults: service, proxy and module in one process, with one clock."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import random
import signal
import ssl
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import trustme
from ansible_collections.otc.dli.plugins.module_utils import _module
from ansible_collections.otc.dli.plugins.module_utils._module import auth_options, wait_options
from ansible_collections.otc.dli.plugins.modules import (
    dli_flink_jar_job,
    dli_flink_jar_jobs,
    dli_flink_job_import,
    dli_flink_job_template,
    dli_flink_savepoint,
    dli_flink_sql_job,
)
from urllib3.util import connection

from fault_proxy import Fault, FaultProxy
from faults.clock import HurriedClock
from faults.patience import Patience
from faults.scenarios import ARCHIVE, Scenario
from local_dli import Behaviour, LocalDli, clock_engine
from local_dli.journal import CLIENT, Event
from module_process import module_process
from module_runner import run_module

# Real seconds, which no answer takes: where there is none, the client gives up at once.
TIMEOUT = 60.0
WAIT_TIMEOUT = 60.0
RETRY_TIMEOUT = 60.0
# Whatever the service is at in these scenarios is over within so many seconds.
PASSES_WITHIN = 10.0
TIMES = {"submit_seconds": 1.5, "savepoint_seconds": 1.5, "cancel_seconds": 1.5}
# The options about waiting, of the modules that wait.
WAITING = {
    dli_flink_jar_job: {"health_window": 3, "wait_timeout": WAIT_TIMEOUT},
    dli_flink_sql_job: {"health_window": 3, "wait_timeout": WAIT_TIMEOUT},
    dli_flink_savepoint: {"wait_timeout": WAIT_TIMEOUT},
}
# What the module for many jobs takes for the task as a whole.
_FLEET_OPTIONS = {**auth_options(), **wait_options()}
# What takes a clock.
CLOCKED = (
    (_module, "HttpClient"),
    (_module, "Waiting"),
    (dli_flink_job_template, "converge_template"),
    (dli_flink_job_import, "import_jobs"),
)


@dataclass(frozen=True)
class Plan:
    """Which requests of a task meet which fault.

    :param faults: by number of the request, from 0.
    :param onwards: whether all requests after the last one meet its fault too.
    """

    faults: Mapping[int, Fault]
    onwards: bool = False

    @property
    def tls(self) -> bool:
        return any(fault.kind == "certificate" for fault in self.faults.values())

    @property
    def is_temporary(self) -> bool:
        """Whether a task gets over it: just one request fails, in a way that may not last."""
        return len(self.faults) <= 1 and not self.onwards and not any(fault.lasting for fault in self.faults.values())

    def __str__(self) -> str:
        words = ", ".join(f"{index}:{fault.name}" for index, fault in sorted(self.faults.items()))
        return words + ("+" if self.onwards else "")


CALM = Plan({})


@dataclass(frozen=True)
class Effect:
    """Something that the service has done to a job or a template.

    :param operation: ``create``, ``update``, ``start``, ``stop``, ``delete``, ``save``, ``import-savepoint``,
        ``export`` or ``import``.
    :param saved: for a start, whether it resumes from a savepoint, and for a stop, whether it makes one.
    :param had_state: whether the job had state that this could lose.
    """

    operation: str
    saved: bool = True
    had_state: bool = False


@dataclass
class Doomed:
    """A process that is to be killed.

    :param after: how many more of its requests the service handles before.
    """

    pid: int
    after: int


@dataclass
class Observation:
    """What one run of a task was seen to do.

    :param result: what the module printed; None when that was no result.
    :param problem: why there is no result.
    :param effects: what the service did meanwhile.
    :param jobs: what jobs there were at the end, see Stage.jobs, and C(templates) likewise.
    :param requests: how many requests the proxy saw.
    :param slept: how long the module paused by its own clock.
    :param endless: how often it would have waited for ever for an answer.
    :param taken: the size of the largest answer that the module has taken, in bytes.
    :param foreign: how many requests arrived at the foreign host, or over a connection whose certificate was bad.
    :param doubled: whether the network brought a request to the service twice.
    """

    result: dict[str, Any] | None
    problem: str = ""
    effects: list[Effect] = field(default_factory=list)
    jobs: list[dict[str, Any]] = field(default_factory=list)
    templates: list[dict[str, Any]] = field(default_factory=list)
    requests: int = 0
    slept: float = 0.0
    endless: int = 0
    foreign: int = 0
    taken: int = 0
    doubled: bool = False

    @property
    def things(self) -> list[dict[str, Any]]:
        """All that there was at the end."""
        return [*self.jobs, *self.templates]

    @property
    def failed(self) -> bool:
        return self.result is None or self.result["failed"]

    @property
    def changed(self) -> bool:
        return self.result is not None and self.result["changed"]

    @property
    def starts(self) -> int:
        return sum(effect.operation == "start" for effect in self.effects)

    @property
    def rolled_back(self) -> bool:
        """Whether an upgrade was undone, or that was tried."""
        result = self.result or {}
        # A message that quotes much is cut.
        text = result.get("msg", "")
        undone = result.get("error", {}).get("rolled_back", False)
        return undone or "previous definition" in text or "could not be undone" in text


class Stage:
    """The service, a proxy with and one without TLS, and the module between them; to be used as a context manager."""

    def __init__(self) -> None:
        self.clock = HurriedClock()
        self.patience = Patience()
        self.service = LocalDli(clock=self.clock.monotonic, validate_responses=False, middleware=self._killing)
        self._doomed: Doomed | None = None
        self._broken = ""
        self._token = ""
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Stage:
        self._stack.enter_context(self.service)
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="otc-dli-faults-")))
        good, bad = trustme.CA(), trustme.CA()
        self._bundle = folder / "ca.pem"
        good.cert_pem.write_to_path(str(self._bundle))
        target = ("127.0.0.1", int(self.service.url.rpartition(":")[2]))
        self.plain = self._stack.enter_context(FaultProxy(*target, clock=self.clock, patience=self.patience))
        contexts = (_server_context(good), _server_context(bad))
        self.secured = self._stack.enter_context(
            FaultProxy(*target, clock=self.clock, patience=self.patience, tls=contexts)
        )
        patch = self._stack.enter_context(pytest.MonkeyPatch.context())
        self._patch_clock(patch)
        self._patch_network(patch)
        self._patch_service(patch)
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()

    @property
    def secrets(self) -> list[str]:
        """The credentials, which no output may have."""
        return [self.service.credentials["password"], *self.service.iam.tokens]

    def set(self, scenario: Scenario) -> None:
        """Put there what is there before a scenario's task."""
        self._reset()
        self.service.behaviour = Behaviour(**{**TIMES, **scenario.behaviour})
        self._broken = scenario.broken
        if scenario.archived:
            self.service.archives.put(ARCHIVE, [self.service.jobs.add(**values) for values in scenario.archived])
            self.service.jobs.clear()
        for values in scenario.templates:
            self.service.templates.add(**values)
        if scenario.planted is not None:
            job = self.service.jobs.add(name="job", **scenario.planted)
            if scenario.ways:
                self.service.jobs.engine.follow(job, self.clock.monotonic(), job.status, scenario.way())

    def set_fleet(self, names: Iterable[str], planted: dict[str, Any] | None) -> None:
        """Put there several jobs that are the same but for their names, or none."""
        self._reset()
        self.service.behaviour = Behaviour(**TIMES)
        self._broken = ""
        for name in names if planted else ():
            self.service.jobs.add(name=name, **(planted or {}))

    def _reset(self) -> None:
        for proxy in (self.plain, self.secured):
            proxy.reset()
        self.service.reset()
        # The day that a token lives is soon over for this clock.
        self.service.iam.forget_tokens()
        self._token = self.service.issue_token()

    def run(
        self,
        scenario: Scenario,
        plan: Plan = CALM,
        *,
        settle: bool = True,
        check_mode: bool = False,
        **options: Any,
    ) -> Observation:
        """Run a scenario's task while some of its requests go wrong, or with other options, in what is there now.

        :param settle: whether to wait, before the jobs are read, until all that the service is at is over.
        """
        proxy = self.secured if plan.tls else self.plain
        proxy.reset(plan.faults, plan.onwards)
        self._proxy = proxy
        self.service.requests.clear()
        self.service.begin_count()
        first = len(self.service.journal.events)
        random.seed(0)  # the pauses of the module are a matter of chance
        slept, endless = self.clock.slept, self.patience.endless
        result, problem = self._result(scenario, self._args(scenario, proxy) | options, check_mode)
        seen = Observation(
            result,
            problem,
            self._effects(first),
            self.jobs(settle),
            self.templates(),
            len(proxy.handled),
            self.clock.slept - slept,
            self.patience.endless - endless,
            len(proxy.foreign.arrived) + sum(handled.fault == "bad_certificate" for handled in proxy.handled),
            max((handled.taken for handled in proxy.handled), default=0),
            any(len(handled.statuses) > 1 for handled in proxy.handled),
        )
        # What comes too late comes now, when it is no longer this run that has done it.
        proxy.settle()
        return seen

    def run_and_kill(self, scenario: Scenario, point: int) -> Observation | None:
        """Run a scenario's task in a process that is killed as soon as the service has handled so many requests.

        That process has a clock of its own: to the service each request is a second.

        :returns: None when the task has come to its end before.
        """
        self.plain.reset()
        self._proxy = self.plain
        self.service.requests.clear()
        first = len(self.service.journal.events)
        with module_process(scenario.module, self._args(scenario, self.plain)) as (process, output):
            self._doomed = Doomed(process.pid, point)
            try:
                json.loads(output.recv())
            except EOFError:
                process.join()
                assert process.exitcode == -signal.SIGKILL, f"the task has ended with {process.exitcode}"
                killed = True
            else:
                killed = False
            self._doomed = None
        if not killed:
            return None
        return Observation(
            None, "it was killed", self._effects(first), self.jobs(settle=False), self.templates(), point
        )

    def jobs(self, settle: bool = True) -> list[dict[str, Any]]:
        """Return what matters of each job: whether two runs had the same end."""
        if settle:
            self.clock.sleep(PASSES_WITHIN)
        return [{"status": job.status, **job.fields} for job in self.service.jobs.all()]

    def templates(self) -> list[dict[str, Any]]:
        """Return what matters of each template."""
        facts = ("template_id", "create_time", "update_time")
        return [
            {name: value for name, value in template.items() if name not in facts}
            for template in self.service.templates.all()
        ]

    def _result(self, scenario: Scenario, args: dict[str, Any], check_mode: bool) -> tuple[dict[str, Any] | None, str]:
        module = scenario.module
        if scenario.as_fleet:
            module, args = dli_flink_jar_jobs, _for_many_jobs(args)
        try:
            result = run_module(module, args, check_mode)
            # What it says of the job is in the place where the module for one job says it.
            return {**result, **_of_the_job(result)} if scenario.as_fleet else result, ""
        except Exception as error:  # pylint: disable=broad-except # that there is any is what is to be found out
            return None, f"{type(error).__name__}: {error}"

    def _args(self, scenario: Scenario, proxy: FaultProxy) -> dict[str, Any]:
        args = {
            "endpoint": proxy.url,
            "project_id": self.service.credentials["project_id"],
            "timeout": TIMEOUT,
            "retry_timeout": RETRY_TIMEOUT,
            "name": "job",
        }
        if scenario.login == "password":
            names = ("username", "password", "user_domain_name")
            args |= {"auth_url": f"{proxy.url}/v3", **{name: self.service.credentials[name] for name in names}}
        else:
            args["token"] = self._token
        if proxy is self.secured:
            args["ca_cert"] = str(self._bundle)
        args |= WAITING.get(scenario.module, {})
        return {name: value for name, value in {**args, **scenario.task}.items() if value is not None}

    def _patch_clock(self, patch: pytest.MonkeyPatch) -> None:
        """Let the module wait without waiting."""
        for module, name in CLOCKED:
            patch.setattr(module, name, functools.partial(getattr(module, name), clock=self.clock))

    def _patch_network(self, patch: pytest.MonkeyPatch) -> None:
        """Show the proxy the refused connections, which it cannot see, and have time-outs take no time."""
        self.patience.install(patch)
        connect = connection.create_connection

        def create_connection(*args: Any, **options: Any) -> Any:
            try:
                return connect(*args, **options)
            except ConnectionRefusedError:
                self._proxy.refused()
                raise

        patch.setattr(connection, "create_connection", create_connection)

    def _patch_service(self, patch: pytest.MonkeyPatch) -> None:
        """Let the service be as quick and as broken as the scenarios want it."""
        # Whether the service takes a stop after one that failed is unknown; here it does, and the job runs.
        real_check = clock_engine.check_stop

        def check_stop(job: Any) -> None:
            job.status = {"job_cancel_fail": "job_running"}.get(job.status, job.status)
            real_check(job)

        patch.setattr(clock_engine, "check_stop", check_stop)
        engine = self.service.jobs.engine
        start = engine.start

        def breaking_start(job: Any, resume: bool, outcome: str, *rest: Any) -> None:
            start(job, resume, "exception_after:1.0" if self._breaks(job) else outcome, *rest)

        patch.setattr(engine, "start", breaking_start)

    def _killing(self, app: Any) -> Any:
        """Return the service's application, which kills the process that is to be killed when its time has come."""

        def handle(environ: dict[str, Any], start_response: Any) -> Any:
            answer = app(environ, start_response)
            if self._doomed:
                self.clock.sleep(1)
                self._doomed.after -= 1
                if not self._doomed.after:
                    os.kill(self._doomed.pid, signal.SIGKILL)
            return answer

        return handle

    def _effects(self, first: int) -> list[Effect]:
        """Return what requests have done from the event of this number on."""
        return [self._effect(event) for event in self.service.journal.events[first:] if event.by == CLIENT]

    def _effect(self, event: Event) -> Effect:
        job = event.before
        if event.operation == "start":
            return Effect("start", event.asked["resume_savepoint"], job.start_time is not None)
        if event.operation == "stop":
            # State that a savepoint has is not lost, nor is that of a version which never ran well.
            return Effect(
                "stop", event.asked["trigger_savepoint"], job.status == "job_running" and not self._breaks(job)
            )
        return Effect(event.operation)

    def _breaks(self, job: Any) -> bool:
        """Whether a job is in the version that fails."""
        return bool(self._broken) and self._broken in (job.fields.get("entrypoint"), job.fields.get("sql_body"))


def _server_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def _for_many_jobs(args: dict[str, Any]) -> dict[str, Any]:
    """Return the options for a fleet of one job."""
    own = {name: value for name, value in args.items() if name in _FLEET_OPTIONS}
    return {**own, "jobs": [{name: value for name, value in args.items() if name not in own}]}


def _of_the_job(result: dict[str, Any]) -> dict[str, Any]:
    (job,) = result.get("jobs") or [{}]
    return {name: value for name, value in job.items() if name not in ("changed", "failed")}
