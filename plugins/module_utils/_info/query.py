# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Returns which jobs there are and what the service knows of them; changes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from .._api.flink_jobs import FlinkJobApi
from .._errors import (
    AccessDenied,
    ApiError,
    AuthenticationFailed,
    InvalidInput,
    NotFound,
)
from .._model.fields import SQL
from .._model.fleet import check_concurrency
from .._model.job import OddJob, denied_warnings, odd_warnings
from .._model.redact import redacted, redacted_fields
from .._model.status import DRAFT
from .._parallel import read_each
from .._text import same_of_others
from .selection import (
    Selection,
    keep_secrets,
    select,
    selection_from_params,
    with_tags_of_each,
    without_tags_warnings,
)

_GRAPH_FIELDS = {
    "jid": "jid",
    "name": "name",
    "is_stoppable": "isStoppable",
    "state": "state",
    "start_time": "start-time",
    "end_time": "end-time",
    "duration": "duration",
    # What these hold is returned as it is.
    "now": "now",
    "timestamps": "timestamps",
    "vertices": "vertices",
    "status_counts": "status-counts",
    "plan": "plan",
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
_SHAPE = ("details", "execution_plan", "stream_graph", "show_tags", "show_entrypoint_args")
_FORBIDDEN = 403
_FIRST_SERVER_ERROR = 500


@dataclass(frozen=True)
class JobQuery:
    """Which jobs are asked for, and what of them.

    :param selection: which jobs.
    :param details: whether all fields are asked for, or a summary.
    :param execution_plan: whether Flink's own view is asked for too.
    :param stream_graph: which stream graph of SQL jobs is asked for too, or None.
    :param show_tags: whether the tags are asked for too.
    :param show_entrypoint_args: whether arguments are shown, which can hold secrets.
    """

    selection: Selection
    details: bool = True
    execution_plan: bool = False
    stream_graph: str | None = None
    show_tags: bool = False
    show_entrypoint_args: bool = False


def query_options() -> dict:
    """Return the part of the argument spec that says what is asked of each job."""
    return {
        "details": {"type": "bool", "default": True},
        "execution_plan": {"type": "bool", "default": False},
        "stream_graph": {"type": "str", "choices": list(_GRAPH_TYPES)},
        "show_tags": {"type": "bool", "default": False},
        "show_entrypoint_args": {"type": "bool", "default": False},
    }


def query_from_params(params: dict) -> JobQuery:
    """Return the query that a module's parameters describe.

    :raises InvalidInput: with the first rule that is broken.
    """
    check_concurrency(params)
    selection = selection_from_params(params)
    if params["stream_graph"] and not params["details"]:
        raise InvalidInput(f"stream_graph is {params['stream_graph']}, but needs details, which are false.")
    return JobQuery(selection, **{name: params[name] for name in _SHAPE})


def query_jobs(api: FlinkJobApi, query: JobQuery) -> dict:
    """Ask for jobs and return the module's result.

    :raises RequestError: the service rejected a request or did not respond.
    """
    odd: list[OddJob] = []
    jobs = select(api, query.selection, odd, query.details)
    keep_secrets(api, jobs, lambda job: _public_text(job.returned_fields(), query))
    results = [_result(job, query) for job in jobs]
    warnings = odd_warnings(odd)
    if query.show_tags:
        tagged, obstacle = with_tags_of_each(api, jobs)
        for result, job in zip(results, tagged):
            result["tags"] = job.tags
        warnings += without_tags_warnings(obstacle)
    rejected = []
    if query.execution_plan:
        rejected += _add_to_each(results, "execution_plan", lambda job: _execution_plan(api, job, query), jobs, api)
    if query.stream_graph:
        rejected += _add_to_each(results, "stream_graph", lambda job: _stream_graph(api, job, query), jobs, api)
    warnings += denied_warnings(jobs, "the result has what the list shows of it")
    warnings += _warnings(rejected)
    return {"changed": False, "jobs": results, "count": len(results), "warnings": warnings}


def _result(job, query):
    if not query.details:
        return job.as_summary()
    facts, fields = job.facts(), job.returned_fields()
    identity = {"job_id": job.job_id, "name": job.name, "job_type": job.job_type}
    return {**identity, **facts, **redacted_fields(fields, _public_text(fields, query))}


def _add_to_each(results, key, ask, jobs, api):
    """Add to the result of each job what is asked for, and return the rejections that need a warning."""
    answers = read_each(ask, jobs, api.concurrency)
    for result, (response, _rejection) in zip(results, answers):
        result[key] = response
    rejected = [rejection for _response, rejection in answers if rejection]
    denied = [exc for _what, _job, exc in rejected if isinstance(exc, AccessDenied)]
    if denied and len(denied) == len(answers):
        # So it is not about one job that is shared without the right to view it.
        raise denied[0]
    return rejected


def _execution_plan(api, job, query):
    """Return a tuple of the plan, None when there is none, and the service's rejection if it needs a warning."""
    if job.status == DRAFT:
        return None, None
    graph, rejection = _or_rejection(lambda: api.get_execution_graph(job.job_id), job, "execution plan")
    plan = {name: graph.get(key) for name, key in _GRAPH_FIELDS.items()} if graph else None
    # The names of operators quote the SQL that they come from.
    return _masked(plan, _public_text(job.returned_fields(), query)), rejection


def _stream_graph(api, job, query):
    """Return a tuple of the graph of a SQL job, None when there is none, and the rejection if it needs a warning."""
    if job.kind is not SQL or not job.raw("sql_body"):
        return None, None
    body = {name: job.value(name) for name in _SENT_FOR_A_GRAPH if job.raw(name) not in (None, "")}
    # No other type is supported (documented), whatever the job shows.
    body.update({"sql_body": job.raw("sql_body"), "job_type": SQL.job_types[0], "graph_type": query.stream_graph})
    body["static_estimator"] = "static_estimator_config" in body
    graph, rejection = _or_rejection(lambda: api.get_stream_graph(job.job_id, body), job, "stream graph")
    return _masked(graph, _public_text(job.returned_fields(), query)), rejection


def _or_rejection(ask, job, what):
    """Return a tuple of what was asked for, None when there is none, and the service's rejection if it needs a warning.

    How the service rejects this for a job that has no such thing is not documented; it must not hide the other jobs.
    """
    try:
        return ask(), None
    except NotFound:
        return None, None
    except AuthenticationFailed:
        raise
    except ApiError as exc:
        if exc.http_status >= _FIRST_SERVER_ERROR:
            raise
        return None, (what, job, exc)


def _public_text(fields, query):
    return (fields.get("entrypoint_args") or fields.get("sql_body") or "") if query.show_entrypoint_args else ""


def _masked(graph, public_text):
    """Return a graph without what is redacted of the SQL that its descriptions quote."""
    if isinstance(graph, dict):
        return {key: _masked(value, public_text) for key, value in graph.items()}
    if isinstance(graph, list):
        return [_masked(value, public_text) for value in graph]
    return redacted("sql_body", graph, public_text) if isinstance(graph, str) else graph


def _warnings(rejected):
    """Return one sentence for each thing that the service rejected, however many jobs have none of it."""
    sentences = []
    for what in dict.fromkeys(what for what, _job, _rejection in rejected):
        (_what, job, first), *others = [entry for entry in rejected if entry[0] == what]
        sentences.append(f"There is no {what} of Flink job {job.name}: {first}{same_of_others(len(others))}")
    return sentences
