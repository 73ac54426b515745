# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The level draft: what drafts of the check show when they are made, changed, found and deleted. They never run."""

from __future__ import annotations

import itertools
import json
import unicodedata
from collections.abc import Callable
from typing import Any

from .._api.raw import RawApi
from .._errors import AlreadyExists, ApiError, NotFound
from .._http.answers import is_false
from .._http.retry import is_temporary, is_throttled
from .._model.canonical import memory_megabytes
from .._model.fields import SQL
from .._parallel import read_each
from .facts import (
    Facts,
    NotSeen,
    accepted,
    config_of,
    final_code_of,
    is_unknown_path,
    jobs_of,
    number,
    part,
    reason_of,
)
from .own_jobs import OwnJobs
from .pace import LONGEST_SECONDS, Pace, began, ended
from .reading import form_of_success, found_by_name

_PAGE = 100
_JAR = "obs://otc-dli-check/none.jar"
# What such a job really takes, by the formula of the developer guide.
_ACTUAL_CUS = 3
_DEFINITION = {
    "entrypoint": _JAR,
    "cu_number": 6,
    "manager_cu_number": 1,
    "parallel_number": 2,
    "tm_cus": 1,
    "tm_slot_num": 1,
    "resume_max_num": 5,
}
# With a line break of two characters, a letter with its mark as two, and a blank at the end.
_TEXT = "--one a\r\n--two e\u0301 "
# Two settings, one of which says in which of two updates they were written.
_SETTING = "table.exec.state.ttl"
_AS_LINES, _AS_LIST = ({_SETTING: milliseconds, "table.local-time-zone": "UTC"} for milliseconds in ("60000", "90000"))
_SQL_BODY = (
    "CREATE TABLE numbers (n INT) WITH ('connector' = 'datagen');\n"
    "CREATE TABLE nowhere (n INT) WITH ('connector' = 'blackhole');\n"
    "INSERT INTO nowhere SELECT n FROM numbers;\n"
)
_SQL_TYPE = "flink_opensource_sql_job"
_MEMORY = {"jobmanager_resource_spec": "3072 MB", "taskmanager_resource_spec": "4 GB"}
_TAG_KEYS = ("otc-dli-check", "otc-dli-check-2")
# Until it is measured how long a write takes to show.
_SETTLING_SECONDS = 15.0
_MARGIN_SECONDS = 0.5
_NEITHER = "neither job of a batch was deleted, though only one of them was gone"
# In how many ticks in a row every read shows what was written.
_FRESH_TICKS = 2


