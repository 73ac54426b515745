# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The level run: a job of the check is started, stopped with a savepoint, changed, and resumed from it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from .._api.raw import RawApi
from .._errors import ApiError, NotFound
from .._model.status import DRAFT, FINISHED, RUNNING, SAVEPOINTING, STOP_FAILED, STOPPED, STOPPING
from .facts import Facts, NotSeen, accepted, final_code_of, is_refused, one_of, part
from .own_jobs import OwnJobs
from .pace import Pace, began, ended

# The smallest job there is.
CUS = 2
_SIZE: dict[str, Any] = {"cu_number": CUS, "manager_cu_number": 1, "parallel_number": 1, "tm_cus": 1, "tm_slot_num": 1}
_STARTING = ("job_submitting", "job_downloading")
_ENDED = (STOPPED, DRAFT, FINISHED)
# How long something that was accepted may take to begin, and what comes late may come late.
_GRACE_SECONDS = 15.0
_LATE_SECONDS = 60.0


def run_stage(own: OwnJobs, api: RawApi, facts: Facts, pace: Pace, definition: dict) -> None:
    """Run a job, and see how it goes.

    :param definition: the fields that the task gives for it.
    """
    facts.note("start_refusal", lambda: _start_refusal(own, facts["job_id"]))
    facts.note("run_id", lambda: own.create("run", **_SIZE, **definition)[0])
    pace.settle()

    def watch(is_over, seconds):
        return pace.watch(lambda: _shown(api, facts["run_id"]), lambda reads: is_over(reads, pace.settling), seconds)

    def start(resume):
        accepted(own.run(facts["run_id"], resume), "start")
        return watch(_has_started, pace.timeout)

    def stop(save):
        accepted(own.stop(facts["run_id"], save), "stop")
        return watch(_has_stopped if save else _has_ended, pace.timeout)

    facts.note("start_reads", start, False)
    facts.note("started", lambda: _started(facts["start_reads"]))
    facts.note("plan", lambda: facts["started"] and api.read_raw(f"/jobs/{facts['run_id']}/execute-graph"))
    facts.note("stop_reads", lambda: facts["started"] and _stopped(facts, pace, stop, watch))
    facts.note("savepoint_seen", lambda: savepoint(facts["stop_reads"], facts["start_reads"]))
    facts.note(
        "savepoint_path", lambda: _needs(facts["savepoint_seen"] == "made") and _path_of_savepoint(api, facts, pace)
    )
    facts.note("plain_stop_reads", lambda: _needs(facts["savepoint_seen"] == "fails") and stop(False))
    facts.note("resume_reads", lambda: _resumed(own, api, facts, pace, definition, start, watch))
    facts.note("savepoint_response", lambda: _saved_by_call(own, facts, definition, watch))
    facts.note("last_stop_reads", lambda: facts["resume_reads"] and stop(False))


def _needs(condition):
    if not condition:
        raise NotSeen("there was no need for it")
    return True


def _shown(api, job_id):
    """Return the status and whether there is a savepoint, by two reads in a row."""
    details = [part(api.read_raw(f"/jobs/{job_id}"), "job_detail") for _read in range(2)]
    return [(part(detail, "status"), str(detail.get("has_savepoint")).lower() == "true") for detail in details]


def _path_of_savepoint(api, facts, pace):
    """Return where the savepoint of the stopped job is."""
    pace.settle()
    return part(api.read_raw(f"/jobs/{facts['run_id']}"), "job_detail", "savepoint_path")


def _start_refusal(own, job_id):
    """Start a job without a queue; return in which form that is refused, each time."""
    return one_of([_refusal_of_start(own, job_id) for _time in range(2)], "the refusal of a start")


def _refusal_of_start(own, job_id):
    try:
        payload = own.run(job_id)
    except ApiError as exc:
        if exc.http_status == 200:
            # An element that stands alone.
            return "element"
        if not final_code_of(exc) or isinstance(exc, NotFound):
            raise
        return "error_array" if exc.in_array else "error"
    if is_refused(payload):
        return "element"
    own.stop(job_id, save=False)
    raise NotSeen("a job without a queue was started; it was stopped at once")


