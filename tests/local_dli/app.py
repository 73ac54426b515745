# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The application: who may call what, what the contract says to it, and which part of the service answers."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Callable
from urllib.parse import parse_qs, quote

from flask import Flask, Request, Response, g, request
from werkzeug.exceptions import HTTPException

from local_dli import iam, reading, signature, tags
from local_dli.behaviour import Behaviour
from local_dli.contract import contract
from local_dli.errors import ApiError, IamError, parameter, throttled, unoffered, unshared
from local_dli.job_index import JobIndex
from local_dli.jobs import ODD_JOB_ID, SQL_JOB, Job
from local_dli.lifecycle import Refused

if TYPE_CHECKING:
    from local_dli.server import LocalDli

log = logging.getLogger("local_dli")

SAVEPOINT_OPERATIONS = frozenset({"triggerFlinkJobSavepoint", "importFlinkJobSavepoint"})
# So much of an answer is kept with its request, in bytes.
LONGEST_ANSWER = 1000
# The vendor's client reads is_success as a text from these (vendor-tested), and as a boolean from templates and stream
# graphs; the reference's examples of exports and imports have a boolean too, and so do those of its savepoint pages.
SUCCESS_AS_TEXT = frozenset(
    {
        "createFlinkJarJob",
        "updateFlinkJarJob",
        "createFlinkSqlJob",
        "updateFlinkSqlJob",
        "listFlinkJobs",
        "showFlinkJob",
        "runFlinkJobs",
        "stopFlinkJobs",
        "deleteFlinkJob",
        "deleteFlinkJobs",
        "showFlinkJobExecutionGraph",
    }
)
TEMPLATE_CREATED = frozenset({"template_id", "name", "desc", "create_time", "job_type"})
# "The request has failed.", for who does not ask for English.
IN_CHINESE = "\u8bf7\u6c42\u5931\u8d25\u3002"
MESSAGES = {
    "run": "The request to start the job was taken.",
    "stop": "The request to stop the job was taken.",
    "delete": "The job was deleted.",
}


@dataclasses.dataclass
class RecordedRequest:
    """A request as it came in; ``status`` is that of the answer, 0 until there is one.

    ``query`` has a list for each name, ``headers`` has lower-case names, ``json`` is None for a body that is no JSON.
    ``answer`` is the beginning of the answer's body, for the reports of tests that fail. ``number`` counts from 0 the
    requests to DLI that were handled, as the journal does; None for others. ``shows`` is the time of what a read shows,
    by the clock of the journal, None for what reads no job.
    """

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes
    json: Any
    status: int = 0
    answer: bytes = b""
    number: int | None = None
    shows: float | None = None