def draft_stage(own: OwnJobs, api: RawApi, facts: Facts, pace: Pace, obs_dir: str, width: int) -> None:
    """Make drafts and change them.

    :param obs_dir: a folder of OBS to export two of them into; "" for none.
    :param width: how many requests are sent concurrently, to see how many the service takes.
    """
    tags = [{"key": key, "value": own.name(key[-1])} for key in _TAG_KEYS]
    facts.note("created", own.create, "jar", tags=tags, **_DEFINITION)
    facts.note("job_id", lambda: facts["created"][0])
    pace.settling = _SETTLING_SECONDS
    facts.note("lag_reads", lambda: _lag_reads(own, api, pace, facts["job_id"]))
    facts.note("lags", lambda: {kind: lag_of(facts["lag_reads"], kind) for kind in ("list", "detail")})
    if facts.has("lags"):
        longest = max((sum(lag) for lag in facts["lags"].values() if lag is not None), default=0.0)
        pace.settling = longest + _MARGIN_SECONDS if longest else 0.0
        if None in facts["lags"].values():
            # A list that shows no jobs still counts them, and nobody knows how late.
            pace.settling = max(pace.settling, _SETTLING_SECONDS)
    pace.settle()

    def detail():
        return part(api.read_raw(f"/jobs/{facts['job_id']}"), "job_detail")

    notes: list[str] = []

    def changed(**fields):
        """Update the draft; return its detail, which has to show that the update had an effect."""
        notes.append(f"({len(notes)})")
        own.update(facts["job_id"], notes[-1], **fields)
        pace.settle()
        changed_detail = detail()
        # Either is enough: a text may read otherwise than it was written, which is one of the questions.
        args_show = changed_detail.get("entrypoint_args") == fields["entrypoint_args"]
        if not args_show and not str(changed_detail.get("desc")).endswith(notes[-1]):
            raise NotSeen("an update was accepted, but does not show")
        return changed_detail

    facts.note("own_detail", detail)
    facts.note("kept", changed, entrypoint_args="kept")
    facts.note("cleared", lambda: facts["kept"] and changed(entrypoint_args=""))
    facts.note("texts", changed, entrypoint_args=_TEXT)
    lines = "\n".join(f"{key}={_AS_LINES[key]}" for key in _AS_LINES)
    facts.note("config_lines", changed, entrypoint_args="lines", runtime_config=lines)
    if "config_lines" in facts.failures:
        # Whether the service takes no lines shall not rest on one response.
        facts.note("config_lines", changed, entrypoint_args="lines", runtime_config=lines)
    settings = [{"key": key, "value": value} for key, value in _AS_LIST.items()]
    facts.note("config_list", changed, entrypoint_args="list", runtime_config=json.dumps(settings))
    facts.note("with_image", lambda: _with_image(own, api, changed))

    sql = {"sql_body": _SQL_BODY, "job_type": _SQL_TYPE, "run_mode": "exclusive_cluster"}
    v2 = {"entrypoint": _JAR, "resource_config_version": "v2", "resource_config": _v2()}
    facts.note("sql_id", lambda: own.create("sql", SQL, **sql)[0])
    facts.note("v2_id", lambda: own.create("v2", **v2)[0])
    facts.note("last_id", lambda: own.create("last", entrypoint=_JAR)[0])
    pace.settle()
    facts.note("sql_detail", lambda: part(api.read_raw(f"/jobs/{facts['sql_id']}"), "job_detail"))
    facts.note("v2_detail", lambda: part(api.read_raw(f"/jobs/{facts['v2_id']}"), "job_detail"))
    facts.note("last_detail", lambda: part(api.read_raw(f"/jobs/{facts['last_id']}"), "job_detail"))
    facts.note("own_page", api.read_raw, "/jobs", show_detail="true", limit=_PAGE)
    facts.note("own_items", lambda: _items(own, api, ("jar", "sql"), "true"))
    facts.note("own_summary", lambda: _items(own, api, ("jar",), "false"))
    # What a filter does not find shows something only where there is something to find.
    facts.note("is_listed", lambda: facts["job_id"] and _is_listed(own, api))
    facts.note(
        "own_named_nothing",
        lambda: facts["is_listed"] and jobs_of(api.read_raw("/jobs", name=own.name("nothing"), limit=1))[1],
    )
    facts.note("own_named_in_part", lambda: facts["is_listed"] and found_by_name(api.read_raw, own.name("jar")[:-1]))
    facts.note("tagged", lambda: facts["is_listed"] and _tagged(own, api))
    facts.note("own_tags", lambda: _own_tags(api, facts["job_id"]))
    facts.note("burst", lambda: _burst(api, facts["job_id"], width))
    facts.note("throttled_alone", lambda: _throttled_alone(api, facts["job_id"], facts["burst"]))
    facts.note("import_call", lambda: _import_call(own, facts["job_id"]))
    facts.note("template", own.create_template, "template")
    facts.note("second_template", lambda: _second_template(own, facts["template"]))
    facts.note("exported", lambda: _exported(own, facts, obs_dir))


