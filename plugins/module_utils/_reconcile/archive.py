# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Exports jobs into ZIP files in OBS, and imports them from there. Only the service knows what is in a ZIP file."""

from __future__ import annotations

import time
from dataclasses import dataclass

from .._api.archives import ArchiveApi
from .._errors import (
    ConflictError,
    InvalidInput,
    OutcomeUnknown,
    RequestError,
)
from .._http.retry import may_be_carried_out
from .._model.checks import WIDEST_LONG, check_name, check_number, check_obs_path
from .._model.job import OddJob
from .._model.result import Result
from .._read.reader import JobReader
from .._read.snapshot import Snapshot
from .._text import printable
from . import wait as _wait
from .writes import Writes


@dataclass(frozen=True)
class ExportTask:
    """What to export.

    :param obs_dir: where to.
    :param names: the names of the jobs, and C(job_ids) the ids of others; None for both means all jobs.
    """

    obs_dir: str
    names: tuple | None = None
    job_ids: tuple | None = None


@dataclass(frozen=True)
class ImportTask:
    """What to import.

    :param zip_file: a ZIP file, or a folder of them.
    :param is_cover: whether jobs that are there are overwritten.
    :param names: the names of the jobs in it as far as the task gives them, else None.
    """

    zip_file: str
    is_cover: bool = False
    names: tuple | None = None


def export_options() -> dict:
    """Return the part of the argument spec about an export."""
    return {
        "obs_dir": {"type": "str", "required": True},
        "names": {"type": "list", "elements": "str"},
        "job_ids": {"type": "list", "elements": "int"},
    }


def import_options() -> dict:
    """Return the part of the argument spec about an import."""
    return {
        "zip_file": {"type": "str", "required": True},
        "is_cover": {"type": "bool", "default": False, "aliases": ["overwrite"]},
        "names": {"type": "list", "elements": "str"},
    }


def export_from_params(params: dict) -> ExportTask:
    """Return what a module's parameters ask for.

    :raises InvalidInput: with the first rule that is broken.
    """
    names, job_ids = _names(params), params["job_ids"]
    for job_id in job_ids or ():
        check_number("job_ids", job_id, 1, WIDEST_LONG)
    if (names is not None or job_ids is not None) and not (names or job_ids):
        raise InvalidInput("names and job_ids name no job; leave both out to export all jobs.")
    check_obs_path("obs_dir", params["obs_dir"])
    return ExportTask(params["obs_dir"], names, None if job_ids is None else tuple(job_ids))


def import_from_params(params: dict) -> ImportTask:
    """Return what a module's parameters ask for.

    :raises InvalidInput: with the first rule that is broken.
    """
    names = _names(params)
    if names is not None and not names:
        raise InvalidInput("names is empty, but must name the jobs in the ZIP file, or be left out.")
    if names and params["is_cover"]:
        raise InvalidInput(
            "names is given, but with is_cover true the jobs are imported whether or not they are there."
        )
    check_obs_path("zip_file", params["zip_file"])
    return ImportTask(params["zip_file"], params["is_cover"], names)


def export_jobs(api: ArchiveApi, task: ExportTask, apply: bool) -> dict:
    """Export jobs and return the module's result.

    :param apply: False for check mode: reads whether the jobs exist, and exports nothing.
    :raises DliError: a job is not there, or the service rejected a request or did not respond.
    """
    selected = _selected(api, task)
    body = {"obs_dir": task.obs_dir, "is_selected": selected is not None}
    if selected is not None:
        body["job_selected"] = [job["job_id"] for job in selected]
    zip_file = _sent_once("export", lambda: api.export_jobs(body)) if apply else []
    return _result("export", True, {"zip_file": zip_file, "jobs": selected})


def import_jobs(api: ArchiveApi, task: ImportTask, apply: bool, clock=time) -> dict:
    """Import jobs and return the module's result.

    :param apply: False for check mode: imports nothing.
    :raises DliError: the service rejected a request or did not respond.
    """
    missing = None
    if task.names:
        missing = [name for name, ids in _ids_by_name(api, task.names).items() if not ids]
        if not missing:
            return _result("import", False, {"job_mapping": []})
    if not apply:
        warnings = []
        if missing is None and not task.is_cover:
            warnings.append(
                f"Which jobs are in {task.zip_file} is not known before they are imported. Jobs that exist already are "
                "left as they are, so perhaps nothing changes. Give names to know it beforehand."
            )
        return _result("import", True, {"job_mapping": []}, warnings)
    if task.is_cover:
        mapping = _sent_once("import", lambda: api.import_jobs({"zip_file": task.zip_file, "is_cover": True}))
        return _result("import", _is_change(mapping), {"job_mapping": mapping}, _not_overwritten(task, mapping))
    return _import_what_is_missing(api, task, missing or [], clock)