def create_app(service: LocalDli) -> Flask:
    """Return the WSGI application of a service. Each endpoint is named like its operation in the contract."""
    app = Flask("local_dli", static_folder=None)
    app.url_map.strict_slashes = True
    app.json.sort_keys = False  # type: ignore[attr-defined]  # Flask's default provider has it
    views = _Views(service)
    jar_jobs = "/v1.0/<project_id>/streaming/flink-jobs"
    sql_jobs = "/v1.0/<project_id>/streaming/sql-jobs"
    jobs = "/v1.0/<project_id>/streaming/jobs"
    templates = "/v1.0/<project_id>/streaming/job-templates"

    def route(method: str, rule: str, operation: str, view: Callable[..., Any]) -> None:
        app.add_url_rule(rule, operation, view, methods=[method], provide_automatic_options=False)

    route("POST", jar_jobs, "createFlinkJarJob", views.create)
    route("PUT", f"{jar_jobs}/<job_id>", "updateFlinkJarJob", views.update)
    route("POST", sql_jobs, "createFlinkSqlJob", views.create_sql)
    route("PUT", f"{sql_jobs}/<job_id>", "updateFlinkSqlJob", views.update_sql)
    route("GET", jobs, "listFlinkJobs", views.list)
    route("POST", f"{jobs}/run", "runFlinkJobs", views.run)
    route("POST", f"{jobs}/stop", "stopFlinkJobs", views.stop)
    route("POST", f"{jobs}/delete", "deleteFlinkJobs", views.delete_many)
    route("POST", f"{jobs}/export", "exportFlinkJobs", views.export_jobs)
    route("POST", f"{jobs}/import", "importFlinkJobs", views.import_jobs)
    route("GET", f"{jobs}/<job_id>", "showFlinkJob", views.show)
    route("DELETE", f"{jobs}/<job_id>", "deleteFlinkJob", views.delete)
    route("GET", f"{jobs}/<job_id>/execute-graph", "showFlinkJobExecutionGraph", views.execution_graph)
    route("POST", f"{jobs}/<job_id>/savepoint", "triggerFlinkJobSavepoint", views.savepoint)
    route("POST", f"{jobs}/<job_id>/import-savepoint", "importFlinkJobSavepoint", views.import_savepoint)
    route("POST", "/v3/<project_id>/streaming/jobs/<job_id>/gen-graph", "createFlinkSqlJobGraph", views.stream_graph)
    views.tags.add_routes(route)
    route("POST", templates, "createFlinkSqlJobTemplate", views.create_template)
    route("GET", templates, "listFlinkSqlJobTemplates", views.list_templates)
    route("PUT", f"{templates}/<template_id>", "updateFlinkSqlJobTemplate", views.update_template)
    route("DELETE", f"{templates}/<template_id>", "deleteFlinkSqlJobTemplate", views.delete_template)
    route("POST", "/v3/auth/tokens", "createToken", views.create_token)
    route("GET", "/v3/projects", "listProjects", views.list_projects)
    route("GET", "/", "versions", views.versions)
    route("GET", "/v3", "version", views.version)
    route("GET", "/v3/", "version_slash", views.version)

    @app.before_request
    def before() -> None:
        g.record = _record(request)
        service.requests.append(g.record)
        # One request sees one behaviour, even when a test replaces it meanwhile.
        g.behaviour = service.behaviour
        if not _is_for_iam(request):
            g.admitted = service.in_flight.admit(g.behaviour.max_in_flight)
            if not g.admitted:
                raise throttled(g.behaviour.throttle_retry_after)
        if g.behaviour.latency_seconds:
            service.sleep(g.behaviour.latency_seconds)
        if request.endpoint is None or request.endpoint.startswith("version"):
            return
        if request.endpoint in SAVEPOINT_OPERATIONS and g.behaviour.savepoint_operations == "absent":
            raise unoffered()
        if request.endpoint in tags.OPERATIONS:
            tags.refuse(g.behaviour.job_tags)
        if request.endpoint != "createToken":
            _authorise(service, request)
        violation = contract().request_violation(request) if service.validate_requests else None
        if violation is not None:
            raise _error(400, "DLI.0001", violation)
        # Held until the answer is made: jobs change under a request and in the test's own thread.
        service.jobs.lock.acquire()
        g.locked = True
        if not _is_for_iam(request):
            g.record.number = service.handle()
            _let_others_act(service, service.actor.before)
            if not service.actor.is_idle:
                # What the script changes about the service right before a request counts for this one already.
                g.behaviour = service.behaviour

    @app.errorhandler(ApiError)
    def refused(error: ApiError) -> tuple[Any, int, dict[str, str]]:
        if g.behaviour.messages == "by_header" and request.headers.get("X-Language") != "en-us":
            error.message = IN_CHINESE
        return app.json.response(error.body()), error.status, error.headers

    @app.errorhandler(HTTPException)
    def unrouted(error: HTTPException) -> tuple[Any, int, dict[str, str]]:
        # The code and the shape of an API gateway; assumed. HTTP wants Allow with 405.
        headers = {"Allow": ", ".join(sorted(getattr(error, "valid_methods", None) or ()))}
        body = {"error_code": "APIG.0101", "error_msg": f"There is no such call ({error.code})."}
        return body, error.code or 500, headers if error.code == 405 else {}

    @app.errorhandler(Exception)
    def broken(error: Exception) -> tuple[Any, int]:
        service.contract_violations.append(f"{request.endpoint}: {type(error).__name__} in the local service")
        log.error("%s in %s", type(error).__name__, request.endpoint)
        return _error(500, "LOCAL.BROKEN", f"The local service is broken: {type(error).__name__}.").body(), 500

    @app.after_request
    def after(response: Response) -> Response:
        if g.get("locked") and g.record.number is not None:
            _let_others_act(service, service.actor.after)
        is_odd = g.get("is_odd", False)
        checked = service.validate_responses and request.endpoint in OPERATIONS and not is_odd
        violation = contract().response_violation(request, response) if checked else None
        if violation is not None:
            service.contract_violations.append(f"{request.endpoint}: {violation}")
            response = app.make_response(({"error_code": "LOCAL.CONTRACT", "error_msg": violation}, 500))
        response.headers["X-Request-Id"] = uuid.uuid4().hex
        g.record.status = response.status_code
        g.record.answer = response.get_data()[:LONGEST_ANSWER]
        # Never the query: a client may have put anything there.
        log.info("%s %s %d", request.method, quote(request.path), response.status_code)
        return response

    @app.teardown_request
    def teardown(_error_or_none: BaseException | None) -> None:
        if g.pop("locked", False):
            service.jobs.lock.release()
        if g.pop("admitted", False):
            service.in_flight.leave()

    # Flask's documented way to wrap an application.
    app.wsgi_app = service.in_flight.counting(app.wsgi_app)  # type: ignore[method-assign, assignment]
    return app