def delete_stage(own: OwnJobs, api: RawApi, facts: Facts, pace: Pace) -> None:
    """Delete the drafts in the ways there are."""
    facts.note("deletion_reads", lambda: _deletion_reads(own, api, pace, facts["last_id"]))
    pace.settle()
    facts.note("deleted_detail", lambda: facts["deletion_reads"] and detail_of_deleted(api.read_raw, facts["last_id"]))
    facts.note("batch_with_refusal", lambda: _batch_with_refusal(own, api, facts, pace))
    facts.note("batch", lambda: own.delete_together([facts["job_id"], facts["sql_id"]]))


def _with_image(own, api, changed):
    """Give the draft a Flink version; return its detail, which may lack it only where the list shows it."""
    detail = changed(entrypoint_args="image", flink_version="1.15", feature="basic")
    if "flink_version" not in config_of(detail):
        job, _is_usable = _in_list(own, api, "jar")
        if not job or not config_of(job).get("flink_version"):
            raise NotSeen("neither the list nor the detail shows a flink_version")
    return detail


def _v2():
    return {name: {"cpu": 1.0, "memory": memory} for name, memory in _MEMORY.items()}


def _items(own, api, suffixes, show_detail):
    """Return jobs of the check as the list has them."""
    items = []
    for suffix in suffixes:
        jobs = jobs_of(api.read_raw("/jobs", name=own.name(suffix), show_detail=show_detail, limit=_PAGE))[0]
        items += [job for job in jobs if job.get("name") == own.name(suffix)]
    if len(items) < len(suffixes):
        raise NotSeen("the list does not show the jobs of the check")
    return items


def _is_listed(own, api):
    """Return that the list counts a draft by its whole name."""
    if not jobs_of(api.read_raw("/jobs", name=own.name("jar"), limit=1))[1]:
        raise NotSeen("the list does not find a draft of the check by its name")
    return True


def _in_list(own, api, suffix):
    """Return a job as the list has it, None when it has not; and whether the list shows any job that it counts."""
    jobs, total = jobs_of(api.read_raw("/jobs", name=own.name(suffix), show_detail="true", limit=_PAGE))
    found = [job for job in jobs if job.get("name") == own.name(suffix)]
    return (found[0] if found else None), bool(jobs) or not total


def _lag_reads(own, api, pace, job_id):
    """Change a draft, and read in list and detail until every read shows it; each kind is read twice in a row."""
    pace.watch(lambda: _is_there(api, job_id), lambda reads: reads[-1][1], LONGEST_SECONDS)
    own.update(job_id, **_DEFINITION, entrypoint_args="lag")

    begin = pace.now()

    def tick():
        in_list = [_in_list(own, api, "jar") for _read in range(2)]
        shown = [job is not None and job.get("entrypoint_args") == "lag" for job, _is_usable in in_list]
        # A list that shows no job at all says nothing of lags.
        is_usable = all(usable for _job, usable in in_list)
        of_list = (pace.now() - begin, shown if is_usable else None)
        details = [shows_update(api.read_raw, job_id) for _read in range(2)]
        return {"list": of_list, "detail": (pace.now() - begin, details)}

    def is_over(reads):
        last = [shown for _since, value in reads[-_FRESH_TICKS:] for _at, shown in value.values() if shown is not None]
        return len(reads) >= _FRESH_TICKS and all(map(all, last))

    return [value for _since, value in pace.watch(tick, is_over, LONGEST_SECONDS)]


def _is_there(api, job_id):
    try:
        api.read_raw(f"/jobs/{job_id}")
    except NotFound:
        return False
    return True


def shows_update(read: Callable[[str], Any], job_id: int) -> bool:
    """Return whether the detail of a draft shows its update by now."""
    try:
        detail = part(read(f"/jobs/{job_id}"), "job_detail")
    except NotFound:
        return False
    if number(part(detail, "job_id")) != job_id:
        raise NotSeen("the detail is of another job")
    return detail.get("entrypoint_args") == "lag"


