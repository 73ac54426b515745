# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes whose outcome is certain: when a request is lost, the job is read before anything is sent again.

A lost request may have been carried out, may be carried out later, or never was. Only the job shows it: by its name,
its status, its definition. What does not show within the grace period counts as not done and is sent again; the service
itself then rejects what was done after all, because names are unique and only a stopped job starts (documented).

What is read confirms a write only where it cannot be older than the write: a service of several replicas can go back in
time.
"""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass

from .._api.tags import MOST_TAGS_OF_A_REQUEST
from .._errors import (
    AlreadyExists,
    ApiError,
    AuthenticationFailed,
    DliError,
    NotFound,
    OutcomeUnknown,
    RequestError,
)
from .._http.retry import is_temporary, may_be_carried_out
from .._model.canonical import canonical, is_same
from .._model.fields import FIELDS_BY_NAME, JobKind
from .._model.job import ObservedJob, same_path
from .._model.status import ALIVE, RUNNING, SAVEPOINTING
from .._model.tags import canonical_tags, tags_to_add, tags_to_remove
from . import wait as _wait
from .driver import drive
from .effects import Call, Complete, Effect, IdsNamed, IsThere, Pause, Read, ReadTags, Steps, outcome_of
from .observer import Observer
from .write_effects import AddTags, Create, Delete, ImportSavepoint, RemoveTags, Run, Stop, TriggerSavepoint, Update

# What the service may choose itself, whatever it was asked for (documented).
CHOSEN_BY_THE_SERVICE = ("cu_number", "tm_slot_num", "checkpoint_path")

# How often one write is sent; the pauses between are those of the reading.
ATTEMPTS = 3


@dataclass(frozen=True)
class Certain:
    """How a write was carried out.

    :param response: what the service has responded, where it has accepted the write.
    :param seen: what was read that shows the write; None where it was simply accepted.
    :param is_ours: False where the service rejected the write, and what shows may come of somebody else.
    """

    response: object = None
    seen: object = None
    is_ours: bool = True


def certain(send: Effect, read, shows, now, patient=False, final=(), proof=(), again=None) -> Steps:
    """Send a write until it is accepted or shows, and return how it was carried out.

    :param read: callable that returns the steps (see M(effects)) that read what shows it.
    :param shows: callable that says of what was read whether the write has been carried out.
    :param now: callable that returns the time in seconds.
    :param patient: whether what was lost gets time to show before it is sent again. Not needed where doing it
        twice is the same as doing it once.
    :param final: kinds of rejection of the first attempt that are not doubted.
    :param proof: kinds of rejection that show by themselves that it has been carried out, whatever a late read shows.
    :param again: callables C(reread) and C(resend) for a write that was lost, maybe for a minute, and does not show:
        the first returns the steps that read the job anew; the second gets what was read, and returns the write that is
        sent then, or raises an error where somebody else has acted since.
    :raises OutcomeUnknown: nobody can know whether it was carried out.
    :raises RequestError: it was not carried out.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return Certain((yield send))
        except RequestError as exc:
            failure = exc
        if isinstance(failure, proof):
            return Certain(is_ours=attempt > 1)
        lost = may_be_carried_out(failure)
        if not lost and (not _is_rejection(failure) or (attempt == 1 and isinstance(failure, final))):
            raise failure
        patience = _wait.GRACE_SECONDS if patient and lost else 0.0
        seen = yield from _seen(_wait.watch(read, shows, patience, now), failure)
        if shows(seen):
            # A rejection too can come of a request that was carried out twice on its way.
            return Certain(seen=seen, is_ours=lost or attempt > 1)
        if not lost:
            raise failure
        if not is_temporary(failure):
            break
        if again and attempt < ATTEMPTS:
            reread, resend = again
            try:
                seen = yield from _seen(reread(), failure)
                if shows(seen):
                    return Certain(seen=seen)
                send = resend(seen)
            except DliError as exc:
                raise exc.in_doubt() from failure
    raise OutcomeUnknown(
        f"{failure} Whether it was carried out is not known; it does not show after {attempt} attempts.", failure
    )


