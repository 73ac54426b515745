# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers which jobs there are and what the service tells of them; changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.otc.dli.plugins.module_utils._errors import (
    ApiError,
    AuthenticationFailed,
    InvalidInput,
    NotFound,
)
from ansible_collections.otc.dli.plugins.module_utils._flink_job import FlinkJob
from ansible_collections.otc.dli.plugins.module_utils._flink_job_api import FlinkJobApi
from ansible_collections.otc.dli.plugins.module_utils._flink_job_display import shown
from ansible_collections.otc.dli.plugins.module_utils._flink_job_fields import FIELDS
from ansible_collections.otc.dli.plugins.module_utils._flink_job_rules import check_spec
from ansible_collections.otc.dli.plugins.module_utils._flink_job_spec import FlinkJobSpec
from ansible_collections.otc.dli.plugins.module_utils._flink_job_status import DRAFT, STATUSES
from ansible_collections.otc.dli.plugins.module_utils._flink_job_values import tag_texts

JOB_TYPES = ("flink_jar_job", "flink_sql_job")
# What the list tells of a job without show_detail (documented), beside its id, name and type.
_SUMMARY_FACTS = (
    "status",
    "status_desc",
    "has_savepoint",
    "savepoint_path",
    "restart_times",
    "create_time",
    "start_time",
    "user_name",
)
_SUMMARY_FIELDS = ("desc", "queue_name")
_GRAPH_FIELDS = {
    "jid": "jid",
    "name": "name",
    "is_stoppable": "isStoppable",
    "state": "state",
    "start_time": "start-time",
    "end_time": "end-time",
    "duration": "duration",
}
_FORBIDDEN = 403
_FIRST_SERVER_ERROR = 500


@dataclass(frozen=True)
class FlinkJobQuery:
    """Which jobs are asked for, and what of them.

    :param job_id: the id of one job, or None.
    :param filters: the other conditions, as query parameters of the list.
    :param details: whether all fields are asked for, or a summary.
    :param execution_plan: whether Flink's own view is asked for too.
    :param show_entrypoint_args: whether arguments are shown, which can hold secrets.
    """

    job_id: int | None = None
    filters: dict = field(default_factory=dict)
    details: bool = True
    execution_plan: bool = False
    show_entrypoint_args: bool = False


def query_options() -> dict:
    """Return the part of the argument spec that says which jobs are asked for, and what of them."""
    return {
        "name": {"type": "str", "aliases": ["job_name"]},
        "job_id": {"type": "int", "aliases": ["id"]},
        "status": {"type": "str", "choices": list(STATUSES)},
        "queue_name": {"type": "str", "aliases": ["queue"]},
        "tags": {"type": "dict"},
        "job_type": {"type": "str", "choices": list(JOB_TYPES)},
        "user_name": {"type": "str"},
        "details": {"type": "bool", "default": True},
        "execution_plan": {"type": "bool", "default": False},
        "show_entrypoint_args": {"type": "bool", "default": False},
    }


def query_from_params(params: dict) -> FlinkJobQuery:
    """Return the query that a module's parameters describe.

    :raises InvalidInput: with the first rule that is broken.
    """
    tags = params["tags"]
    if tags is not None:
        tags = tag_texts(tags)
    _check(params, tags)
    names = ("name", "status", "queue_name", "job_type", "user_name")
    filters = {name: params[name] for name in names if params[name] is not None}
    if tags:
        # The form is known from the vendor's Terraform provider.
        filters["tags"] = ",".join(f"{key}={value}" for key, value in tags.items())
    shape = {name: params[name] for name in ("details", "execution_plan", "show_entrypoint_args")}
    return FlinkJobQuery(params["job_id"], filters, **shape)


def query_jobs(api: FlinkJobApi, query: FlinkJobQuery) -> dict:
    """Ask for jobs and return the module's result.

    :raises RequestError: the service refused or did not answer.
    """
    jobs = _one_job(api, query) if query.job_id is not None else _all_jobs(api, query)
    results = [_result(job, query) for job in jobs]
    refused = []
    if query.execution_plan:
        for job, result in zip(jobs, results):
            result["execution_plan"], refusal = _execution_plan(api, job)
            refused += [refusal] if refusal else []
    return {"changed": False, "jobs": results, "count": len(results), "warnings": _warnings(refused)}


