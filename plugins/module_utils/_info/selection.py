# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which jobs a module that only reads is about, from its options; and how they are read from the service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from .._api.flink_jobs import FlinkJobApi
from .._api.pages import PAGE_SIZE, TooMany
from .._errors import DetailDenied, InvalidInput, NotFound
from .._model.canonical import tag_strings
from .._model.checks import WIDEST_LONG, check_name, check_number, check_string
from .._model.fields import FIELDS_BY_NAME, KINDS, identity_options
from .._model.job import ObservedJob, OddJob
from .._model.part_rules import check_tags
from .._model.redact import secrets_read
from .._model.status import STATUSES
from .._model.tags import check_filter, tags_filter
from .._parallel import read_each
from .._read.reader import JobReader


@dataclass(frozen=True)
class Selection:
    """Which jobs are asked for.

    :param job_id: the id of one job, or None.
    :param statuses: the statuses of which a job must have one, in the order of a job's life; empty for any.
    :param filters: the other conditions, as query parameters of the list.
    """

    job_id: int | None = None
    statuses: tuple = ()
    filters: dict = field(default_factory=dict)

    @property
    def is_everything(self) -> bool:
        """Whether no job is left out."""
        return self.job_id is None and not self.statuses and not self.filters


def selection_options() -> dict:
    """Return the part of the argument spec that says which jobs are asked for."""
    return {
        **identity_options(),
        "status": {"type": "list", "elements": "str", "choices": list(STATUSES)},
        "queue_name": {"type": "str", "aliases": ["queue"]},
        "tags": {"type": "dict"},
        "job_type": {"type": "str", "choices": [job_type for kind in KINDS for job_type in kind.job_types]},
        "user_name": {"type": "str"},
        "root_job_id": {"type": "int"},
        "sys_enterprise_project_name": {"type": "str", "aliases": ["enterprise_project"]},
    }


def selection_from_params(params: dict) -> Selection:
    """Return which jobs a module's parameters ask for.

    :raises InvalidInput: with the first rule that is broken.
    """
    tags = None if params["tags"] is None else tag_strings(params["tags"])
    _check(params, tags)
    statuses = tuple(status for status in STATUSES if status in (params["status"] or ()))
    names = ("name", "queue_name", "job_type", "user_name", "root_job_id", "sys_enterprise_project_name")
    filters = {name: params[name] for name in names if params[name] is not None}
    return Selection(params["job_id"], statuses, {**filters, **tags_filter(tags)})


def select(api: FlinkJobApi, selection: Selection, odd: list[OddJob], details: bool = True) -> list[ObservedJob]:
    """Read the jobs that are asked for, in the order of the service.

    Where a name or an id is given, they have all fields that the service has of them, otherwise those of its list.

    :param odd: takes the jobs of the list that have not the shape of the API's, unless a name or an id is given: the
        job that is meant has to have it.
    :param details: False for a summary of each job, which is a smaller response.
    :raises RequestError: the service rejected a request or did not respond.
    """
    if selection.job_id is not None:
        return _one_job(api, selection, details)
    aside = None if "name" in selection.filters else odd
    jobs = [job for job in _in_statuses(api, selection, details, aside) if _matches(job, selection)]
    # A name is asked for to know one job well, and jobs with one name are few.
    return complete_each(api, jobs) if details and "name" in selection.filters else jobs


def keep_secrets(
    api: FlinkJobApi, jobs: list[ObservedJob], public_text: Callable[[ObservedJob], str] = lambda _job: ""
) -> None:
    """Keep out of messages, such as the service's words about a status, what jobs hold that may be secret.

    :param public_text: callable that says which arguments or SQL of a job are shown.
    """
    for job in jobs:
        for secret in secrets_read(job, public_text(job)):
            api.keep_read(secret)


def complete_each(api: FlinkJobApi, jobs: list[ObservedJob]) -> list[ObservedJob]:
    """Return jobs of the list with what only their details have.

    One that is deleted meanwhile stays as it was, and so does one whose detail is refused, which has C(is_denied) then.

    :raises RequestError: the service rejected a request or did not respond.
    """
    return read_each(lambda job: _completed(api, job), jobs, api.concurrency)