def _tagged(own, api):
    """Return how many jobs the list counts by tags that no job has, by both of ours, one of them, and a part of one."""
    first, second = _TAG_KEYS
    value, other = own.name(first[-1]), own.name(second[-1])
    asked = {
        "nothing": f"{first}={own.name('nothing')}",
        "both": f"{first}={value},{second}={other}",
        "one": f"{first}={value},{second}={own.name('nothing')}",
        "part": f"{first}={value[:-1]}",
    }
    return {name: jobs_of(api.read_raw("/jobs", tags=tags, limit=1))[1] for name, tags in asked.items()}


def _own_tags(api, job_id):
    """Read the tags of a draft; return whether there is a call for that which the user may use, and the tags."""
    try:
        return "offered", api.get_tags(job_id)
    except ApiError as exc:
        if exc.http_status == 403:
            return "forbidden", {}
        if not is_unknown_path(exc):
            raise
        return "absent", {}


def _burst(api, job_id, width):
    """Send reads concurrently; return of each when it began and ended, in the order of all, and the outcome.

    The outcome is whether it was throttled, and whether the service said for how long.
    """
    order = itertools.count()

    def read(_number):
        begin, outcome = next(order), ""
        try:
            api.read_once(f"/jobs/{job_id}")
        except ApiError as exc:
            if not is_throttled(exc):
                raise
            outcome = "with Retry-After" if exc.retry_after is not None else "without"
        return begin, next(order), outcome

    return read_each(read, list(range(width)), width)


def _throttled_alone(api, job_id, burst):
    """Return whether requests one after the other are throttled too, right after concurrent ones were."""
    if not any(outcome for _begin, _end, outcome in burst):
        return False
    return any(_burst(api, job_id, 1)[0][2] for _request in burst)


def _import_call(own, job_id):
    """Import a savepoint that is not there; return whether there is a call for that."""
    try:
        own.import_savepoint(job_id, "obs://otc-dli-check/none/")
    except ApiError as exc:
        if is_unknown_path(exc):
            return "absent"
        if exc.http_status != 200 and not final_code_of(exc):
            raise
    return "offered"


def _second_template(own, first):
    """Make a template of a name that another one has; return whether it was made."""
    try:
        second = own.create_template("template")
    except AlreadyExists:
        return False
    except ApiError as exc:
        if exc.http_status != 400 or is_temporary(exc):
            raise
        raise NotSeen(f"a second template was rejected for another reason: {reason_of(exc)}") from exc
    if part(second, "template", "template_id") == part(first, "template", "template_id"):
        raise NotSeen("the second template is the first one")
    return True


def _exported(own, facts, obs_dir):
    if not obs_dir:
        raise NotSeen("the option obs_dir names no folder to export into")
    payload = accepted(own.export([facts["job_id"], facts["sql_id"]], obs_dir), "export")
    files = part(payload, "zip_file")
    if not isinstance(files, list) or not files:
        raise NotSeen("the response names no file")
    return len(files)


def _deletion_reads(own, api, pace, job_id):
    """Delete a draft and read until it is gone, in the list, or in the detail if the list shows no jobs.

    Return whether it was the list, and what was read.
    """
    _job, is_usable = _in_list(own, api, "last")
    accepted(own.delete(job_id), "deletion")
    return is_usable, pace.watch(
        lambda: _shows(own, api, is_usable, "last", job_id), lambda reads: not reads[-1][1], LONGEST_SECONDS
    )


def _shows(own, api, in_list, suffix, job_id):
    """Return whether a job shows in every read, in the list or by its detail."""

    def is_there():
        return _in_list(own, api, suffix)[0] is not None if in_list else _is_there(api, job_id)

    # Both replicas, whatever the first one shows.
    first, second = is_there(), is_there()
    return first and second


def detail_of_deleted(read: Callable[[str], Any], job_id: int) -> str:
    """Return the error code for a deleted job, "" when its detail still answers."""
    try:
        part(read(f"/jobs/{job_id}"), "job_detail", "job_id")
    except ApiError as exc:
        if not final_code_of(exc):
            raise
        return final_code_of(exc)
    return ""