def _started(reads):
    statuses = [status for status, _saved in reads[-1][1]]
    if RUNNING not in statuses:
        known = statuses[0] if isinstance(statuses[0], str) and statuses[0].startswith("job_") else "no known status"
        raise NotSeen(f"the job did not reach job_running, but {known}")
    return True


def _stopped(facts, pace, stop, watch):
    """Stop the job with a savepoint; return the reads until its savepoint shows, or until it is late."""
    pace.settle()
    reads = stop(True)
    if savepoint_shows(reads) or not _ended_in(reads):
        return reads
    late = watch(lambda more, _settling: savepoint_shows(more), _LATE_SECONDS + pace.settling)
    begin = reads[-1][0]
    return reads + [(begin + since, value) for since, value in late]


def _resumed(own, api, facts, pace, definition, start, watch):
    """Change the stopped job and resume it; return what is read once it runs."""
    if facts["savepoint_seen"] != "made":
        raise NotSeen("there is no savepoint to resume from")
    own.update(facts["run_id"], **_SIZE, **definition, restart_when_exception=True)
    pace.settle()
    if not any(saved for _status, saved in _shown(api, facts["run_id"])):
        raise NotSeen("the savepoint was gone before the job was started again")
    _started(start(True))
    pace.settle()
    return watch(lambda reads, _settling: not savepoint_shows(reads[-1:]), _GRACE_SECONDS)


def _saved_by_call(own, facts, definition, watch):
    """Make a savepoint of the job that runs again, and let it run on; return the response."""
    if not definition.get("obs_bucket"):
        raise NotSeen("the option obs_bucket names no bucket for a savepoint")
    path = f"{definition['obs_bucket']}/jobs/savepoint/{facts['resume_reads'] and facts['run_id']}"
    payload = accepted(own.trigger_savepoint(facts["run_id"], path), "request for a savepoint")
    watch(lambda reads, _settling: _runs(reads[-1][1]), _LATE_SECONDS)
    return payload


def _has_started(reads, _settling):
    statuses = [status for status, _saved in reads[-1][1]]
    failed = [status for status in statuses if status not in (DRAFT, RUNNING, STOPPED, *_STARTING)]
    return RUNNING in statuses or bool(failed)


def _has_ended(reads, _settling):
    return all(status in (*_ENDED, STOP_FAILED) for status, _saved in reads[-1][1])


def _has_stopped(reads, settling):
    """Whether a stop with a savepoint is over; it may end with a job that runs on."""
    if _has_ended(reads, settling):
        return True
    last_moving = max((since for since, value in reads if not _runs(value)), default=0.0)
    return _runs(reads[-1][1]) and reads[-1][0] - last_moving > _GRACE_SECONDS + settling


def _runs(value):
    return all(status == RUNNING for status, _saved in value)


def _ended_in(reads):
    return all(status in _ENDED for status, _saved in reads[-1][1])


def savepoint_shows(reads: Sequence) -> bool:
    """Whether a savepoint shows in any of the reads."""
    return any(saved for _since, value in reads for _status, saved in value)


def _any(*statuses):
    return lambda value: any(status in statuses for status, _saved in value)


# Observations: pure functions of what was seen.


def run_refusal(facts: Facts) -> str:
    """Return in which form a start without a queue is rejected, where one with a queue is not."""
    refusal = facts["start_refusal"]
    if not facts.has("start_reads"):
        raise NotSeen("a start with a queue was not accepted either")
    return refusal


def savepoint_of(facts: Facts) -> str:
    """Return how a stop with a savepoint has ended, where it shows that it was such a stop that did it."""
    outcome = facts["savepoint_seen"]
    reads = facts["stop_reads"]
    if outcome == "fails" and not any(_any(SAVEPOINTING)(value) for _since, value in reads):
        # A stop that is accepted and then forgotten leaves the job like this too.
        if not _ended_in(facts["plain_stop_reads"]):
            raise NotSeen("no stop had an effect")
    return outcome


