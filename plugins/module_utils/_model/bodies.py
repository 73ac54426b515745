# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the requests that create and change a job have to say."""

from __future__ import annotations

from .canonical import merged_resource_config, to_wire
from .diff import may_be_computed
from .fields import FIELDS_BY_NAME, JobKind
from .job import ObservedJob
from .rules import V1_ONLY
from .spec import JobSpec

# Kinds of values whose form on the service is not ours to choose.
_SENT_BACK_AS_READ = ("runtime_config", "sql", "json")


def create_body(kind: JobKind, spec: JobSpec) -> dict:
    """Return what a request says that creates a job."""
    body: dict = {"name": spec.name}
    for known in kind.fields:
        if known.name in spec.fields and known.on_create:
            body[known.name] = to_wire(known, spec.as_given(known.name))
    if spec.tags is not None:
        body["tags"] = [{"key": key, "value": value} for key, value in spec.tags.items()]
    return body


def full_update_body(kind: JobKind, spec: JobSpec, current: ObservedJob) -> dict:
    """Return what a request says that changes a job, which is its whole definition.

    Whether an update keeps or resets what it leaves out is not documented.
    """
    body = {"name": current.name if spec.name is None else spec.name}
    for known in kind.fields:
        name = known.name
        is_set = current.raw(name) not in (None, "", [], {})
        if name == "tm_slot_num" and may_be_computed(kind, current):
            is_set = False
        if not known.on_update:
            continue
        if name == "resource_config" and name in spec.fields:
            body[name] = merged_resource_config(current.value(name) if is_set else {}, spec.as_given(name))
        elif name in spec.fields:
            body[name] = to_wire(known, spec.as_given(name))
        elif is_set:
            body[name] = current.raw(name) if known.form in _SENT_BACK_AS_READ else to_wire(known, current.value(name))
    for name in without_effect(body):
        body.pop(name, None)
    return body


def restoring_body(kind: JobKind, previous: ObservedJob, fields) -> dict:
    """Return what a request says that gives a job a previous definition back.

    :param fields: names of the fields that were changed since; one that was unset is unset again.
    """
    body = full_update_body(kind, JobSpec(), previous)
    for name in fields:
        if name not in body and name in FIELDS_BY_NAME and previous.value(name) is not None:
            body[name] = to_wire(FIELDS_BY_NAME[name], previous.value(name))
    return body


def live_update_body(kind: JobKind, spec: JobSpec, current: ObservedJob, changes) -> dict:
    """Return the same with the fields alone that a running job takes.

    An unchanged obs_bucket is not among them, as such a job refuses it (vendor).
    """
    body = full_update_body(kind, spec, current)
    live = [known.name for known in kind.fields if known.live and (known.name != "obs_bucket" or known.name in changes)]
    return {name: body[name] for name in live if name in body}


def without_effect(body: dict) -> set[str]:
    """Return the names of fields that do not belong in a request that makes the job what the body says."""
    names = {"resource_config"} if body.get("resource_config_version") != "v2" else set(V1_ONLY)
    if body.get("feature") in ("basic", "custom"):
        # Each is only valid with its own feature (vendor).
        names.add("image" if body["feature"] == "basic" else "flink_version")
    return names | {"checkpoint_path"} if body.get("checkpoint_enabled") else names