def _batch_with_refusal(own, api, facts, pace):
    """Delete a job together with one that is gone.

    Return whether that was an error, the response, and whether the job is still there afterwards.
    """
    in_list, reads = facts["deletion_reads"]
    if reads[-1][1]:
        raise NotSeen("a deletion was accepted, but does not show")
    is_error, payload = _deleted_together(own, facts)
    if is_error:
        # It shall not rest on one response.
        is_error, payload = _deleted_together(own, facts)
    # As long as the deletion before took to show.
    pace.sleep(reads[-1][0])
    pace.settle()
    return is_error, payload, _shows(own, api, in_list, "v2", facts["v2_id"])


def _deleted_together(own, facts):
    """Delete a job together with one that is gone; return whether that was an error, and the response."""
    try:
        return False, own.delete_together([facts["v2_id"], facts["last_id"]])
    except ApiError as exc:
        if exc.http_status != 200 and not final_code_of(exc):
            raise
        # HTTP 200 is an element that stands alone, for what was done and what was not.
        return exc.http_status != 200, [{"is_success": False}]


# Observations: pure functions of what was seen.


def lag_of(reads: list, kind: str) -> tuple[float, float] | None:
    """Return how far the reads of a kind were behind: at least, and how much more at most; None when that is unknown.

    :param reads: for each time that was read, when each kind was read, and whether its two reads were up to date.
    """
    of_kind = [read[kind] for read in reads]
    if any(shown is None for _at, shown in of_kind):
        return None
    first, last = began(of_kind, any), ended(of_kind, lambda shown: not all(shown))
    return first, max(0.0, last - first)


def lag(lags: dict, kind: str) -> float:
    """Return by how much every read of a kind is behind."""
    if lags[kind] is None:
        raise NotSeen("the list shows no jobs")
    return lags[kind][0]


def replica_lag(lags: dict) -> float:
    """Return by how much some reads are further behind than others."""
    return max(lag[1] for lag in lags.values() if lag is not None)


def put_omitted(before: dict, detail: dict) -> str:
    """Return what became of a field that an update has left out.

    :param before: the job's detail before.
    """
    values = [config_of(shown).get("resume_max_num") for shown in (before, detail)]
    kept = [value not in (None, "") and number(value) == _DEFINITION["resume_max_num"] for value in values]
    if not kept[0]:
        raise NotSeen("the draft did not have the field that an update was to leave out")
    return "keep" if kept[1] else "default"


def clearing(detail: dict) -> str:
    """Return what became of a field that an update was to clear."""
    return "empty" if detail.get("entrypoint_args") in (None, "") else "ignored"


def texts_read(detail: dict) -> str:
    """Return how a text reads that has a blank, a line break and a mark that a service may change."""
    text = part(detail, "entrypoint_args")
    forms = {
        "as_written": _TEXT,
        "trimmed": _TEXT.strip(),
        "lf": _TEXT.replace("\r\n", "\n"),
        "nfc": unicodedata.normalize("NFC", _TEXT),
    }
    for name, form in forms.items():
        if text == form:
            return name
    raise NotSeen("the text reads in none of the forms that are known")


def form_of_settings(detail: dict, written: str = "") -> str:
    """Return in which form C(runtime_config) reads.

    :param written: a value that was written, which has to be in it.
    """
    value = config_of(detail).get("runtime_config")
    if written not in json.dumps(value):
        raise NotSeen("an update of runtime_config was accepted, but does not show")
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            if "=" in value:
                return "lines"
    if isinstance(value, (list, dict)) and value:
        return "json_list" if isinstance(value, list) else "json_object"
    raise NotSeen("runtime_config reads in no form that is known")