def savepoint(reads: list, before: Sequence = ()) -> str:
    """Return how a stop with a savepoint has ended.

    :param before: what was read before the stop.
    """
    if savepoint_shows(before):
        raise NotSeen("a savepoint showed before any was made")
    if savepoint_shows(reads):
        return "made"
    if _runs(reads[-1][1]):
        return "fails"
    if _any(FINISHED)(reads[-1][1]):
        raise NotSeen("the job has ended by itself")
    if _ended_in(reads):
        return "never_shown"
    raise NotSeen("the job was neither stopped nor running in time")


def savepoint_outcome(payload: Any) -> str:
    """Return whether the outcome of a request for a savepoint is inside of its message."""
    try:
        inner = json.loads(part(payload, "message"))
    except (TypeError, ValueError):
        return "plain"
    return "nested" if isinstance(inner, dict) and "is_success" in inner else "plain"


def execution_plan(payload: Any) -> str:
    """Return whether an execution plan has the parts of the job."""
    graph = part(payload, "execute_graph")
    if not isinstance(graph, dict):
        raise NotSeen("execute_graph is no object")
    return "full" if "vertices" in graph else "short"


def init_seconds(reads: list, detail_lag: float) -> float:
    """Return how long a started job shows that it is a draft."""
    left = began(reads, lambda value: any(status not in (DRAFT, STOPPED) for status, _saved in value))
    return max(0.0, left - detail_lag)


def submit_seconds(reads: list) -> float:
    """Return how long a job is being submitted."""
    left = began(reads, lambda value: any(status not in (DRAFT, STOPPED) for status, _saved in value))
    return began(reads, _any(RUNNING)) - left


def savepoint_seconds(reads: list, replica_lag: float) -> float:
    """Return how long a job is in job_savepointing."""
    outcome = savepoint(reads)
    if not any(_any(SAVEPOINTING)(value) for _since, value in reads):
        return 0.0
    if outcome == "fails":
        if replica_lag:
            raise NotSeen("reads go back in time, so it does not show when the job ran again")
        return ended(reads, _any(SAVEPOINTING)) - began(reads, _any(SAVEPOINTING))
    return began(reads, _any(STOPPING, *_ENDED)) - began(reads, _any(SAVEPOINTING))


def cancel_seconds(reads: list) -> float:
    """Return how long a job is in job_canceling."""
    if _any(FINISHED)(reads[-1][1]) and not savepoint_shows(reads):
        raise NotSeen("the job has ended by itself")
    over = began(reads, _any(*_ENDED))
    return over - min(over, began(reads, _any(STOPPING, *_ENDED)))


def savepoint_folders(path: Any) -> str:
    """Return whether a savepoint lies in a folder that is named by its time in milliseconds, or in one below that."""
    if not isinstance(path, str) or not path.strip("/"):
        raise NotSeen("the service does not show where the savepoint is")
    above, _slash, last = path.rstrip("/").rpartition("/")
    if re.fullmatch("[0-9]{13}", last):
        return "dated"
    return "nested" if re.search("/[0-9]{13}$", above) else "fixed"


def stop_ends(reads: list) -> str:
    """Return the status in which a stopped job is."""
    status = reads[-1][1][0][0]
    if status not in (STOPPED, DRAFT):
        raise NotSeen("the job has ended in another way")
    return status


def savepoint_late_seconds(reads: list) -> float:
    """Return how long after the end of a stop its savepoint shows."""
    if savepoint(reads) != "made":
        raise NotSeen("no savepoint shows")
    shown = began(reads, lambda value: any(saved for _status, saved in value))
    return max(0.0, shown - began(reads, _any(*_ENDED)))


def savepoint_after_restart(reads: list) -> str:
    """Return whether a job that runs again still has the savepoint that it was resumed from."""
    return "kept" if savepoint_shows(reads[-1:]) else "deleted"


def reads_of_stop(facts: Facts) -> Any:
    """Return the reads of the stop that has ended the job."""
    return facts["plain_stop_reads"] if facts.has("plain_stop_reads") else facts["stop_reads"]
