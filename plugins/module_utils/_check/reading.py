# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The level read: what the user's own jobs show, by a few requests that only read.

Below the requests are the pure functions that make an observation of their responses. They serve the drafts of the
check as well.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from .._api.raw import RawApi
from .._errors import ApiError, RequestError, UnexpectedResponse
from .._model.responses import check_job, is_whole_number
from .facts import Facts, NotSeen, config_of, final_code_of, jobs_of, one_of, part
from .pace import Pace

_PAGE = 100
_MOST_DETAILS = 4
_JAR_JOB = "flink_jar_job"
# No job has such a name or tag.
_UNLIKELY = "otc-dli-check-of-nothing"
# So far beyond the newest job no other is made meanwhile.
_BEYOND = 1_000_000
_LONGEST_NAME = 255
_LONGEST_ID = 19
# Of a list without details: what the reference's table has and its example lacks. Each job has these.
_ONLY_IN_TABLE = ("start_time", "restart_times")
_RESOURCES = "resource_config_version"
# Strings of every JAR job that most jobs leave unset.
_OFTEN_UNSET = ("smn_topic", "obs_bucket", "execution_agency_urn")
_MODE_NAMES = ("exactly_once", "at_least_once")


def read_stage(api: RawApi, facts: Facts, pace: Pace) -> None:
    """Ask all that can be asked without changing anything."""
    seconds: list[float] = []

    def read(path, **query):
        begin = pace.now()
        payload = api.read_raw(path, **query)
        seconds.append(pace.now() - begin)
        return payload

    facts.keep("catalog_url", api.catalog_url)
    facts.note("page", read, "/jobs", show_detail="true", limit=_PAGE)
    facts.note("jobs", lambda: _all_jobs(read, facts["page"]))
    facts.note("summary", read, "/jobs", show_detail="false", limit=10)
    facts.note("usable", lambda: [job for job in facts["jobs"] if _is_usable(job)])
    facts.note("unknown_code", lambda: _code_of_unknown(read, facts["page"]))
    facts.note("message", lambda: _message(api, facts["page"]))
    facts.note("named_nothing", lambda: jobs_of(read("/jobs", name=_UNLIKELY, limit=1))[1])
    facts.note("named_in_part", lambda: found_in_part(read, facts["usable"]))
    facts.note("tagged_nothing", lambda: jobs_of(read("/jobs", tags=f"{_UNLIKELY}=0", limit=1))[1])
    facts.note("refused_details", lambda: _refused_details(read, facts["jobs"]))
    facts.note("image_detail", lambda: _detail_with_image(read, facts["usable"]))
    facts.keep("seconds", seconds)


def _all_jobs(read, page):
    """Return the newest jobs and, where there are more than a page, the oldest."""
    jobs, total = jobs_of(page)
    if total > len(jobs):
        jobs = jobs + jobs_of(read("/jobs", show_detail="true", limit=_PAGE, order="asc"))[0]
    return list({repr(job.get("job_id")): job for job in jobs}.values())


def _is_usable(job):
    """Whether a job is like most: what an odd one has says nothing about the others."""
    try:
        check_job(job, "")
    except UnexpectedResponse:
        return False
    return isinstance(job.get("job_config"), dict) and bool(job.get("status"))


def _code_of_unknown(read, page):
    return unknown_code(read, _unknown_id(page))


def _message(api, page):
    """Return code and words for a job that is not there, of a request that does not ask for English."""
    try:
        api.read_in_any_language(f"/jobs/{_unknown_id(page)}")
    except ApiError as exc:
        # Only what the service says of jobs is of interest, not what a gateway says of requests.
        if not final_code_of(exc):
            raise
        return final_code_of(exc), exc.api_message
    raise NotSeen("the service shows a job that cannot be there")


def _unknown_id(page):
    ids = [int(job["job_id"]) for job in jobs_of(page)[0] if is_whole_number(job.get("job_id"))]
    # An id of 19 digits is odd, and nothing can be added to it.
    return max([job_id for job_id in ids if job_id < 10**15], default=0) + _BEYOND


def unknown_code(read, job_id: int) -> str:
    """Return the error code for a job that is not there."""
    try:
        read(f"/jobs/{job_id}")
    except ApiError as exc:
        if not final_code_of(exc):
            raise
        return final_code_of(exc)
    raise NotSeen("the service shows a job that cannot be there")