def runtime_config_reads(facts: Facts) -> str:
    """Return in which form C(runtime_config) reads, by what was written as lines and as a JSON list."""
    as_list = form_of_settings(facts["config_list"], _AS_LIST[_SETTING])
    failure = facts.failures.get("config_lines")
    if not facts.has("config_lines") and isinstance(failure, ApiError) and final_code_of(failure):
        # A service that takes a list alone has but one form.
        return as_list
    as_lines = form_of_settings(facts["config_lines"], _AS_LINES[_SETTING])
    if as_lines == as_list:
        return as_list
    if (as_lines, as_list) == ("lines", "json_list"):
        return "as_written"
    raise NotSeen("the form differs from one value to the next")


def cu_number_reads(detail: dict) -> str:
    """Return whether C(cu_number) reads as requested."""
    config = config_of(detail)
    cus, real = number(config.get("cu_number")), number(config.get("real_cu_number") or 0)
    if cus == _DEFINITION["cu_number"]:
        return "requested"
    if cus != _ACTUAL_CUS or real not in (0, cus):
        raise NotSeen("cu_number is neither what was requested nor what the job takes")
    return "actual" if real else "actual_unmarked"


def memory_reads(detail: dict) -> str:
    """Return in which unit memory reads."""
    resources = part(config_of(detail), "resource_config")
    read = [part(resources, name, "memory") for name in _MEMORY]
    if not all(isinstance(memory, str) for memory in read):
        raise NotSeen("memory is no string")
    if [memory_megabytes(memory) for memory in read] != [memory_megabytes(memory) for memory in _MEMORY.values()]:
        raise NotSeen("memory is not as much as was written")
    units = ["mb" if memory.strip().lower().rstrip("b").endswith("m") else "gb" for memory in read]
    return "as_written" if units == ["mb", "gb"] else units[0]


def sql_body_reads(detail: dict) -> str:
    """Return how the text of a SQL job reads."""
    forms = {"as_written": _SQL_BODY, "trimmed": _SQL_BODY.strip(), "crlf": _SQL_BODY.replace("\n", "\r\n")}
    for name, form in forms.items():
        if part(detail, "sql_body") == form:
            return name
    raise NotSeen("the text reads in none of the forms that are known")


def sql_job_type_reads(detail: dict) -> str:
    """Return which type a SQL job shows."""
    return "as_written" if part(detail, "job_type") == _SQL_TYPE else str(part(detail, "job_type"))[:40]


def tags_filter(found: dict[str, int], tags: dict[str, str]) -> str:
    """Return what the list's filter by tags finds.

    :param tags: those that the draft shows.
    """
    if found["nothing"]:
        return "ignored"
    if not found["both"]:
        if not tags.keys() >= {*_TAG_KEYS}:
            raise NotSeen("the list finds no draft by its tags, but it does not show either that the draft has them")
        return "none"
    return "any" if found["one"] else "prefix" if found["part"] else "match"


def tags_filter_of(facts: Facts) -> str:
    """Return what the list's filter by tags finds, by what the draft shows of its tags, if anything."""
    return tags_filter(facts["tagged"], facts["own_tags"][1] if facts.has("own_tags") else {})


def max_in_flight(burst: list[tuple[int, int, str]], throttled_alone: bool = False) -> str:
    """Return how many requests may be in flight at most.

    When a request was throttled, no more than those could be in flight that were accepted and seen from here overlap
    it. Some of them may have been on their way only, so that the limit may be lower.

    :param throttled_alone: whether requests one after the other were throttled as well.
    """
    if throttled_alone:
        raise NotSeen("requests one after the other were throttled as well: the limit is not of those in flight")
    accepted = [(begin, end) for begin, end, outcome in burst if not outcome]
    bounds = [
        max(sum(first <= moment <= last for first, last in accepted) for moment in range(begin, end + 1))
        for begin, end, _outcome in _throttled(burst)
    ]
    if not min(bounds):
        raise NotSeen("requests were throttled while no other one of the check was in flight")
    return f"at most {min(bounds)}"


def throttle_retry_after(burst: list[tuple[int, int, str]]) -> bool:
    """Return whether a throttled request comes with Retry-After."""
    return any(outcome == "with Retry-After" for _begin, _end, outcome in _throttled(burst))


