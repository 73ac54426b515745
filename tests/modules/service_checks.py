# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The check of the service run against a behaviour, and what it has to report of that."""

from __future__ import annotations

import dataclasses
import json
import random
import threading
from typing import Any, get_args, get_origin, get_type_hints

from ansible_collections.otc.dli.plugins.module_utils._check.questions import NOT_OBSERVABLE
from ansible_collections.otc.dli.plugins.modules import dli_service_check

from local_dli import Behaviour, LocalDli
from module_runner import run_module

# What stands for a question that cannot be answered.
NOT_SEEN = "(not seen)"
RUN = {
    "level": "run",
    "queue_name": "queue",
    "entrypoint": "obs://bucket/job.jar",
    "obs_bucket": "bucket",
    "obs_dir": "bucket/exports",
}
WIDTH = 4
# Values of the switches that have no list of them.
NUMBERS: dict[str, tuple] = {
    **dict.fromkeys(
        ("list_lag_seconds", "detail_lag_seconds", "replica_lag_seconds", "init_seconds", "submit_seconds",
         "savepoint_seconds", "cancel_seconds", "savepoint_late_seconds", "delete_seconds"),
        (0.0, 1.0, 4.0),
    ),
    "submit_seconds": (0.0, 3.0, 360.0),
    "latency_seconds": (0.0, 0.1),
    "max_in_flight": (None, 1, 3),
}  # fmt: skip

# What can go wrong at a request. From a killed check nothing more comes.
KINDS = ("unavailable", "lost", "refused", "forbidden", "empty", "odd", "killed before", "killed after")
_ODD = {
    "job_list": {"jobs": [{"job_id": "x", "job_config": 3}], "total_count": "many"},
    "job_detail": {"job_config": [], "status": 5, "has_savepoint": {}},
    "job": {"job_id": []},
    "template": 7,
    "template_list": {"templates": [1]},
    "zip_file": "none",
    "is_success": 7,
}


