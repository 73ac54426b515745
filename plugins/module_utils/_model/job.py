# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the service says of a job: the current state."""

from __future__ import annotations

import re

from .._errors import ConflictError
from .._text import printable, same_of_others
from .canonical import canonical
from .fields import (
    FIELDS_BY_NAME,
    Field,
    JobKind,
    kind_of,
)
from .responses import is_whole_number
from .status import ALIVE, COME_OF_A_RUN, ENDED, FAILED, RUNNING, STOP_FAILED
from .tags import canonical_tags

# What results have of a job besides its fields, where the service gives it (documented: list and detail).
_FACTS = (
    "status_desc",
    "create_time",
    "start_time",
    "update_time",
    "has_savepoint",
    "savepoint_path",
    "restart_times",
    "user_id",
    "user_name",
)
# What the list has of a job without show_detail (documented), beside its id, name and type.
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


def same_path(one: str, other: str) -> bool:
    """Whether two paths in OBS are the same; they come with and without scheme and closing slash (vendor)."""
    return one.removeprefix("obs://").strip("/") == other.removeprefix("obs://").strip("/")


def check_kind(job: ObservedJob, kind: JobKind | None) -> None:
    """Check that a job is of the kind that a task manages; where the service shows no type, it counts as one.

    :param kind: None for any.
    :raises ConflictError: it is of another kind.
    """
    if kind and not kind.has(job.job_type):
        raise ConflictError(
            f"Job {job.job_id}, named {job.name}, is a {job.job_type}, not a {' or '.join(kind.job_types)}; this "
            "module leaves it alone."
        )


class OddJob:
    """A job of the list that has not the shape of the API's jobs: nothing counts of it but what it is found by.

    :param response: the element of C(job_list.jobs), in whatever shape.
    :param problem: a sentence about what is wrong with it.

    C(job_id) is None and C(name) "" where there is no valid one.
    """

    def __init__(self, response: dict, problem: str) -> None:
        job_id, name = response.get("job_id"), response.get("name")
        self.job_id = int(job_id) if job_id is not None and is_whole_number(job_id) else None
        self.name = name if isinstance(name, str) else ""
        self.problem = problem


def odd_warnings(odd: list[OddJob]) -> list[str]:
    """Return one sentence about the jobs that a result leaves out, because they have not the shape of the API's."""
    # A list that is read twice has them twice.
    problems = list(dict.fromkeys(job.problem for job in odd))
    if not problems:
        return []
    return [f"A job is left out of the result. {problems[0]}{same_of_others(len(problems) - 1)}"]


MAY_BE_SHARED = "may be shared with this user without the right to view it"


def denied_warnings(jobs: list[ObservedJob], what_becomes: str) -> list[str]:
    """Return one sentence about the jobs whose details the service refuses, though its list has them (documented).

    :param what_becomes: what the result has of them, as the end of the sentence.
    """
    denied = [job for job in jobs if job.is_denied]
    if not denied:
        return []
    return [
        f"The service refuses the detail of Flink job {denied[0].name}, which {MAY_BE_SHARED}; {what_becomes}."
        f"{same_of_others(len(denied) - 1)}"
    ]