def found_in_part(read, jobs):
    """Return a part of a job's name, and the names that the list finds by it."""
    for job in jobs:
        name = job.get("name") or ""
        if len(name) > 1:
            if not found_by_name(read, name)[2]:
                raise NotSeen("the list does not find a job by its whole name")
            return found_by_name(read, name[:-1])
    raise NotSeen("there is no job of which a part of the name could be asked for")


def found_by_name(read, name: str) -> tuple[str, list, int]:
    """Return a name, the names that the list finds by it, and how many it counts."""
    jobs, total = jobs_of(read("/jobs", name=name, limit=_PAGE))
    return name, [job.get("name") for job in jobs], total


def _refused_details(read, jobs):
    """Return how many jobs of the list have a detail that is refused, and how many one that is not.

    One for each user is asked for.
    """
    by_user = {str(job.get("user_id")): job for job in jobs if is_whole_number(job.get("job_id"))}
    refused = shown = 0
    for job in list(by_user.values())[:_MOST_DETAILS]:
        try:
            read(f"/jobs/{int(job['job_id'])}")
            shown += 1
        except ApiError as exc:
            refused += exc.http_status == 403
        except RequestError:
            continue
    return refused, shown


def _detail_with_image(read, jobs):
    for job in jobs:
        if config_of(job).get("flink_version") and job.get("job_type") == _JAR_JOB:
            return part(read(f"/jobs/{int(job['job_id'])}"), "job_detail")
    raise NotSeen("the list shows no JAR job with a flink_version")


# Observations: pure functions of responses.


def catalog(url: str | None) -> str:
    """Return whether the catalog of IAM names the service."""
    if url is None:
        raise NotSeen("there was no login: only one by a password brings a catalog")
    return "with_dli" if url else "without_dli"


def catalog_url(url: str | None) -> str:
    """Return whether the URL in the catalog has a path."""
    if catalog(url) == "without_dli":
        raise NotSeen("the catalog does not name the service")
    return "versioned" if urlsplit(url or "").path.strip("/") else "bare"


def form_of_success(payloads: list) -> str:
    """Return in which form C(is_success) comes."""
    values = [payload["is_success"] for payload in payloads if isinstance(payload, dict) and "is_success" in payload]
    if not all(str(value).strip().lower() in ("true", "false") for value in values):
        raise NotSeen("is_success is neither true nor false")
    return one_of(["string" if isinstance(value, str) else "boolean" for value in values], "is_success")


def name_filter(found_by_nothing: int, found_in_part: tuple[str, list, int]) -> str:
    """Return what the list's filter by name compares."""
    if found_by_nothing:
        return "ignored"
    name, found, total = found_in_part
    return "contains" if any(other != name for other in found) or (total and not found) else "exact"


def name_filter_of_nothing(found: int) -> str:
    """Return that the filter by name has no effect, where that shows."""
    if not found:
        raise NotSeen("it takes a job to see more than that the filter has an effect")
    return "ignored"


def tags_filter_of_nothing(found: int) -> str:
    """Return that the filter by tags has no effect, where that shows."""
    if not found:
        raise NotSeen("it takes a job with known tags to see more than that the filter has an effect")
    return "ignored"


def list_pages(page: Any) -> str:
    """Return whether a page has all the jobs that it should."""
    jobs, total = jobs_of(page)
    expected = min(total, _PAGE)
    if expected < 2:
        raise NotSeen("there are fewer than two jobs")
    return "full" if len(jobs) >= expected else "short" if jobs else "empty"


def odd_job(jobs: list[dict], details: tuple[int, int]) -> str:
    """Return what is odd about a job of the list.

    :param details: how many details were refused, and how many were not.
    """
    if not jobs:
        raise NotSeen("the list shows no job")
    for job in jobs:
        if isinstance(job.get("job_id"), str) and len(job["job_id"]) >= _LONGEST_ID:
            return "big_id"
        if len(str(job.get("name"))) > _LONGEST_NAME:
            return "long_name"
        if isinstance(job.get("create_time"), str) and not is_whole_number(job["create_time"]):
            return "iso_time"
        if job.get("status") is None:
            return "nulls"
    refused, shown = details
    if not shown:
        # The user may view none, whoever's job it is.
        raise NotSeen("no detail of a job could be read")
    return "shared" if refused else "none"