def _seen(steps, failure):
    """Return what some steps read; where they cannot, and a failed write may be carried out, its outcome is unknown."""
    try:
        return (yield from steps)
    except RequestError as exc:
        if not may_be_carried_out(failure):
            raise failure from exc
        raise OutcomeUnknown(
            f"{failure} Whether it was carried out is not known, because reading failed: {exc}", failure
        ) from exc


class Writes:
    """Writes to what is no job, each sent until its outcome is certain."""

    def __init__(self, clock=time) -> None:
        self._clock = clock

    def send(self, send, read, shows, patient=False, final=(), check=None):
        """Send a write until it is accepted or shows. Return what was read of it, None when it was simply accepted.

        :param send: callable that sends it.
        :param read: callable that reads what shows it.
        :param check: callable that gets what was read anew before what was lost is sent again, and raises an error
            where somebody else has acted since.
        :raises RequestError: as M(certain) does.
        """
        now, write = self._clock.monotonic, Call(send)

        def reread():
            return outcome_of(Call(read))

        def resend(seen):
            check(seen)
            return write

        again = (reread, resend) if check else None
        return drive(certain(write, reread, shows, now, patient, final, again=again), self._perform).seen

    def watch(self, read, is_done, seconds: float):
        """Read until C(is_done) or until time is up; return what was read last."""
        return drive(
            _wait.watch(lambda: outcome_of(Call(read)), is_done, seconds, self._clock.monotonic), self._perform
        )

    def _perform(self, effect):
        return self._clock.sleep(effect.seconds) if isinstance(effect, Pause) else effect.act()


