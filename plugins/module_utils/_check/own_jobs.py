# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The jobs that the check makes: everything that it changes goes through here, and nothing of anybody else's can."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from .._api.raw import RawApi
from .._errors import ApiError, NotFound, RequestError
from .._model.fields import JAR, JobKind
from .facts import NotSeen, number, part, reason_of, seen

NAME_PREFIX = "otc-dli-check-"
# In the description. A job is deleted only when it has both, the prefix and this mark.
MARK = "Made by the check of the collection otc.dli, which deletes it again."
_DELETIONS = 3
_PAUSE_SECONDS = 2.0


class ForeignJob(NotSeen):
    """The check was about to change what it has not made; it never may."""

    def __init__(self) -> None:
        super().__init__("the check changes nothing that it has not made")


class OwnJobs:
    """The jobs and templates of one check.

    :param sleep: callable that waits for a number of seconds.

    C(made) is what was made so far, in words; C(discarded) is how many things C(clean_up) has deleted so far.
    """

    def __init__(self, api: RawApi, sleep: Callable[[float], None]) -> None:
        self._api = api
        self._sleep = sleep
        self._word = secrets.token_hex(4)
        self._kinds: dict[int, JobKind] = {}
        # The names of those that are not deleted yet, by id.
        self._left: dict[int, str] = {}
        # Names of which it is not known whether a job of that name was made.
        self._in_doubt: list[str] = []
        self._templates: dict[int, str] = {}
        self._templates_in_doubt = 0
        self.made: list[str] = []
        self.discarded = 0

    def name(self, suffix: str) -> str:
        """Return the name of a job of this check."""
        return f"{NAME_PREFIX}{self._word}-{suffix}"

    def create(self, suffix: str, kind: JobKind = JAR, **fields: Any) -> tuple[int, Any]:
        """Make a draft; return its id and the response."""
        name = self.name(suffix)
        self._in_doubt.append(name)
        payload = self._api.write_raw("POST", kind.path, {"name": name, "desc": MARK, **fields})
        job_id = number(part(payload, "job", "job_id"))
        self._in_doubt.remove(name)
        self._adopt(job_id, kind, name)
        self.made.append(f"{kind.name} job {suffix}")
        return job_id, payload

    def update(self, job_id: int, note: str = "", **fields: Any) -> Any:
        """Change fields of a job; return the response.

        :param note: stands behind the mark in the description, where it shows that the update had an effect.
        """
        kind = self._kind(job_id)
        # The mark goes with it: an update may reset what it leaves out.
        return self._api.write_raw("PUT", f"{kind.path}/{job_id}", {**fields, "desc": f"{MARK} {note}".strip()})

    def run(self, job_id: int, resume: bool = False) -> Any:
        """Start a job; return the response."""
        self._kind(job_id)
        return self._api.write_raw("POST", "/jobs/run", {"job_ids": [job_id], "resume_savepoint": resume})

    def stop(self, job_id: int, save: bool) -> Any:
        """Stop a job; return the response."""
        self._kind(job_id)
        return self._api.write_raw("POST", "/jobs/stop", {"job_ids": [job_id], "trigger_savepoint": save})

    def trigger_savepoint(self, job_id: int, path: str) -> Any:
        """Make a savepoint of a running job; return the response."""
        self._kind(job_id)
        body = {"action": "TRIGGER", "savepoint_path": path}
        return self._api.write_raw("POST", f"/jobs/{job_id}/savepoint", body)

    def import_savepoint(self, job_id: int, path: str) -> Any:
        """Give a draft the path of a savepoint; return the response."""
        self._kind(job_id)
        body = {"job_id": job_id, "savepoint_path": path}
        return self._api.write_raw("POST", f"/jobs/{job_id}/import-savepoint", body)

    def export(self, job_ids: list[int], folder: str) -> Any:
        """Export jobs into a folder of OBS; return the response."""
        for job_id in job_ids:
            self._kind(job_id)
        body = {"obs_dir": folder, "is_selected": True, "job_selected": job_ids}
        return self._api.write_raw("POST", "/jobs/export", body)

    def delete(self, job_id: int) -> Any:
        """Delete a job; return the response."""
        self._kind(job_id)
        payload = self._api.write_raw("DELETE", f"/jobs/{job_id}")
        del self._left[job_id]
        return payload

    def delete_together(self, job_ids: list[int]) -> Any:
        """Delete jobs in one request; return the response. They count as left, as it does not say which are gone."""
        for job_id in job_ids:
            self._kind(job_id)
        return self._api.write_raw("POST", "/jobs/delete", {"job_ids": job_ids})

    def create_template(self, suffix: str) -> Any:
        """Make a template; return the response."""
        body = {"name": self.name(suffix), "desc": MARK, "sql_body": "SELECT 1"}
        self._templates_in_doubt += 1
        payload = self._api.write_raw("POST", "/job-templates", body)
        self._templates[number(part(payload, "template", "template_id"))] = self.name(suffix)
        self._templates_in_doubt -= 1
        self.made.append(f"template {suffix}")
        return payload

    def adopt_leftovers(self) -> int:
        """Take over what earlier checks have left; return how many jobs and templates that are.

        :raises RequestError: the lists cannot be read.
        """
        found = [
            job
            for job in self._api.list_jobs(show_detail=False, odd=[])
            if _is_ours(job) and int(job["job_id"]) not in self._kinds
        ]
        for job in found:
            self._adopt(int(job["job_id"]), JAR, job["name"])
        return len(found) + self._adopt_templates(NAME_PREFIX)

    def clean_up(self) -> list[str]:
        """Delete all that is left, whatever it takes; return sentences about what may still be there."""
        problems = []
        for name in self._in_doubt:
            try:
                seen(self._find, name)
            except (NotSeen, RequestError) as exc:
                problems.append(f"It is in doubt whether there is a job {name}: {reason_of(exc)}.")
        self._in_doubt.clear()
        jobs = [(name, self._discard(f"/jobs/{job_id}", job_id)) for job_id, name in self._left.items()]
        problems += _sentences_about("job", jobs)
        self._left.clear()
        try:
            if self._templates_in_doubt:
                seen(self._adopt_templates, self.name(""))
        except (NotSeen, RequestError) as exc:
            problems.append(f"It is in doubt whether there is a template {self.name('…')}: {reason_of(exc)}.")
        templates = [(name, self._discard(f"/job-templates/{found}")) for found, name in self._templates.items()]
        problems += _sentences_about("template", templates)
        self._templates.clear()
        return problems

    def _find(self, name):
        """Search for a job whose creation is in doubt."""
        self._sleep(_PAUSE_SECONDS)
        for job in self._api.list_jobs(show_detail=False, odd=[], name=name):
            if _is_ours(job):
                self._adopt(int(job["job_id"]), JAR, name)

    def _adopt_templates(self, prefix):
        payload = self._api.read_raw("/job-templates", name=prefix, limit=100)
        try:
            templates = part(payload, "template_list", "templates")
            found = {number(item.get("template_id")): item["name"] for item in templates or () if _is_ours(item)}
        except (NotSeen, AttributeError, TypeError):
            return 0
        new = found.keys() - self._templates.keys()
        self._templates |= found
        return len(new)

    def _adopt(self, job_id, kind, name):
        self._kinds[job_id] = kind
        self._left[job_id] = name

    def _kind(self, job_id):
        if job_id not in self._kinds:
            raise ForeignJob
        return self._kinds[job_id]

    def _discard(self, path, job_id=None):
        """Delete a thing, again if need be: one that is gone is not found. Return why it is left, "" when it is not."""
        for attempt in range(1, _DELETIONS + 1):
            try:
                self._api.write_raw("DELETE", path)
                self.discarded += 1
                return ""
            except NotFound:
                return ""
            except RequestError as exc:
                if attempt == _DELETIONS:
                    is_gone = job_id is not None and self._has_no_detail(path, exc)
                    return "" if is_gone else reason_of(exc)
            if job_id is not None:
                # Documented is that every job can be deleted. Where one has to be stopped first, it is.
                with suppress(RequestError):
                    self.stop(job_id, save=False)
            self._sleep(_PAUSE_SECONDS)
        return ""

    def _has_no_detail(self, path, failure):
        """Whether a job cannot be read for the same reason for which it cannot be deleted, be its code known or not."""
        try:
            self._api.read_raw(path)
        except RequestError as exc:
            return isinstance(exc, ApiError) and 400 <= exc.http_status < 500 and reason_of(exc) == reason_of(failure)
        return False


def _sentences_about(what, things):
    """Return sentences about the things that are left, one for each reason.

    :param things: tuples of a name, and of why the thing is left; "" when it is not.
    """
    names: dict[str, list[str]] = {}
    for name, reason in things:
        names.setdefault(reason, []).append(name)
    names.pop("", None)
    return [
        f"Not deleted: {len(found)} {what}{'s' if len(found) > 1 else ''} ({', '.join(sorted(found))}), because "
        f"{reason}. The next check deletes what it can."
        for reason, found in names.items()
    ]


def _is_ours(thing):
    name, desc = thing.get("name"), thing.get("desc")
    return isinstance(name, str) and name.startswith(NAME_PREFIX) and isinstance(desc, str) and MARK in desc