def _let_others_act(service: LocalDli, act: Callable[[str, str], None]) -> None:
    """Let the second actor do what is due, and keep what the jobs are like where a later read may show it."""
    keeps = service.behaviour.shows_the_past or not service.actor.is_idle
    if keeps:
        service.jobs.keep_history()
    act(request.method, request.endpoint or "")
    if keeps:
        service.jobs.keep_history()


OPERATIONS = frozenset(
    operation["operationId"]
    for path in contract().document["paths"].values()
    for operation in path.values()
    if isinstance(operation, dict)
)


class _Views:
    """One method for each operation; a body has passed the contract when it gets here."""

    def __init__(self, service: LocalDli) -> None:
        self.service = service
        self.store = service.jobs
        self.tags = tags.TagViews(service.jobs, self._seen)

    def create(self, project_id: str) -> Any:
        return self._created(self.store.create(project_id, request.get_json(), behaviour=g.behaviour))

    def create_sql(self, project_id: str) -> Any:
        body = request.get_json()
        if "template_id" in body and not body.get("sql_body"):
            template = self.service.templates.find(body["template_id"], g.behaviour)
            body = body | {"sql_body": template.get("sql_body", "")}
        return self._created(self.store.create(project_id, body, body.get("job_type", SQL_JOB), g.behaviour))

    def _created(self, job: Job) -> Any:
        status = {"job_id": job.job_id, "status_name": job.status, "status_desc": job.status_desc}
        return self._answer("The job was created.", job=status)

    def update_sql(self, project_id: str, job_id: str) -> Any:
        return self.update(project_id, job_id, is_jar=False)

    def update(self, project_id: str, job_id: str, is_jar: bool = True) -> Any:
        job = self._job(project_id, job_id)
        self.store.update(job, request.get_json(), g.behaviour, is_jar)
        return self._answer("The job was changed.", job={"update_time": job.update_time})

    def list(self, project_id: str) -> Any:
        query = request.args
        seen = self._seen(g.behaviour.list_lag_seconds)
        found = self.store.search(project_id, query.to_dict(), g.behaviour, seen)
        if query.get("order") == "asc":
            found.reverse()
        offset = int(query.get("offset", 0))
        page = _page(found[offset : offset + int(query.get("limit", 10))], g.behaviour)
        g.is_odd = any(job.odd for job in page)
        read = reading.detailed_item if query.get("show_detail", "").lower() == "true" else reading.summary
        now_ms = self.store.now_ms()
        items = [read(job, g.behaviour, now_ms) for job in page]
        return self._answer("", job_list={"total_count": len(found), "jobs": items})

    def show(self, project_id: str, job_id: str) -> Any:
        seen = self._seen(g.behaviour.detail_lag_seconds)
        if g.behaviour.odd_job != "none" and int(job_id) == ODD_JOB_ID:
            raise unshared()
        job = self.store.find(project_id, int(job_id), g.behaviour, records=True, seen=seen)
        if job.detail_refused:
            raise unshared()
        g.is_odd = bool(job.odd)
        return self._answer("", job_detail=reading.detail(job, g.behaviour, self.store.now_ms()))

    def run(self, project_id: str) -> Any:
        resume = request.get_json().get("resume_savepoint", False)
        return self._each(
            "run",
            project_id,
            act=lambda job: self.store.start(job, resume, g.behaviour),
            check=lambda job: self.store.check_start(job, resume, g.behaviour),
        )

    def stop(self, project_id: str) -> Any:
        trigger = request.get_json().get("trigger_savepoint", False)
        return self._each(
            "stop",
            project_id,
            act=lambda job: self.store.stop(job, trigger, g.behaviour),
            check=self.store.check_stop,
        )

    def delete_many(self, project_id: str) -> Any:
        return self._each("delete", project_id, act=lambda job: self.store.delete(job, g.behaviour))

    def delete(self, project_id: str, job_id: str) -> Any:
        self.store.delete(self._job(project_id, job_id), g.behaviour)
        return self._answer(MESSAGES["delete"])

    def execution_graph(self, project_id: str, job_id: str) -> Any:
        job = self._viewable(project_id, job_id)
        if job.start_time is None:
            raise ApiError(400, "DLI.0002", "The job never ran.")
        end_time = self.store.now_ms() if job.end_time is None else job.end_time
        flink_id, state = self.store.execution(job)
        graph = {
            "jid": flink_id,
            "name": job.name,
            "isStoppable": False,
            "state": state,
            "start-time": job.start_time,
            "end-time": -1 if job.end_time is None else job.end_time,
            "duration": end_time - job.start_time,
        }
        if g.behaviour.execution_plan == "full":
            graph |= _plan(graph, self.store.now_ms())
        return self._answer("", execute_graph=graph)

    def stream_graph(self, project_id: str, job_id: str) -> Any:
        self._viewable(project_id, job_id)
        body = request.get_json()
        if body.get("flink_version", "1.12") not in ("1.10", "1.12"):
            raise parameter("There are stream graphs for Flink 1.10 and 1.12 only.")
        if body.get("static_estimator") and not body.get("static_estimator_config"):
            raise parameter("static_estimator needs static_estimator_config.")
        parallelism = body.get("parallel_number", 1)
        source, sink = (hashlib.md5(name.encode()).hexdigest() for name in ("source", "sink"))
        graph = {
            "jid": uuid.uuid4().hex,
            "name": "InternalJob",
            "nodes": [{"id": source, "parallelism": parallelism, "description": body["sql_body"]}],
            "operator_list": [
                {"id": sink, "type": "Sink", "parallelism": parallelism, "input_operators_id": [source]},
                {"id": source, "type": "Source", "parallelism": parallelism, "input_operators_id": []},
            ],
        }
        return self._answer("", error_code="", stream_graph=json.dumps(graph))

    def savepoint(self, project_id: str, job_id: str) -> Any:
        job = self._job(project_id, job_id)
        success, message = True, "The request to make a savepoint was taken."
        try:
            self.store.save(job, request.get_json()["savepoint_path"], g.behaviour)
        except Refused as refusal:
            success, message = False, str(refusal)
        if g.behaviour.savepoint_outcome == "plain":
            return self._element(success, message)
        # The word inside the message, a boolean outside, as in the example of the vendor's reference.
        return self._element(True, json.dumps({"is_success": str(success).lower(), "message": message}))

    def import_savepoint(self, project_id: str, job_id: str) -> Any:
        self.store.import_savepoint(self._job(project_id, job_id), request.get_json()["savepoint_path"])
        return self._element(True, "The savepoint was imported.")

    def export_jobs(self, project_id: str) -> Any:
        body = request.get_json()
        if not body["is_selected"]:
            jobs = self.store.search(project_id, {}, g.behaviour)
        elif body.get("job_selected"):
            jobs = [self._job(project_id, job_id) for job_id in body["job_selected"]]
        else:
            raise parameter("is_selected needs job_selected.")
        files = self.service.archives.export(jobs, body["obs_dir"], g.behaviour)
        return self._answer("The jobs were exported.", zip_file=files)

    def import_jobs(self, project_id: str) -> Any:
        body = request.get_json()
        is_cover = body.get("is_cover", False)
        mapping = self.service.archives.restore(project_id, body["zip_file"], is_cover, g.behaviour)
        return self._answer("The jobs were imported.", job_mapping=mapping)

    def create_template(self, project_id: str) -> Any:
        template = self.service.templates.create(request.get_json(), g.behaviour)
        shown = {key: value for key, value in template.items() if key in TEMPLATE_CREATED}
        return self._answer("The template was created.", template=shown)

    def list_templates(self, project_id: str) -> Any:
        query = request.args
        found = self.service.templates.search(query.get("name", ""), query.get("tags", ""))
        if query.get("order") == "asc":
            found.reverse()
        offset = int(query.get("offset", 0))
        page = found[offset : offset + int(query.get("limit", 10))]
        shown = [{key: value for key, value in template.items() if key != "tags"} for template in page]
        return self._answer("", template_list={"total_count": len(found), "templates": shown})

    def update_template(self, project_id: str, template_id: str) -> Any:
        templates = self.service.templates
        templates.update(templates.find(int(template_id), g.behaviour), request.get_json())
        return self._answer("The template was changed.")

    def delete_template(self, project_id: str, template_id: str) -> Any:
        templates = self.service.templates
        templates.delete(templates.find(int(template_id), g.behaviour))
        return self._answer("The template was deleted.", template={"template_id": int(template_id)})

    def create_token(self) -> Any:
        catalog = "nocatalog" not in request.args
        token, body = self.service.iam.create_token(
            request.get_json(), g.behaviour, self.service.url, catalog, request.headers.get("X-Auth-Token")
        )
        return body, 201, {"X-Subject-Token": token}

    def list_projects(self) -> Any:
        return {"projects": self.service.iam.projects(request.args.get("name"), request.args.get("domain_id"))}

    def versions(self) -> Any:
        return {"versions": {"values": [self._version()]}}, 300

    def version(self) -> Any:
        return {"version": self._version()}

    def _version(self) -> dict[str, Any]:
        """Return the version document keystoneauth1 asks for; the contract has none."""
        links = [{"rel": "self", "href": f"{self.service.auth_url}/"}]
        return {"id": "v3.6", "status": "stable", "links": links, "updated": "2016-04-04T00:00:00Z", "media-types": []}

    def _seen(self, own_lag: float) -> JobIndex:
        """Return the jobs as a read shows them, and record how old that is."""
        lag = self._lag(own_lag)
        g.record.shows = self.store.time_seen(lag)
        return self.store.seen(lag)

    def _lag(self, own: float) -> float:
        """Return how many seconds ago a read shows the jobs: its own lag, and that of the replica whose turn it is."""
        if not g.behaviour.replica_lag_seconds:
            return own
        is_behind = next(self.service.replica_turns) % 2 == (g.behaviour.replica_first == "fresh")
        return own + (g.behaviour.replica_lag_seconds if is_behind else 0.0)

    def _job(self, project_id: str, job_id: int | str) -> Job:
        return self.store.find(project_id, int(job_id), g.behaviour)

    def _viewable(self, project_id: str, job_id: str) -> Job:
        """Return a job that our user may view, which need not be each that the list has."""
        job = self._job(project_id, job_id)
        if job.detail_refused:
            raise unshared()
        return job

    def _each(
        self,
        operation: str,
        project_id: str,
        act: Callable[[Job], None],
        check: Callable[[Job], None] = lambda job: None,
    ) -> Any:
        """Do something with each job and return the array of a batch call, which never has job numbers.

        :param act: raises Refused for an unsuccessful element, ApiError for an error that is the whole answer when the
            job is alone; other jobs of the call do not suffer from it.
        :param check: raises the same without doing anything.
        :raises ApiError: for a job that is alone, or when one refused job has the whole call refused.
        """
        job_ids = request.get_json()["job_ids"]
        if g.behaviour.batch_refusal == "whole":
            self._check_all(project_id, job_ids, check)
        elements = []
        for job_id in job_ids:
            try:
                job = self._job(project_id, job_id)
            except ApiError as error:
                elements.append(self._element(False, f"{error.code}: {error.message}"))
                continue
            try:
                act(job)
            except Refused as refusal:
                elements.append(self._element(False, str(refusal)))
            except ApiError as error:
                if len(job_ids) == 1:
                    raise
                elements.append(self._element(False, f"{error.code}: {error.message}"))
            else:
                elements.append(self._element(True, MESSAGES[operation]))
        if g.behaviour.batch_answers == "full":
            return elements
        # One for all: the first failure, if there is one.
        one = min(elements, key=lambda element: element["is_success"] in (True, "true"))
        return one if g.behaviour.batch_answers == "object" else [one]

    def _check_all(self, project_id: str, job_ids: Iterable[int], check: Callable[[Job], None]) -> None:
        """Refuse a batch call with the error of the first job in it that cannot be done.

        :raises ApiError: that error.
        """
        for job_id in job_ids:
            job = self._job(project_id, job_id)
            try:
                check(job)
            except Refused as refusal:
                code, _colon, message = str(refusal).partition(": ")
                raise ApiError(400, code, message) from refusal

    @staticmethod
    def _element(success: bool, message: str) -> dict[str, Any]:
        form = g.behaviour.is_success
        is_text = form == "string" or (form == "by_call" and request.endpoint in SUCCESS_AS_TEXT)
        return {"is_success": str(success).lower() if is_text else success, "message": message}

    def _answer(self, message: str, **content: Any) -> dict[str, Any]:
        return self._element(True, message) | content