def with_tags_of_each(api: FlinkJobApi, jobs: list[ObservedJob]) -> tuple[list[ObservedJob], str]:
    """Return a tuple of jobs with their tags, and of the sentence about those that cannot be read, "" for none.

    A job that is deleted meanwhile stays as it was, and so do all where tags cannot be read.

    :raises RequestError: the service rejected a request or did not respond.
    """
    reader = JobReader(api)
    tagged = read_each(reader.with_tags, jobs, api.concurrency)
    return [now or job for now, job in zip(tagged, jobs)], reader.tags_problem


def without_tags_warnings(obstacle: str) -> list[str]:
    """Return one sentence about tags that the result leaves out.

    :param obstacle: of which jobs and why, as a part of a sentence; "" when it leaves out none.
    """
    return [f"The result leaves out the tags of {obstacle}."] if obstacle else []


def is_complete(job: ObservedJob) -> bool:
    """Whether a job has all fields that the service has of it."""
    return "detail" in job.sources or job.has_all(job.kind.names)


def _check(params, tags):
    if params["job_id"] is not None:
        check_number("job_id", params["job_id"], 1, WIDEST_LONG)
    if params["name"] is not None:
        check_name("name", params["name"])
    if params["queue_name"] is not None:
        check_string("queue_name", params["queue_name"], FIELDS_BY_NAME["queue_name"].max_length)
    if tags is not None:
        check_tags("tags", tags)
    if params["status"] == []:
        raise InvalidInput("status is an empty list, but must have at least 1 status; leave it out for all jobs.")
    for option in ("queue_name", "user_name", "sys_enterprise_project_name"):
        if params[option] == "":
            raise InvalidInput(f"{option} is empty, but must have at least 1 character; leave it out for all jobs.")
    for option in ("user_name", "sys_enterprise_project_name"):
        if params[option] is not None:
            check_string(option, params[option])
    if params["root_job_id"] is not None:
        check_number("root_job_id", params["root_job_id"], 1, WIDEST_LONG)
    check_filter("tags", tags or {})


def _one_job(api, selection, details):
    """Return the job of an id as a list, empty when there is none.

    The detail of a deleted job may still be there (documented: records are kept), and it lacks some of what the
    filters compare. So the job counts as there when the list has it.
    """
    try:
        job = ObservedJob(api.get_job(selection.job_id), "detail")
    except NotFound:
        return []
    if not _matches(job, selection):
        return []
    for listed in _listed(api, details, **{**selection.filters, "name": job.name}):
        if listed.job_id == job.job_id:
            return [job.completed_by(listed)] if _matches(listed, selection) else []
    return []


def _in_statuses(api, selection, details, odd):
    """Return the jobs of the list, perhaps with more statuses, by as few requests as can be known beforehand.

    The service's list takes one status at most.
    """
    filters, statuses = selection.filters, selection.statuses
    if len(statuses) < 2:
        return _listed(api, details, odd=odd, **filters, **({"status": statuses[0]} if statuses else {}))
    try:
        # So many pages take no more requests than a list for each status.
        return list(_listed(api, details, odd=odd, at_most=len(statuses) * PAGE_SIZE, **filters))
    except TooMany:
        # In the order of a job's life, so that a job which goes on meanwhile is still to come, or comes twice.
        lists = (_listed(api, details, odd=odd, **filters, status=status) for status in statuses)
        jobs = {job.job_id: job for listed in lists for job in listed}
        return sorted(jobs.values(), key=lambda job: job.job_id, reverse=True)


def _listed(api, details, **filters):
    return (ObservedJob(response, "list") for response in api.list_jobs(show_detail=details, **filters))


def _completed(api, job):
    if is_complete(job):
        return job
    try:
        return job.completed_by(ObservedJob(api.get_job(job.job_id), "detail"))
    except NotFound:
        # Deleted since it was listed; what the list had of it is still a response.
        return job
    except DetailDenied:
        return job.without_detail()


def _matches(job, selection):
    """Whether a job is what the filters ask for, as far as it shows; how the service compares is not documented."""
    shown = {
        "name": job.name,
        "job_type": job.job_type,
        "queue_name": job.raw("queue_name"),
        "user_name": job.facts()["user_name"],
    }
    if selection.statuses and job.status not in ("", *selection.statuses):
        return False
    return all(shown[name] in (None, "", value) for name, value in selection.filters.items() if name in shown)