class JobWrites:
    """The writes to Flink jobs, as steps (see M(effects)). Each ends when the service has accepted it, or shows that.

    Each raises C(OutcomeUnknown) when neither is so and nobody can know, and another C(RequestError) when it is certain
    that it was not carried out. What was lost is not sent again where somebody else has acted since: then each raises a
    C(LifecycleError).

    :param now: callable that returns the time in seconds.
    """

    def __init__(self, now, observer: Observer) -> None:
        self._now = now
        self._observer = observer

    def create(self, kind: JobKind, body: dict) -> Steps:
        """Create a job of a kind.

        :returns: its id, and whether the service responded with it. An id that was read, because the response was
            lost, may be that of a job which another task has created meanwhile.
        :raises AlreadyExists: there is a job of that name.
        """
        done = yield from certain(
            Create(kind, body),
            lambda: outcome_of(IdsNamed(body["name"])),
            bool,
            self._now,
            patient=True,
            final=AlreadyExists,
        )
        return (done.response, True) if done.seen is None else (done.seen[0], False)

    def update(self, kind: JobKind, job: ObservedJob, body_for, fields) -> Steps:
        """Change a job.

        :param kind: what the task takes the job for.
        :param job: the job as it is.
        :param body_for: callable that returns what a request says that changes the job as it is.
        :param fields: names of the fields that change.
        :returns: when the service has done it, in milliseconds by its clock; 0 where it does not say that.
        """
        names = tuple(name for name in fields if name in FIELDS_BY_NAME)
        body, observer = body_for(job), self._observer

        def read():
            found = yield Read(job.job_id)
            return (yield Complete(found, names))

        def resend(found):
            observer.check_name(found)
            self._check_not_started(job, found)
            changed = (name for name in changed_by_others(job, found, names) if not holds(found, name, body))
            # It may be an earlier update of this task that is carried out only now.
            observer.check_none_is_foreign(found, [name for name in changed if not observer.is_as_desired(found, name)])
            # What others have changed beside these fields stays.
            return Update(kind, job.job_id, body_for(found))

        done = yield from certain(
            Update(kind, job.job_id, body),
            read,
            lambda found: not found.is_older_than(job) and all(holds(found, name, body) for name in fields),
            self._now,
            again=(lambda: self._complete(job, kind), resend),
        )
        return done.response or 0

    def _detail(self, job):
        return (yield from self._observer.read(job.job_id, is_detail=True))

    def _complete(self, job, kind):
        return (yield Complete((yield from self._detail(job)), kind.names))

    def _check_not_started(self, before, job):
        """Check that a job which did not run still does not.

        :raises LifecycleError: somebody else has started it.
        """
        if before.status not in ALIVE and (job.status in ALIVE or job.was_started_since(before)):
            raise self._observer.foreign_start(job)

    def _check_savepoint(self, job, known, so):
        """Check that a job has no other savepoint than the one that is known, None for none.

        :param so: the end of the sentence that says what follows.
        :raises LifecycleError: it has another one.
        """
        if job.has_savepoint and (known is None or not same_path(job.savepoint_path, known)):
            raise self._observer.error(job, f"it shows another savepoint by now, {job.savepoint_path}, {so}")

    def changes_of_tags(self, job: ObservedJob, wanted: dict) -> list[Steps]:
        """Return the writes that remove the tags which a job shall not have, and then add those which it has not.

        :param job: the job with its tags as they were read just now.
        :param wanted: all tags that it shall have.
        """
        shown = job.shown_tags or {}

        def has(found, key, value):
            return found.shown_tags.get(key) == value

        def are_gone(part):
            return lambda found: is_shown(found) and not any(has(found, *tag) for tag in part.items())

        def are_there(part):
            return lambda found: is_shown(found) and not tags_to_add(found.shown_tags, part)

        def is_shown(found):
            return found is not None and found.shown_tags is not None

        removals = [(RemoveTags(job.job_id, part), are_gone(part)) for part in _parts(tags_to_remove(shown, wanted))]
        additions = [(AddTags(job.job_id, part), are_there(part)) for part in _parts(tags_to_add(shown, wanted))]

        def resend(send, found):
            old, new, now = (canonical_tags(tags) for tags in (shown, wanted, (found and found.shown_tags) or {}))
            # A tag that changes is removed first.
            if any(now.get(key) not in (None, old.get(key), new.get(key)) for key in canonical_tags(send.tags)):
                raise self._observer.foreign_tags(found)
            return send

        def read():
            return outcome_of(ReadTags(job))

        return [
            certain(send, read, shows, self._now, again=(read, functools.partial(resend, send)))
            for send, shows in removals + additions
        ]

    def stop(self, job: ObservedJob, savepoint: bool) -> Steps:
        """Stop a job, with or without a savepoint; one with a savepoint that has failed was carried out as well."""
        send = Stop(job.job_id, savepoint)

        def resend(found):
            self._observer.check_name(found)
            names = [known.name for known in job.kind.readable]
            # Another start time alone need not come of others: it may show late, and the service may restart the job.
            if found.was_started_since(job) and changed_by_others(job, found, names):
                raise self._observer.foreign_start(found)
            return send

        def shows(found):
            if found.is_older_than(job):
                return False
            # A job that was being submitted comes to run without having been stopped.
            return found.status not in (job.status, RUNNING) or (savepoint and found.shows_failed_stop_since(job))

        return (
            yield from certain(
                send,
                lambda: outcome_of(Read(job.job_id)),
                shows,
                self._now,
                patient=True,
                again=(lambda: self._detail(job), resend),
            )
        )

    def run(self, job: ObservedJob, savepoint: str | None, fields, is_known=lambda _found, _name: False) -> Steps:
        """Start a job.

        :param savepoint: the path of the savepoint that it resumes from, "" for one whose path is not known; None for
            empty state.
        :param fields: names of fields which the start shall not have otherwise than the job has them.
        :param is_known: callable that says of a job and a field that another value is no act of others.
        """
        names = [name for name in fields if name in FIELDS_BY_NAME]
        send = Run(job.job_id, savepoint is not None)

        def resend(found):
            self._observer.check_name(found)
            changed = [name for name in changed_by_others(job, found, names) if not is_known(found, name)]
            if changed:
                raise self._observer.foreign_change(found, ", ".join(changed), "it was not started")
            if savepoint:
                self._check_savepoint(found, savepoint, "so it was not started")
            return send

        return (
            yield from certain(
                send,
                lambda: outcome_of(Read(job.job_id)),
                lambda found: (
                    not found.is_older_than(job) and (found.status != job.status or found.start_time != job.start_time)
                ),
                self._now,
                patient=True,
                again=(lambda: self._detail(job), resend),
            )
        )

    def delete(self, job: ObservedJob, check=None) -> Steps:
        """Delete a job, which may be gone already; return whether it was surely this task that deleted it.

        :param check: callable that returns the steps which raise an error where a job is not to be deleted any more.
        """
        send = Delete(job.job_id)

        def reread():
            try:
                found = yield from self._detail(job)
            except NotFound:
                return None
            self._observer.check_name(found)
            self._check_not_started(job, found)
            if check:
                yield from check(found)
            return found

        done = yield from certain(
            send,
            lambda: outcome_of(IsThere(job)),
            lambda is_there: not is_there,
            self._now,
            proof=NotFound,
            again=(reread, lambda _found: send),
        )
        return done.is_ours

    def trigger_savepoint(self, job: ObservedJob, path: str) -> Steps:
        """Begin a savepoint of a running job; one that has failed was begun as well."""
        yield from certain(
            TriggerSavepoint(job.job_id, path),
            lambda: outcome_of(Read(job.job_id)),
            lambda found: (
                found.status == SAVEPOINTING
                or found.has_newer_savepoint_than(job)
                or found.shows_failed_savepoint_since(job)
            ),
            self._now,
            patient=True,
        )

    def import_savepoint(self, job: ObservedJob, path: str) -> Steps:
        """Give a job a savepoint to resume from."""
        send = ImportSavepoint(job.job_id, path)

        def resend(found):
            self._observer.check_name(found)
            self._check_savepoint(found, job.savepoint_path if job.has_savepoint else None, "so it was left alone")
            return send

        yield from certain(
            send,
            lambda: outcome_of(Read(job.job_id)),
            lambda found: found.has_savepoint and same_path(found.savepoint_path, path),
            self._now,
            again=(lambda: self._detail(job), resend),
        )