def _check(params, tags):
    # A query may leave out what identifies a job; any name stands in for the check of the rest.
    name = "any" if params["name"] is None else params["name"]
    fields = {} if params["queue_name"] is None else {"queue_name": params["queue_name"]}
    check_spec(FlinkJobSpec(name, params["job_id"], fields, tags))
    for option in ("queue_name", "user_name"):
        if params[option] == "":
            raise InvalidInput(f"{option} is empty, but must have at least 1 character; leave it out for all jobs.")
    if any("," in key + value for key, value in (tags or {}).items()):
        raise InvalidInput("tags has a tag with a comma, which the service's list cannot be asked for.")


def _all_jobs(api, query):
    jobs = [job for job in _listed(api, query, query.filters) if _passes(job, query)]
    # A name is asked for to know one job well, and jobs with one name are few.
    return [_completed(api, job) for job in jobs] if query.details and "name" in query.filters else jobs


def _one_job(api, query):
    """Return the job of an id as a list, empty when there is none.

    The detail of a deleted job may still answer (documented: records are kept), and it does not tell what all filters
    compare. So the job counts as there when the list has it.
    """
    try:
        job = FlinkJob(api.get_job(query.job_id), "detail")
    except NotFound:
        return []
    if not _passes(job, query):
        return []
    for listed in _listed(api, query, {**query.filters, "name": job.name}):
        if listed.job_id == job.job_id:
            return [job.completed_by(listed)] if _passes(listed, query) else []
    return []


def _listed(api, query, filters):
    return (FlinkJob(answer, "list") for answer in api.list_jobs(show_detail=query.details, **filters))


def _completed(api, job):
    """Return a job of the list with what only its detail tells."""
    if all(job.tells(known.name) for known in FIELDS):
        return job
    try:
        return job.completed_by(FlinkJob(api.get_job(job.job_id), "detail"))
    except NotFound:
        # Deleted since it was listed; what the list told is still an answer.
        return job


def _passes(job, query):
    """Whether a job is what the filters ask for, as far as it tells; how the service compares is not documented."""
    told = {
        "name": job.name,
        "status": job.status,
        "job_type": job.job_type,
        "queue_name": job.raw("queue_name"),
        "user_name": job.facts()["user_name"],
    }
    return all(told[name] in (None, "", value) for name, value in query.filters.items() if name in told)


def _result(job, query):
    facts, told = job.facts(), job.told()
    identity = {"job_id": job.job_id, "name": job.name, "job_type": job.job_type}
    if not query.details:
        return {
            **identity,
            **{fact: facts[fact] for fact in _SUMMARY_FACTS},
            **{name: told[name] for name in _SUMMARY_FIELDS},
        }
    public_args = (told["entrypoint_args"] or "") if query.show_entrypoint_args else ""
    fields = {name: None if value is None else shown(name, value, public_args) for name, value in told.items()}
    return {**identity, **facts, **fields}


def _execution_plan(api, job):
    """Return a tuple of the plan, None when there is none, and the service's refusal if it is worth telling."""
    if job.status == DRAFT:
        return None, None
    try:
        graph = api.get_execution_graph(job.job_id)
    except NotFound:
        return None, None
    except AuthenticationFailed:
        raise
    except ApiError as exc:
        if exc.http_status == _FORBIDDEN or exc.http_status >= _FIRST_SERVER_ERROR:
            raise
        # Which refusal a job gets whose Flink cluster is gone is not documented; it must not hide the other jobs.
        return None, (job, exc)
    return {name: graph.get(key) for name, key in _GRAPH_FIELDS.items()}, None


def _warnings(refused):
    if not refused:
        return []
    job, first = refused[0]
    others = f" The same goes for {len(refused) - 1} more of the jobs." if len(refused) > 1 else ""
    return [f"There is no execution plan of Flink job {job.name}: {first}{others}"]