def summary_fields(jobs: list[dict]) -> str:
    """Return which fields a list without details has."""
    usual = [job for job in jobs if job.get("status") and all(_is_time(job, name) for name in _ONLY_IN_TABLE)]
    return one_of(
        ["table" if all(name in job for name in _ONLY_IN_TABLE) else "example" for job in usual], "the summary of a job"
    )


def _is_time(job, name):
    return name not in job or is_whole_number(job[name])


def list_details(jobs: list[dict]) -> str:
    """Return whether a list with details has the resources of jobs."""
    configs = [config_of(job) for job in jobs if job.get("job_type", _JAR_JOB) == _JAR_JOB]
    return one_of(
        ["all" if _RESOURCES in config else "no_resource_config" for config in configs], "the resources of a JAR job"
    )


def list_job_type(jobs: list[dict]) -> str:
    """Return of which jobs the list names the type."""
    jar = [job for job in jobs if not job.get("sql_body")]
    sql = [job for job in jobs if job.get("sql_body")]
    if not jar or not sql:
        raise NotSeen("it takes a JAR job and a SQL job")
    if not any("job_type" in job for job in jar):
        return "none"
    return "all" if all("job_type" in job for job in sql) else "jar"


def unset_reads(jobs: list[dict], names: tuple[str, ...] = _OFTEN_UNSET) -> str:
    """Return how an unset string reads.

    :param names: the fields that these jobs have where they are set.
    """
    forms = {"": "empty", None: "null"}
    found = [
        forms[config[name]] if name in config else "absent"
        for config in map(config_of, jobs)
        for name in names
        if config.get(name) in forms
    ]
    return one_of(found, "an unset field")


def unset_reads_in_list(jobs: list[dict]) -> str:
    """Return how an unset string reads in the list, which may lack a field of every job."""
    configs = [config_of(job) for job in jobs]
    return unset_reads(jobs, tuple(name for name in _OFTEN_UNSET if any(name in config for config in configs)))


def numbers_read(jobs: list[dict]) -> str:
    """Return whether numbers are written as numbers."""
    values = [config_of(job).get("parallel_number") for job in jobs]
    found = [value for value in values if is_whole_number(value)]
    return one_of(["string" if isinstance(value, str) else "number" for value in found], "parallel_number")


def checkpoint_mode_reads(jobs: list[dict]) -> str:
    """Return whether the mode of checkpoints reads as a name."""
    values = [config_of(job).get("checkpoint_mode") for job in jobs]
    found = [value for value in values if value in _MODE_NAMES or is_whole_number(value)]
    return one_of(["name" if value in _MODE_NAMES else "number" for value in found], "checkpoint_mode")


def detail_omits_image(detail: Any) -> bool:
    """Return whether the detail lacks the Flink version of a job that has one."""
    return "flink_version" not in config_of(detail)


def sql_job_type_of_any(jobs: list[dict]) -> str:
    """Return that SQL jobs show their type, where one does."""
    if not any(job.get("job_type") == "flink_opensource_sql_job" for job in jobs):
        raise NotSeen("no job of the list is a flink_opensource_sql_job")
    return "as_written"


def not_found(code: str, message: tuple[str, str]) -> str:
    """Return the error code for a job that is not there, where two requests have it.

    :param message: code and words of the second one.
    """
    if message[0] != code:
        raise NotSeen("two requests for a job that is not there were rejected with different codes")
    return code


def messages(message: str) -> str:
    """Return in which language messages are where nobody asks for English."""
    if not message:
        raise NotSeen("the service says nothing of a job that is not there")
    return "by_header" if any(_is_chinese(letter) for letter in message) else "english"


def _is_chinese(letter):
    return "\u4e00" <= letter <= "\u9fff"


def latency_seconds(seconds: list[float]) -> float:
    """Return how long a response takes at least, in tenths of a second."""
    if not seconds:
        raise NotSeen("no request had a response")
    return round(min(seconds), 1)


def listed(page: Any) -> list[dict]:
    """Return the jobs on a page of the list."""
    return jobs_of(page)[0]