def _parts(tags):
    """Return tags in parts of so many as one request takes."""
    pairs, size = list(tags.items()), MOST_TAGS_OF_A_REQUEST
    return [dict(pairs[start : start + size]) for start in range(0, len(pairs), size)]


def _is_rejection(failure):
    """Whether the service has rejected a request itself, for what it asks."""
    return isinstance(failure, ApiError) and not isinstance(failure, AuthenticationFailed) and not is_temporary(failure)


def changed_by_others(before: ObservedJob, job: ObservedJob, names) -> list[str]:
    """Return which of some fields a job has otherwise than before, by an act of somebody, as far as both show them."""
    return [
        name for name in names if before.has(name) and job.has(name) and not may_be_the_services_own(name, job, before)
    ]


def may_be_the_services_own(name: str, job: ObservedJob, before: ObservedJob) -> bool:
    """Whether the service itself may show a field otherwise than it was asked to, so that nobody else need have.

    It may choose some numbers itself, and it may keep the value that was there before, or none.
    """
    if name in CHOSEN_BY_THE_SERVICE or name not in FIELDS_BY_NAME:
        return True
    known, shown = FIELDS_BY_NAME[name], job.value(name)
    return any(is_same(known, value, shown) for value in (before.value(name), canonical(known, None)))


def holds(job: ObservedJob, name: str, body: dict) -> bool:
    """Whether a job has a field as an update's body says."""
    if name == "name":
        return job.name == body["name"]
    known = FIELDS_BY_NAME[name]
    return is_same(known, job.value(name), canonical(known, body.get(name)))
