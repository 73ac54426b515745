# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers which jobs there are and what the service tells of them; changes nothing."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from .._api.flink_jobs import FlinkJobApi
from .._errors import (
    ApiError,
    AuthenticationFailed,
    InvalidInput,
    NotFound,
)
from .._model.canonical import tag_strings
from .._model.fields import (
    FIELDS_BY_NAME,
    KINDS,
    SQL,
    identity_options,
)
from .._model.fleet import check_parallelism, goals_from_params
from .._model.goal import Goal
from .._model.job import ObservedJob
from .._model.redact import redacted, redacted_fields
from .._model.rules import (
    WIDEST_LONG,
    check_name,
    check_number,
    check_string,
    check_tags,
)
from .._model.status import DRAFT, STATUSES
from .._parallel import read_each
from .._reconcile.reader import tags_filter
from .adopt import describe, warnings_about
from .audit import (
    Ages,
    ages_from_params,
    ages_options,
    audit,
    managed_as,
    warnings_of,
)
from .finder import find_desired

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
_GRAPH_TYPES = ("simple_graph", "job_graph")
_SENT_FOR_A_GRAPH = (
    "flink_version",
    "cu_number",
    "manager_cu_number",
    "parallel_number",
    "tm_cus",
    "tm_slot_num",
    "operator_config",
    "static_estimator_config",
)
_SHAPE = ("details", "execution_plan", "stream_graph", "show_entrypoint_args", "as_tasks")
_FORBIDDEN = 403
_FIRST_SERVER_ERROR = 500


@dataclass(frozen=True)
class JobQuery:
    """Which jobs are asked for, and what of them.

    :param job_id: the id of one job, or None.
    :param filters: the other conditions, as query parameters of the list.
    :param details: whether all fields are asked for, or a summary.
    :param execution_plan: whether Flink's own view is asked for too.
    :param stream_graph: which stream graph of SQL jobs is asked for too, or None.
    :param show_entrypoint_args: whether arguments are shown, which can hold secrets.
    :param ages: what counts as old in the report about the jobs; None for no report.
    :param goals: the jobs that should be there, for the report; None when nothing is to be compared.
    :param as_tasks: whether the options that describe each job are asked for too.
    """

    job_id: int | None = None
    filters: dict = field(default_factory=dict)
    details: bool = True
    execution_plan: bool = False
    stream_graph: str | None = None
    show_entrypoint_args: bool = False
    ages: Ages | None = None
    goals: list[Goal] | None = None
    as_tasks: bool = False


def query_options() -> dict:
    """Return the part of the argument spec that says which jobs are asked for, and what of them."""
    return {
        **identity_options(),
        "status": {"type": "str", "choices": list(STATUSES)},
        "queue_name": {"type": "str", "aliases": ["queue"]},
        "tags": {"type": "dict"},
        "job_type": {"type": "str", "choices": [job_type for kind in KINDS for job_type in kind.job_types]},
        "user_name": {"type": "str"},
        "details": {"type": "bool", "default": True},
        "execution_plan": {"type": "bool", "default": False},
        "stream_graph": {"type": "str", "choices": list(_GRAPH_TYPES)},
        "show_entrypoint_args": {"type": "bool", "default": False},
        "report": {"type": "bool", "default": False},
        **ages_options(),
        "as_tasks": {"type": "bool", "default": False},
    }


def query_from_params(params: dict) -> JobQuery:
    """Return the query that a module's parameters describe.

    :raises InvalidInput: with the first rule that is broken.
    """
    tags = params["tags"]
    if tags is not None:
        tags = tag_strings(tags)
    _check(params, tags)
    names = ("name", "status", "queue_name", "job_type", "user_name")
    filters = {name: params[name] for name in names if params[name] is not None}
    filters.update(tags_filter(tags))
    shape = {name: params[name] for name in _SHAPE}
    ages = ages_from_params(params)
    goals = None if params["jobs"] is None else goals_from_params(params)
    return JobQuery(params["job_id"], filters, **shape, ages=ages if params["report"] else None, goals=goals)


def query_jobs(api: FlinkJobApi, query: JobQuery, is_redacted, clock=time) -> dict:
    """Ask for jobs and return the module's result.

    :param is_hidden: callable that says whether Ansible would mask any part of a value in the result.
    :raises RequestError: the service refused or did not answer.
    """
    jobs = _one_job(api, query) if query.job_id is not None else _all_jobs(api, query)
    if query.as_tasks:
        jobs = read_each(lambda job: _completed(api, job) if managed_as(job) else job, jobs, api.parallelism)
    results = [_result(job, query) for job in jobs]
    refused = []
    if query.execution_plan:
        refused += _add_to_each(results, "execution_plan", lambda job: _execution_plan(api, job), jobs, api)
    if query.stream_graph:
        refused += _add_to_each(results, "stream_graph", lambda job: _stream_graph(api, job, query), jobs, api)
    result = {"changed": False, "jobs": results, "count": len(results), "warnings": _warnings(refused)}
    if query.ages is not None:
        # A desired job that the filters leave out is not missing.
        lists_all = query.job_id is None and not query.filters
        compared = None if query.goals is None else find_desired(api, query.goals, jobs if lists_all else None)
        result["report"] = audit(jobs, compared, query.ages, clock.time() * 1000)
        result["warnings"] += warnings_of(compared or [])
    if query.as_tasks:
        # A job that was deleted since it was listed is nothing to take over.
        known = [job for job in jobs if managed_as(job) and _is_complete(job)]
        result.update(describe(known, query.show_entrypoint_args, is_redacted))
        result["warnings"] += warnings_about(result["left_out"])
    return result