# The states of a task that Flink counts in an execution plan, as in the example of the vendor's reference.
TASK_STATES = (
    "CREATED", "SCHEDULED", "DEPLOYING", "RUNNING", "FINISHED", "CANCELING", "CANCELED", "FAILED", "RECONCILING",
)  # fmt: skip


def _plan(graph: dict[str, Any], now_ms: int) -> dict[str, Any]:
    """Return the rest of an execution plan, with one vertex; its shape is that of the vendor's reference."""
    counts = dict.fromkeys(TASK_STATES, 0)
    if graph["state"] in counts:
        counts[graph["state"]] = 1
    vertex_id = hashlib.md5(graph["jid"].encode()).hexdigest()
    times = {name: graph[name] for name in ("start-time", "end-time", "duration")}
    vertex = {"id": vertex_id, "name": "Source: events", "parallelism": 1, "status": graph["state"], **times}
    metrics = {"read-bytes": 0, "read-bytes-complete": True, "write-records": 0, "write-records-complete": True}
    node = {
        "id": vertex_id,
        "parallelism": 1,
        "operator": "",
        "operator_strategy": "",
        "description": "Source: events",
        "optimizer_properties": {},
    }
    return {
        "now": now_ms,
        "timestamps": {"CREATED": graph["start-time"], "RUNNING": graph["start-time"], "FAILED": 0, "FINISHED": 0},
        "vertices": [vertex | {"tasks": counts, "metrics": metrics, "backpressure-level": "ok"}],
        "status-counts": counts,
        "jmx-metric-port": -1,
        "plan": {"jid": graph["jid"], "name": graph["name"], "nodes": [node]},
    }