class Meddling:
    """Middleware that lets something go wrong at a request to DLI.

    C(wait_for_throttled) waits until so many requests were throttled. C(refused) are beginnings of requests, such as
    "DELETE /jobs", that are refused with HTTP 403, and C(instead) has what others get, without effect: the JSON of a
    success, or a tuple of an HTTP status and JSON. C(change) is
    called with the number, the request and the JSON of each response, and returns what is sent instead.
    """

    def __init__(self) -> None:
        self._app: Any = None
        self.begin(None)

    def begin(self, kind: str | None, number: int = 0) -> None:
        """Count requests from 0 again, and let this go wrong at that one."""
        self._kind, self._number, self._count = kind, number, -1
        self._throttled = 0
        self.refused: tuple[str, ...] = ()
        self.instead: dict[str, Any] = {}
        self.change: Any = None
        self._has_throttled = threading.Condition()

    def wait_for_throttled(self, number: int) -> None:
        with self._has_throttled:
            assert self._has_throttled.wait_for(lambda: self._throttled >= number, timeout=20)

    def __call__(self, app: Any) -> Any:
        self._app = app
        return self._respond

    def _respond(self, environ: dict[str, Any], start_response: Any) -> Any:
        def watched(status: str, headers: Any, *rest: Any) -> Any:
            if status.startswith("429"):
                with self._has_throttled:
                    self._throttled += 1
                    self._has_throttled.notify_all()
            return start_response(status, headers, *rest)

        if not any(part in environ["PATH_INFO"] for part in ("/streaming/", "/dli_flink_job/")):
            return self._app(environ, watched)
        self._count += 1
        request = f"{environ['REQUEST_METHOD']} /{environ['PATH_INFO'].partition('/streaming/')[2]}"
        if request.startswith(self.refused or ("nothing",)):
            start_response("403 Forbidden", [("Content-Type", "application/json")])
            return [json.dumps({"error_code": "DLI.0003", "error_msg": "no"}).encode()]
        for beginning, payload in self.instead.items():
            if request.startswith(beginning):
                status, body = payload if isinstance(payload, tuple) else ("200 OK", payload)
                start_response(status, [("Content-Type", "application/json")])
                return [json.dumps(body).encode()]
        if self.change:
            return self._changed(environ, start_response, request)
        kind = self._kind or ""
        is_on = self._count == self._number
        if kind in ("killed before", "refused from") and self._count >= self._number:
            is_on = True
        if kind == "killed after" and self._count > self._number:
            is_on, kind = True, "killed before"
        if not kind or not is_on:
            return self._app(environ, watched)
        if kind in ("lost", "empty", "odd", "killed after"):
            self._carry_out(environ)
        status, body = {
            "refused": ("400 Bad Request", {"error_code": "DLI.0001", "error_msg": "orders is not known"}),
            "refused from": ("400 Bad Request", {"error_code": "DLI.0001", "error_msg": "orders is not known"}),
            "forbidden": ("401 Unauthorized", {"error_code": "DLI.0013", "error_msg": "no"}),
            "empty": ("200 OK", {}),
            "odd": ("200 OK", _ODD),
        }.get(kind, ("503 Service Unavailable", {"error_code": "APIG.0503", "error_msg": "no"}))
        start_response(status, [("Content-Type", "application/json")])
        return [json.dumps(body).encode()]

    def _changed(self, environ: dict[str, Any], start_response: Any, request: str) -> Any:
        begun: list[Any] = []
        response = self._app(environ, lambda *start: begun.append(start[:2]))
        body = b"".join(response)
        response.close()
        status, headers = begun[0]
        if status.startswith("200"):
            body = json.dumps(self.change(self._count, request, json.loads(body))).encode()
        start_response(status, [header for header in headers if header[0].lower() != "content-length"])
        return [body]

    def _carry_out(self, environ: dict[str, Any]) -> None:
        response = self._app(environ, lambda *_start: lambda _data: None)
        list(response)
        response.close()


def with_a_part_replaced(value: Any, chance: random.Random) -> Any:
    """Return a JSON value of which one part, or the whole, is something else."""
    if not isinstance(value, (dict, list)) or not value or chance.random() < 0.2:
        return chance.choice([None, [], {}, "x", 5])
    key = chance.choice(list(value) if isinstance(value, dict) else range(len(value)))
    value[key] = with_a_part_replaced(value[key], chance)
    return value


def values_of(switch: str) -> tuple:
    """Return the values of a switch that are tried."""
    hint = get_type_hints(Behaviour)[switch]
    return (
        get_args(hint) if get_origin(hint) is not None and switch not in NUMBERS else NUMBERS.get(switch, (False, True))
    )


def behaviours_of_cells() -> list[tuple[str, Any]]:
    """Return each switch with each value that is not the default, and one that is.

    A limit of requests in flight takes requests that overlap, so it has a test of its own.
    """
    usual = Behaviour()
    apart = ("max_in_flight", "throttle_retry_after", *NOT_OBSERVABLE)
    names = [switch.name for switch in dataclasses.fields(Behaviour) if switch.name not in apart]
    cells = [(name, value) for name in names for value in values_of(name) if value != getattr(usual, name)]
    return [(names[0], getattr(usual, names[0])), *cells]


def plant_users_jobs(service: LocalDli) -> None:
    """Give the user jobs of several kinds and statuses."""
    service.jobs.add(name="orders", queue_name="queue", status="job_running", start_time=1, flink_version="1.15")
    service.jobs.add(name="orders-hourly", queue_name="queue", obs_bucket="bucket", status="job_cancel_success")
    service.jobs.add(name="clicks", job_type="flink_opensource_sql_job", sql_body="SELECT 1", queue_name="queue")