def _check(params, tags):
    check_parallelism(params)
    if params["job_id"] is not None:
        check_number("job_id", params["job_id"], 1, WIDEST_LONG)
    if params["name"] is not None:
        check_name("name", params["name"])
    if params["queue_name"] is not None:
        check_string("queue_name", params["queue_name"], FIELDS_BY_NAME["queue_name"].max_length)
    if tags is not None:
        check_tags("tags", tags)
    for option in ("queue_name", "user_name"):
        if params[option] == "":
            raise InvalidInput(f"{option} is empty, but must have at least 1 character; leave it out for all jobs.")
    for option in ("report", "as_tasks", "stream_graph"):
        if params[option] and not params["details"]:
            value = "true" if params[option] is True else params[option]
            raise InvalidInput(f"{option} is {value}, but needs details, which are false.")
    for option in ("jobs", "defaults"):
        if params[option] is not None and not params["report"]:
            raise InvalidInput(f"{option} is given, but is only compared with report, which is false.")
    if params["defaults"] is not None and params["jobs"] is None:
        raise InvalidInput("defaults is given, but jobs is not; there is no job that they could be for.")
    if params["user_name"] is not None:
        check_string("user_name", params["user_name"])
    if any("," in key + value for key, value in (tags or {}).items()):
        raise InvalidInput("tags has a tag with a comma, which the service's list cannot be asked for.")


def _all_jobs(api, query):
    jobs = [job for job in _listed(api, query, query.filters) if _passes(job, query)]
    # A name is asked for to know one job well, and jobs with one name are few.
    if query.details and "name" in query.filters:
        return read_each(lambda job: _completed(api, job), jobs, api.parallelism)
    return jobs


def _one_job(api, query):
    """Return the job of an id as a list, empty when there is none.

    The detail of a deleted job may still answer (documented: records are kept), and it does not tell what all filters
    compare. So the job counts as there when the list has it.
    """
    try:
        job = ObservedJob(api.get_job(query.job_id), "detail")
    except NotFound:
        return []
    if not _passes(job, query):
        return []
    for listed in _listed(api, query, {**query.filters, "name": job.name}):
        if listed.job_id == job.job_id:
            return [job.completed_by(listed)] if _passes(listed, query) else []
    return []


def _listed(api, query, filters):
    return (ObservedJob(response, "list") for response in api.list_jobs(show_detail=query.details, **filters))


def _completed(api, job):
    """Return a job of the list with what only its detail tells."""
    if _is_complete(job):
        return job
    try:
        return job.completed_by(ObservedJob(api.get_job(job.job_id), "detail"))
    except NotFound:
        # Deleted since it was listed; what the list told is still an answer.
        return job


def _is_complete(job):
    return "detail" in job.sources or job.has_all(job.kind.names)


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
    return {**identity, **facts, **redacted_fields(told, _public_text(told, query))}


def _add_to_each(results, key, ask, jobs, api):
    """Add to the result of each job what is asked for, and return the refusals that are worth telling."""
    refused = []
    for result, (response, rejection) in zip(results, read_each(ask, jobs, api.parallelism)):
        result[key] = response
        refused += [rejection] if rejection else []
    return refused


def _execution_plan(api, job):
    """Return a tuple of the plan, None when there is none, and the service's refusal if it is worth telling."""
    if job.status == DRAFT:
        return None, None
    graph, rejection = _or_rejection(lambda: api.get_execution_graph(job.job_id), job, "execution plan")
    return {name: graph.get(key) for name, key in _GRAPH_FIELDS.items()} if graph else None, rejection


def _stream_graph(api, job, query):
    """Return a tuple of the graph of a SQL job, None when there is none, and the refusal if it is worth telling."""
    if job.kind is not SQL or not job.raw("sql_body"):
        return None, None
    body = {name: job.value(name) for name in _SENT_FOR_A_GRAPH if job.raw(name) not in (None, "")}
    # No other type is supported (documented), whatever the job shows.
    body.update({"sql_body": job.raw("sql_body"), "job_type": SQL.job_types[0], "graph_type": query.stream_graph})
    body["static_estimator"] = "static_estimator_config" in body
    graph, rejection = _or_rejection(lambda: api.get_stream_graph(job.job_id, body), job, "stream graph")
    return _masked(graph, _public_text(job.told(), query)), rejection


def _or_rejection(ask, job, what):
    """Return a tuple of what was asked for, None when there is none, and the service's refusal if it is worth telling.

    Which refusal a job gets that has no such thing is not documented; it must not hide the other jobs.
    """
    try:
        return ask(), None
    except NotFound:
        return None, None
    except AuthenticationFailed:
        raise
    except ApiError as exc:
        if exc.http_status == _FORBIDDEN or exc.http_status >= _FIRST_SERVER_ERROR:
            raise
        return None, (what, job, exc)


def _public_text(told, query):
    return (told.get("entrypoint_args") or told.get("sql_body") or "") if query.show_entrypoint_args else ""


def _masked(graph, public_text):
    """Return a graph without what is hidden of the SQL that its descriptions quote."""
    if isinstance(graph, dict):
        return {key: _masked(value, public_text) for key, value in graph.items()}
    if isinstance(graph, list):
        return [_masked(value, public_text) for value in graph]
    return redacted("sql_body", graph, public_text) if isinstance(graph, str) else graph


def _warnings(refused):
    """Return one sentence for each thing that was refused, however many jobs have none of it."""
    sentences = []
    for what in dict.fromkeys(what for what, _job, _rejection in refused):
        (_what, job, first), *others = [entry for entry in refused if entry[0] == what]
        rest = f" The same goes for {len(others)} more of the jobs." if others else ""
        sentences.append(f"There is no {what} of Flink job {job.name}: {first}{rest}")
    return sentences