def _import_what_is_missing(api, task, missing, clock):
    """Import jobs that are not there, and return the module's result.

    To send this twice is safe, as jobs that are there are left alone (documented). But the second request finds what
    the first one has made, so its response does not show whether anything changed.

    :param missing: those of the task's names that are not there. The other jobs of the file are not known.
    """
    responses: list[list] = []
    sent = 0

    def send():
        nonlocal sent
        sent += 1
        responses.append(api.import_jobs({"zip_file": task.zip_file, "is_cover": False}))

    def read():
        return _ids_by_name(api, missing)

    def are_all_there(there):
        return bool(there) and all(there.values())

    try:
        writes = Writes(clock)
        there = writes.send(send, read, are_all_there, patient=True)
        if responses and missing:
            # The response names no jobs, and the list may be late with those that it has made.
            patience = _wait.GRACE_SECONDS if _is_change(responses[0]) else 0.0
            there = writes.watch(read, are_all_there, patience)
    except RequestError as exc:
        imported = bool(responses) and _is_change(responses[0])
        if not imported and (sent > 1 or responses) and not isinstance(exc, OutcomeUnknown):
            raise _in_doubt(exc, "Whether an import was carried out before is not known.") from exc
        raise exc.after([{"operation": "import"}] if imported else []) from exc
    found = [{"old_job_id": None, "new_job_id": ids[0], "remark": ""} for ids in (there or {}).values() if ids]
    changed, mapping, warnings = bool(found), found, []
    if responses:
        changed, mapping = changed or _is_change(responses[0]), responses[0]
    else:
        warnings.append(
            "The response to the import was lost, so job_mapping has only those jobs of names that are there now."
        )
    if sent > 1 and not changed:
        changed = True
        warnings.append(
            f"The response to an import of {task.zip_file} was lost. When it was sent again, all jobs were there; "
            "whether the first one has imported any is not known, so it counts as a change."
        )
    warnings += _still_missing(task, [name for name in missing if not (there or {}).get(name)])
    return _result("import", changed, {"job_mapping": mapping}, warnings)


def _not_overwritten(task, mapping):
    left = [job for job in mapping if job["new_job_id"] is None]
    if not left:
        return []
    return [
        f"{len(left)} of {len(mapping)} jobs in {task.zip_file} were not imported. The first one is that with "
        f"old_job_id {left[0]['old_job_id']}: {left[0]['remark'] or 'the service gives no reason'}"
    ]


def _still_missing(task, names):
    if not names:
        return []
    verb, pronoun = ("is", "it") if len(names) == 1 else ("are", "them")
    return [
        f"{', '.join(names)} {verb} still not there after the import of {task.zip_file}; the ZIP file may not have "
        f"{pronoun}."
    ]


def _is_change(mapping):
    return any(job["new_job_id"] is not None for job in mapping)


def _names(params):
    if params["names"] is None:
        return None
    for name in params["names"]:
        check_name("names", name)
    return tuple(dict.fromkeys(params["names"]))


def _ids_by_name(api, names):
    """Return the ids of the jobs of each name, from one list where that takes fewer requests."""
    reader = JobReader(api).within(Snapshot(api, len(names)))
    return {name: reader.ids_named(name) for name in names}


def _selected(api, task):
    """Return the jobs to export as name and id, None for all.

    :raises ConflictError: one of them is not there, or its name is not unique.
    """
    if task.names is None and task.job_ids is None:
        return None
    odd: list[OddJob] = []
    responses = api.list_jobs(show_detail=False, odd=odd)
    jobs = {int(job["job_id"]): printable(job.get("name") or "") for job in responses}
    for job in odd:
        if job.name in (task.names or ()) or job.job_id in (task.job_ids or ()):
            raise ConflictError(f"A job that is to be exported cannot be read. {job.problem} Nothing was exported.")
    chosen = []
    for name in task.names or ():
        found = [job_id for job_id, other in jobs.items() if other == name]
        if len(found) != 1:
            ids = ", ".join(map(str, sorted(found)))
            raise ConflictError(
                f"Several jobs are named {name}: {ids}; say which one with job_ids. Nothing was exported."
                if found
                else f"There is no Flink job {name}; nothing was exported."
            )
        chosen += found
    for job_id in task.job_ids or ():
        if job_id not in jobs:
            raise ConflictError(f"There is no Flink job {job_id}; nothing was exported.")
        chosen.append(job_id)
    return [{"job_id": job_id, "name": jobs[job_id]} for job_id in dict.fromkeys(chosen)]


def _sent_once(operation, send):
    """Send a write once, even when its response is lost: nothing shows its outcome, and sending it twice does more."""
    try:
        return send()
    except RequestError as exc:
        if may_be_carried_out(exc):
            raise _in_doubt(exc, f"Whether the {operation} was carried out is not known.") from exc
        raise


def _in_doubt(exc, explanation):
    return exc.with_result({"changed": True, "actions": []}).explained(explanation)


def _result(operation, changed, facts, warnings=()):
    actions = ({"operation": operation},) if changed else ()
    return Result(subject="", actions=actions, changes=None, facts=facts, warnings=tuple(warnings)).as_dict()