class ObservedJob:
    """One job as the service returned it, in its list or its detail.

    :param response: an element of C(job_list.jobs), or C(job_detail), whose shape C(check_job) has checked.
    :param sources: which of C(list) and C(detail) it was read from; each has what the other leaves out.

    Neither has the tags: C(shown_tags) are those that a request of their own has returned, None when none did.
    """

    shown_tags: dict[str, str] | None = None
    # Whether the service refuses the detail, so that nothing is known but what the list shows.
    is_denied = False

    def __init__(self, response: dict, *sources: str) -> None:
        self._response = response
        self.sources = frozenset(sources)
        self._config = response.get("job_config") or {}
        self.job_id = int(response["job_id"])
        self.name = response.get("name") or ""
        self.job_type = response.get("job_type") or ""
        self.status = response.get("status") or ""
        self.status_desc = printable(response.get("status_desc") or "")
        self.savepoint_path = str(response.get("savepoint_path") or "")

    @property
    def kind(self) -> JobKind:
        """The kind of job that its type says it is."""
        return kind_of(self.job_type)

    def has(self, name: str) -> bool:
        """Whether the response has a field at all, be it null."""
        return name in self._place(FIELDS_BY_NAME[name])

    def has_all(self, names) -> bool:
        """Whether the response has all of these fields, as far as any response has them."""
        return all(self.has(name) or not FIELDS_BY_NAME[name].reads_back for name in names)

    def raw(self, name: str):
        """Return a field as the service wrote it, None when it is unset or not returned."""
        field = FIELDS_BY_NAME[name]
        value = self._place(field).get(name)
        return None if field.unset_reads is not None and str(value) == str(field.unset_reads) else value

    def value(self, name: str):
        """Return a field in its canonical form."""
        return canonical(FIELDS_BY_NAME[name], self.raw(name))

    def name_or_value(self, name: str):
        """Return a field in its canonical form, or the name, which is not among the fields."""
        return self.name if name == "name" else self.value(name)

    @property
    def tags(self) -> dict[str, str] | None:
        """The tags in canonical form, without those of the service itself; None when they were not read."""
        return None if self.shown_tags is None else canonical_tags(self.shown_tags)

    def with_tags(self, tags: dict[str, str] | None) -> ObservedJob:
        """Return this job with tags that were read of it just now, all of them."""
        job = ObservedJob(self._response, *self.sources)
        job.shown_tags = tags
        return job

    @property
    def because(self) -> str:
        """The service's explanation of the status, to put behind a sentence; "" when it gives none."""
        return f": {self.status_desc.rstrip('.')}" if self.status_desc else ""

    def has_new_reason_since(self, before: ObservedJob) -> bool:
        """Whether it gives a reason for its status that an earlier response about the job did not give."""
        return self.status_desc not in ("", before.status_desc)

    def shows_failed_stop_since(self, before: ObservedJob) -> bool:
        """Whether it shows that a stop has failed which was sent when the job ran, as it was before."""
        if before.status != RUNNING or self.was_started_since(before):
            return False
        return self.status == STOP_FAILED or self.shows_failed_savepoint_since(before)

    def shows_failed_savepoint_since(self, before: ObservedJob) -> bool:
        """Whether it shows that a savepoint has failed: the job runs on, with another reason than before.

        That it shows no other reason while it still is to be stopped or saved is assumed. The reason of a restart does
        not count, nor that of a replica that is behind.
        """
        is_of_same_run = not self.was_started_since(before) and self.restart_times == before.restart_times
        is_there = self.status == RUNNING and self.has_new_reason_since(before)
        return is_there and is_of_same_run and not self.is_older_than(before)

    @property
    def has_savepoint(self) -> bool:
        """Whether the service has a savepoint to resume the job from."""
        return str(self._response.get("has_savepoint")).lower() == "true"

    def has_newer_savepoint_than(self, before: ObservedJob) -> bool:
        """Whether the job shows a savepoint that it did not show before: an older one must not pass for it.

        Where there was one before, the path alone says that it is another one.
        """
        if not self.has_savepoint or not before.has_savepoint:
            return self.has_savepoint
        return bool(self.savepoint_path) and not same_path(before.savepoint_path, self.savepoint_path)

    @property
    def savepoint_is_of_last_run(self) -> bool:
        """Whether the savepoint was made after the job was last started, as far as its path shows.

        The service makes savepoints in folders named by the time in milliseconds (vendor).
        """
        made = self.savepoint_made
        return made is not None and made >= int(self.start_time)

    @property
    def savepoint_is_of_earlier_run(self) -> bool:
        """Whether the savepoint was made before the job was last started, as far as its path shows."""
        made = self.savepoint_made
        return made is not None and made < int(self.start_time)

    @property
    def savepoint_made(self) -> int | None:
        """When the savepoint was made, in milliseconds since 1970, as far as its path shows; None where it does not.

        Savepoints lie under C(jobs/savepoint/{job_id}/{time}/) (vendor); Flink makes a folder of its own in that it is
        given, so there may be one more.
        """
        path = self.savepoint_path.rstrip("/")
        own = re.search(rf"(?:^|/)jobs/savepoint/{self.job_id}/([0-9]{{13}})(?:/|$)", path)
        # Any other number is the name of a folder that somebody has chosen, such as a day.
        named = own or re.search(r"/([0-9]{13})$", path)
        return int(named[1]) if named else None

    @property
    def savepoint_of_failed_stop(self) -> str:
        """The savepoint that Flink made for a stop in which the job then failed; "" for none that is known.

        The service need not show it as the job's savepoint. Flink names it in the reason of the failure
        (StopWithSavepointStoppingException, measured on Flink 1.17); that status_desc has that reason is assumed.
        """
        named = re.search(r"A savepoint has been created at: (\S+), but", self.status_desc)
        return named[1] if named and self.status == FAILED else ""

    @property
    def shows_savepoint_of_failed_stop(self) -> bool:
        """Whether the job's savepoint is the one that C(savepoint_of_failed_stop) names."""
        return self.has_savepoint and same_path(self.savepoint_path, self.savepoint_of_failed_stop)

    @property
    def restart_times(self) -> int:
        """How often the service has restarted the job, 0 when it does not say."""
        return int(self._response.get("restart_times") or 0)

    @property
    def has_no_restart(self) -> bool:
        """Whether the service says that it has not restarted the job."""
        return str(self._response.get("restart_times")) == "0"

    @property
    def start_time(self) -> str:
        """When the job was last started, in milliseconds since 1970; "0" for never (documented as 0 and null)."""
        return str(self._response.get("start_time") or 0)

    @property
    def has_run(self) -> bool:
        """Whether the job has ever run: by its start time, or by a status that only comes of a run."""
        return self.start_time != "0" or self.status in COME_OF_A_RUN

    def was_started_since(self, before: ObservedJob) -> bool:
        """Whether the job has been started since an earlier response about it."""
        return self.start_time not in ("0", before.start_time)

    def was_started_anew_since(self, before: ObservedJob) -> bool:
        """Whether there was another start since an earlier response, which shows the one before it."""
        return before.start_time != "0" and self.was_started_since(before)

    def is_older_than(self, other: ObservedJob) -> bool:
        """Whether this response surely shows an earlier moment than another one: replicas may be behind.

        Times of the service alone say so, and that a job which has ended only runs again by another start.
        """
        for name in ("start_time", "update_time"):
            if 0 < self._time(name) < other._time(name):
                return True
        return (
            self._time("start_time") > 0
            and self.start_time == other.start_time
            and self.restart_times <= other.restart_times
            and self.status in ALIVE
            and other.status in ENDED
        )

    def is_newer_definition_than(self, other: ObservedJob, since: int = 0) -> bool:
        """Whether the definition was changed after another response, and at a time or after it where that is known."""
        return self._time("update_time") > other._time("update_time") and self._time("update_time") >= since

    def _time(self, name):
        return int(self._response.get(name) or 0)

    @property
    def real_cu_number(self) -> int:
        """The CUs that the job really uses; 0 stands for "as cu_number" (documented)."""
        return canonical(FIELDS_BY_NAME["cu_number"], self._config.get("real_cu_number") or 0)

    def completed_by(self, other: ObservedJob, but=()) -> ObservedJob:
        """Return this job with what only the other response about the same job has; list and detail differ.

        :param but: names of fields not to take from the other response, because they have changed since.
        """
        response = {**{key: value for key, value in other._response.items() if key not in but}, **self._response}
        response["job_config"] = {
            **{key: value for key, value in other._config.items() if key not in but},
            **self._config,
        }
        job = ObservedJob(response, *self.sources, *other.sources)
        job.shown_tags = other.shown_tags if self.shown_tags is None and "tags" not in but else self.shown_tags
        return job

    def with_values_of(self, detail: ObservedJob, names) -> ObservedJob:
        """Return this job with some fields, or its name, as a newer detail of it has them, also those unset there."""
        response, config = dict(self._response), dict(self._config)
        for name in names:
            if name == "name":
                response[name] = detail.name
                continue
            place = response if FIELDS_BY_NAME[name].top_level else config
            place[name] = detail.raw(name)
        job = ObservedJob({**response, "job_config": config}, *self.sources)
        job.shown_tags = self.shown_tags
        return job

    def without_detail(self) -> ObservedJob:
        """Return this job of the list as one whose detail the service refuses."""
        job = ObservedJob(self._response, *self.sources)
        job.is_denied = True
        return job

    def facts(self) -> dict:
        """Return what is known of the job besides its fields, for results; None for what the service did not return."""
        return {
            "job_id": self.job_id,
            "name": self.name,
            "status": self.status,
            "real_cu_number": self.real_cu_number,
            **{fact: self._response.get(fact) for fact in _FACTS},
        }

    def definition(self, kind: JobKind | None = None) -> dict:
        """Return all fields in their canonical forms; what the service does not return has its default.

        :param kind: whose fields; None for those of the kind that the job says it is.
        """
        return {field.name: self.value(field.name) for field in (kind or self.kind).readable}

    def returned_fields(self, kind: JobKind | None = None) -> dict:
        """Return all fields in their canonical forms; None for what the service does not return."""
        definition = self.definition(kind)
        return {name: value if self.has(name) else None for name, value in definition.items()}

    def as_shown(self, kind: JobKind | None = None) -> dict:
        """Return the facts and fields of the job that results have; raw, so they are still to be redacted."""
        tags = {} if self.tags is None else {"tags": self.tags}
        return {**self.facts(), **self.returned_fields(kind), **tags}

    def as_summary(self) -> dict:
        """Return what a list without details has of the job, for results; raw, so it is still to be redacted."""
        facts, fields = self.facts(), self.returned_fields()
        return {
            **{"job_id": self.job_id, "name": self.name, "job_type": self.job_type},
            **{fact: facts[fact] for fact in _SUMMARY_FACTS},
            **{name: fields[name] for name in _SUMMARY_FIELDS},
        }

    def _place(self, field: Field) -> dict:
        return self._response if field.top_level else self._config
