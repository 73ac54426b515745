# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The check of the service: its options, what it would do, and what it does. See docs/check-service.md."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass

from .._api.raw import RawApi
from .._errors import InvalidInput
from .._model.fleet import check_concurrency
from .facts import Facts, NotSeen
from .lifecycle import CUS, run_stage
from .own_jobs import NAME_PREFIX, OwnJobs
from .pace import Pace
from .questions import LEVELS, QUESTIONS
from .reading import read_stage
from .report import markdown_of, region_of, report_of, summary_of
from .writing import delete_stage, draft_stage

# The fields of the job that the level run makes; the others have the smallest size.
_OF_THE_JOB = ("queue_name", "entrypoint", "main_class", "flink_version", "execution_agency_urn", "obs_bucket")
_NEEDED = ("queue_name", "entrypoint")
_ENDING = (signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Check:
    """What a task wants to know.

    :param level: how far the check may go.
    :param definition: the fields of the job that it runs.
    :param obs_dir: the folder of OBS that it exports drafts into, "" for none.
    :param width: how many requests it sends concurrently to see how many the service takes.
    :param timeout: seconds that it waits at most for a job to start or to stop.
    :param region: the region as the task or its environment names it.
    """

    level: str
    definition: dict
    obs_dir: str
    width: int
    timeout: float
    region: str


def check_options() -> dict:
    """Return the part of the argument spec about the check."""
    return {
        "level": {"type": "str", "choices": list(LEVELS), "default": LEVELS[0]},
        **{name: {"type": "str"} for name in (*_OF_THE_JOB, "entrypoint_args", "obs_dir")},
        "secret_entrypoint_args": {"type": "str", "no_log": True},
        "wait_timeout": {"type": "float", "default": 900.0},
        "concurrency": {"type": "int", "default": 16},
    }


def check_from_params(params: dict) -> Check:
    """Return what a task wants to know.

    :raises InvalidInput: an option breaks a rule.
    """
    level = params["level"]
    missing = [name for name in _NEEDED if not params[name]]
    if level == "run" and missing:
        raise InvalidInput(f"The level run needs {' and '.join(missing)}: the queue and the JAR to run a job with.")
    check_concurrency(params)
    given = [params[name] for name in ("entrypoint_args", "secret_entrypoint_args") if params[name]]
    definition = {name: params[name] for name in _OF_THE_JOB if params[name]}
    region = params["region"] or os.environ.get("OS_REGION_NAME", "")
    return Check(
        level,
        {**definition, **({"entrypoint_args": " ".join(given)} if given else {})},
        params["obs_dir"] or "",
        params["concurrency"],
        params["wait_timeout"],
        region,
    )


def plan_of(check: Check) -> list[str]:
    """Return sentences about what a check sends, makes and uses."""
    plan = ["Reads lists and details, of jobs that are there and of some that are not: at most 20 requests."]
    if check.level == "read":
        return [*plan, "Changes nothing."]
    plan += [
        f"Deletes what an interrupted check has left: jobs and templates named {NAME_PREFIX}… whose description says "
        "that they are of a check. To find them takes a request for each 100 jobs.",
        f"Makes four drafts, three JAR jobs and a SQL job, and one or two templates, named {NAME_PREFIX}…; changes one "
        "of the drafts, and deletes all of them. Drafts never run and cost nothing.",
        f"Sends a burst of {check.width} concurrent reads, to see whether the service throttles them.",
    ]
    if check.obs_dir:
        plan.append("Exports two of the drafts into obs_dir. The files, a few kilobytes, stay there.")
    if check.level == "run":
        plan += [
            "Starts a draft that has no queue, to see how that is rejected.",
            f"Makes one job more, of {CUS} CUs, starts it twice, and stops it with a savepoint and without one. It "
            f"uses these CUs for some minutes: for no start and no stop does it wait longer than "
            f"{check.timeout / 60:g} minutes.",
            "What this job writes stays: its output, its savepoint and its checkpoints.",
        ]
    return plan


def check_service(api: RawApi, check: Check, run) -> dict:
    """Check the service; in check mode return what that would be.

    :param run: how to do it, as C(Run).
    """
    if not run.apply:
        reached = LEVELS[: LEVELS.index(check.level) + 1]
        questions = [
            {"name": question.name, "question": question.asks, "level": way.level, "request": way.request}
            for question in QUESTIONS
            for way in question.ways[:1]
            if way.level in reached
        ]
        return {"changed": check.level != LEVELS[0], "plan": plan_of(check), "questions": questions}
    pace = Pace(run.waiting.clock, check.timeout)
    own, facts = OwnJobs(api, pace.sleep), Facts()
    problems: list[str] = []
    with _ended_by_signals():
        try:
            _ask(api, check, own, facts, pace, problems)
        finally:
            problems += own.clean_up()
    report = report_of(
        facts,
        check.level,
        time.strftime("%Y-%m-%d", time.gmtime()),
        region_of(api.endpoint, check.region),
        api.requests,
    )
    return {
        "changed": bool(own.made),
        "plan": plan_of(check),
        "report": report,
        "markdown": markdown_of(report, problems),
        "deleted_leftovers": facts["deleted_leftovers"] if facts.has("deleted_leftovers") else 0,
        "summary": summary_of(report),
        "warnings": problems,
    }


@contextmanager
def _ended_by_signals():
    """Let a signal that would end the process at once end the check, so that it deletes what it has made.

    A second one has no effect: it would end the clean-up, and leave a job that runs and costs.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number, _frame):
        for each in _ENDING:
            signal.signal(each, signal.SIG_IGN)
        raise SystemExit(128 + number)

    usual = {each: signal.getsignal(each) for each in _ENDING}
    try:
        for each, handler in usual.items():
            # One that is ignored stays so, as nohup wants it.
            if handler == signal.SIG_DFL:
                signal.signal(each, end)
        yield
    finally:
        for each, handler in usual.items():
            signal.signal(each, handler)


def _ask(api, check, own, facts, pace, problems):
    """Go through the stages of a level."""
    read_stage(api, facts, pace)
    if not facts["seconds"] and "page" in facts.failures:
        # Nobody responds, or the credentials are not accepted.
        raise facts.failures["page"]
    if check.level == "read":
        return
    facts.note("leftovers", own.adopt_leftovers)
    problems += own.clean_up()
    facts.keep("deleted_leftovers", own.discarded)
    try:
        if facts["leftovers"]:
            own.made.append("deletions")
    except NotSeen as exc:
        problems.append(f"What earlier checks may have left was not searched for: {exc}.")
    draft_stage(own, api, facts, pace, check.obs_dir, check.width)
    if check.level == "run":
        run_stage(own, api, facts, pace, check.definition)
    delete_stage(own, api, facts, pace)