def access_by_password(service: LocalDli) -> dict[str, Any]:
    """Return the options of a login, which brings a catalog."""
    known = service.credentials
    wanted = ("username", "password", "user_domain_name", "project_name")
    return {**{name: known[name] for name in wanted}, "auth_url": service.auth_url, "endpoint": service.url}


def check(service: LocalDli, **options: Any) -> dict[str, Any]:
    """Return the result of a check by the module."""
    params = {**access_by_password(service), "concurrency": WIDTH, "retry_timeout": 0, **options}
    return run_module(dli_service_check, params)


def observed(result: dict[str, Any]) -> dict[str, Any]:
    """Return the answers of a check by the names of the questions."""
    assert not result["failed"], result
    return {name: answer.get("observed", NOT_SEEN) for name, answer in result["report"]["answers"].items()}


def expected(behaviour: Behaviour) -> dict[str, Any]:
    """Return what a check of the level run has to report of a behaviour.

    Some answers hide others: these are the cases in which the local service does the same with two values.
    """
    answers = dataclasses.asdict(behaviour)
    hidden: dict[str, Any] = {}
    if behaviour.catalog == "without_dli":
        hidden["catalog_url"] = NOT_SEEN
    if behaviour.put_omitted == "default":
        # A field that an update clears is one that it leaves out then.
        hidden["clearing"] = "empty"
    if behaviour.batch_refusal == "whole" and behaviour.run_refusal == "element":
        hidden["run_refusal"] = "error"
    if behaviour.max_in_flight is None:
        hidden |= dict.fromkeys(("throttle_retry_after", "max_in_flight"), NOT_SEEN)
    else:
        hidden["max_in_flight"] = f"at most {behaviour.max_in_flight}"
    if behaviour.savepoint != "made":
        hidden |= dict.fromkeys(
            ("savepoint_after_restart", "savepoint_late_seconds", "savepoint_outcome", "savepoint_folders"), NOT_SEEN
        )
    if behaviour.savepoint_operations == "absent":
        hidden["savepoint_outcome"] = NOT_SEEN
    if behaviour.savepoint == "fails" and behaviour.replica_lag_seconds and behaviour.savepoint_seconds:
        hidden["savepoint_seconds"] = NOT_SEEN
    if behaviour.list_pages == "empty":
        hidden |= dict.fromkeys(
            ("summary_fields", "list_details", "list_job_type", "odd_job", "list_lag_seconds"), NOT_SEEN
        )
        if behaviour.delete_keeps_record:
            # As if the deletion had no effect.
            hidden |= dict.fromkeys(("delete_seconds", "delete_keeps_record", "batch_refusal"), NOT_SEEN)
        if behaviour.detail_omits_image:
            # Nothing shows that there is a version.
            hidden["detail_omits_image"] = NOT_SEEN
    if behaviour.tags_filter == "none" and behaviour.job_tags != "offered":
        # Nothing shows that the draft has its tags.
        hidden["tags_filter"] = NOT_SEEN
    return answers | hidden


def misses(result: dict[str, Any], behaviour: Behaviour) -> dict[str, tuple[Any, Any]]:
    """Return the questions that a check has answered otherwise than it should, each with the answer and the truth.

    The service may have no switch for a question.
    """
    truth = expected(behaviour)
    answers = {name: answer for name, answer in observed(result).items() if hasattr(behaviour, name)}
    return {name: (answer, truth[name]) for name, answer in answers.items() if answer != truth[name]}


def some_behaviour(seed: int) -> Behaviour:
    """Return a random behaviour; requests in flight are not limited, as that takes requests that overlap."""
    chance = random.Random(seed)
    names = [switch.name for switch in dataclasses.fields(Behaviour)]
    left = ("max_in_flight", "throttle_retry_after", "finish_after_seconds")
    # A start of minutes is read so often that it has its place in the matrix alone.
    values = {name: [value for value in values_of(name) if value != 360] for name in names if name not in left}
    return Behaviour(**{name: chance.choice(tried) for name, tried in values.items()})