def _page(jobs: list[Job], behaviour: Behaviour) -> list[Job]:
    """Return what a page of the list has of the jobs that it should have."""
    if behaviour.list_pages == "empty":
        return []
    return jobs[: (len(jobs) + 1) // 2] if behaviour.list_pages == "short" else jobs


def _record(received: Request) -> RecordedRequest:
    body = received.get_data()
    try:
        data = json.loads(body) if body else None
    except ValueError:
        data = None
    return RecordedRequest(
        method=received.method,
        path=received.path,
        query=parse_qs(received.query_string.decode("latin-1"), keep_blank_values=True),
        headers={name.lower(): value for name, value in received.headers.items()},
        body=body,
        json=data,
    )


def _is_for_iam(received: Request) -> bool:
    of_dli = "/streaming/" in received.path or "/dli_flink_job/" in received.path
    return (received.path.startswith("/v3") and not of_dli) or received.path == "/"


def _error(status: int, code: str, message: str) -> ApiError:
    """Return an error in the shape of the service asked."""
    if _is_for_iam(request):
        titles = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden"}
        return IamError(status, titles.get(status, "Internal Server Error"), message)
    return ApiError(status, code, message)


def _authorise(service: LocalDli, received: Request) -> None:
    """Check who asks, by token or by signature, and that the project asked for is theirs.

    :raises ApiError: 401 (DLI.0013) or 403 (DLI.0016); these codes for these cases are assumed.
    """
    project_id = (received.view_args or {}).get("project_id")
    if "X-Auth-Token" in received.headers:
        token = service.iam.token(received.headers["X-Auth-Token"])
        if token is None:
            raise _error(401, "DLI.0013", "The token is unknown or has expired.")
        allowed = {token.project["id"]} if token.project else set()
    elif "Authorization" in received.headers:
        try:
            signature.verify(received)
        except signature.BadSignature as problem:
            raise _error(401, "DLI.0013", str(problem)) from problem
        allowed = {project["id"] for project in iam.PROJECTS} & {received.headers.get("X-Project-Id")}
    else:
        raise _error(401, "DLI.0013", "There is neither a token nor a signature.")
    if project_id is not None and project_id not in allowed:
        raise _error(403, "DLI.0016", "This is not for the project of the path.")