def _throttled(burst):
    throttled = [request for request in burst if request[2]]
    if not throttled:
        raise NotSeen(f"{len(burst)} concurrent requests were all accepted")
    return throttled


def delete_seconds(outcome: tuple[bool, list], lags: dict) -> float:
    """Return how long a deleted job stays in the list, without how far the list is behind."""
    in_list, reads = outcome
    gone = began(reads, lambda is_there: not is_there)
    return max(0.0, gone - (lags["list" if in_list else "detail"] or (0.0, 0.0))[0])


def delete_keeps_record(code: str, outcome: tuple[bool, list], unknown_code: str) -> bool:
    """Return whether the detail of a deleted job still answers.

    :param code: the error code of that detail, "" when there is none.
    :param outcome: where the deletion was to show, and what was read there.
    :param unknown_code: the error code for a job that never was.
    """
    if code not in ("", unknown_code):
        raise NotSeen("the detail of a deleted job is rejected in another way than that of none")
    if not code and outcome[1][-1][1]:
        raise NotSeen("a deletion was accepted, but does not show")
    return not code


def batch_refusal(outcome: tuple[bool, Any, bool], both: Any) -> str:
    """Return whether one rejected job of a batch has the whole request rejected.

    :param outcome: of a batch with a job that is gone: whether it was an error, the response, and whether the other job
        is still there.
    :param both: the response to a batch whose jobs are both there.
    """
    is_error, payload, is_there = outcome
    if not is_error and not any(is_false(part(element, "is_success")) for element in _elements(payload)):
        raise NotSeen("a job that was gone was deleted again without an error")
    if is_error != is_there:
        raise NotSeen("a batch was rejected as a whole, but a job of it was deleted" if is_error else _NEITHER)
    if is_error:
        accepted(both, "deletion of two jobs that are there")
    return "whole" if is_error else "per_job"


def batch_answers(payload: Any) -> str:
    """Return whether a batch of two jobs has an element for each."""
    form_of_success(accepted(_elements(payload), "deletion of two jobs"))
    if isinstance(payload, dict):
        return "object"
    return "full" if len(payload) > 1 else "short"


def is_success(facts: Facts) -> str:
    """Return in which form C(is_success) comes, of jobs and of templates."""
    forms = form_of_success(job_payloads(facts)), form_of_success([facts["template"]])
    if forms == ("boolean", "string"):
        raise NotSeen("jobs and templates have it in other forms than are known")
    return forms[0] if forms[0] == forms[1] else "by_call"


def v1_resources_read(detail: dict) -> str:
    """Return whether a job without resources of its own shows those of the service."""
    config = config_of(detail)
    if config.get("resource_config_version") not in (None, "", "v1"):
        raise NotSeen("the draft is not under v1")
    return "defaults" if config.get("resource_config") else "unset"


def jar_checkpoint_interval(detail: dict) -> str:
    """Return the interval of the checkpoints of a job that gives none."""
    return str(number(config_of(detail).get("checkpoint_interval")))


def tm_slot_num_reads(detail: dict, given: dict) -> str:
    """Return how the slots of a job that gives none read.

    :param given: the detail of a job that gives them.
    """
    if number(config_of(given).get("tm_slot_num")) != _DEFINITION["tm_slot_num"]:
        raise NotSeen("tm_slot_num does not read as it was given")
    value = config_of(detail).get("tm_slot_num")
    if value in (None, ""):
        return "as_written"
    return "computed" if number(value) else "zero"


def job_payloads(facts: Facts) -> list:
    """Return the responses to writes of jobs, as far as there are any."""
    found = [facts["created"][1]] if facts.has("created") else []
    return found + (_elements(facts["batch"]) if facts.has("batch") else [])


def _elements(payload):
    if isinstance(payload, dict):
        return [payload]
    if not isinstance(payload, list) or not payload:
        raise NotSeen("the response is no list of results")
    return payload
