# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From desired and current state to a plan: which steps, in which order, and what they change. All pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.otc.dli.plugins.module_utils._errors import ConflictError
from ansible_collections.otc.dli.plugins.module_utils._flink_job import FlinkJob
from ansible_collections.otc.dli.plugins.module_utils._flink_job_display import shown, shown_change
from ansible_collections.otc.dli.plugins.module_utils._flink_job_fields import FIELDS, FIELDS_BY_NAME
from ansible_collections.otc.dli.plugins.module_utils._flink_job_rules import V1_ONLY, check_definition
from ansible_collections.otc.dli.plugins.module_utils._flink_job_spec import FlinkJobSpec
from ansible_collections.otc.dli.plugins.module_utils._flink_job_status import DRAFT, MAY_BE_RUNNING
from ansible_collections.otc.dli.plugins.module_utils._flink_job_values import (
    canonical,
    merged_resource_config,
    to_wire,
)


@dataclass(frozen=True)
class Step:
    """One operation of the API.

    :param operation: C(create), C(update) or C(delete).
    :param job_id: the job it is about; None for a job that does not exist yet.
    :param body: what it sends.
    :param fields: names of the fields it changes, for the result.
    """

    operation: str
    job_id: int | None = None
    body: dict | None = None
    fields: tuple = ()

    def as_action(self) -> dict:
        """Return the step as results tell it: without ids and bodies, so that check mode can tell the same."""
        return {"operation": self.operation, **({"fields": list(self.fields)} if self.fields else {})}


@dataclass(frozen=True)
class Plan:
    """What to do about one job.

    :param steps: the operations, in order; empty when there is nothing to do.
    :param changes: what changes, as it may be shown: C({"before": …, "after": …}) by field name.
    :param before: the managed fields as they are and may be shown, {} when there is no job.
    :param after: the managed fields as they will be and may be shown, {} when there will be no job.
    :param job: the whole job as it is predicted to be; None when there is and will be none.
    :param warnings: sentences for the person who runs the task.
    """

    steps: tuple = ()
    changes: dict = field(default_factory=dict)
    before: dict = field(default_factory=dict)
    after: dict = field(default_factory=dict)
    job: dict | None = None
    warnings: tuple = ()


def plan_present(spec: FlinkJobSpec, current: FlinkJob | None, tags_match: bool = True) -> Plan:
    """Plan how a job comes to be as desired.

    :param current: the job as it is, None when there is none.
    :param tags_match: False when the service's tag filter does not find the job by the desired tags.
    :raises InvalidInput: the desired fields and those that stay as they are break a rule together.
    :raises ConflictError: the changes are not possible in the job's status.
    """
    return _plan_create(spec) if current is None else _plan_update(spec, current, tags_match)


def plan_absent(spec: FlinkJobSpec, current: FlinkJob | None) -> Plan:
    """Plan how a job comes to be gone."""
    if current is None:
        return Plan()
    if spec.job_id is not None and spec.name is not None and spec.name != current.name:
        raise ConflictError(
            f"Flink job {spec.job_id} is named {current.name}, not {spec.name}; nothing was deleted, "
            "because name and job_id do not mean the same job."
        )
    return Plan(
        steps=(Step("delete", current.job_id),),
        changes={"name": {"before": current.name, "after": None}},
        before={"name": current.name},
        job=job_result(current, spec),
    )


def job_result(current: FlinkJob, spec: FlinkJobSpec) -> dict:
    """Return a job as results show it."""
    return {**current.facts(), **_shown_fields(current.told(), spec)}


def remaining_changes(spec: FlinkJobSpec, current: FlinkJob) -> list[str]:
    """Return the names of the fields in which a job differs from the desired state."""
    return list(_field_changes(spec, current)[0])


def _plan_create(spec):
    if spec.job_id is not None:
        raise ConflictError(
            f"There is no Flink job {spec.job_id}; to create a job, give its name alone, as the service chooses the id."
        )
    check_definition(spec.fields, set(spec.fields))
    body = {"name": spec.name}
    for known in FIELDS:
        if known.name in spec.fields:
            body[known.name] = to_wire(known, spec.fields[known.name])
    if spec.tags is not None:
        body["tags"] = [{"key": key, "value": value} for key, value in spec.tags.items()]
    managed = {"name": spec.name, **_canonical_fields(spec, {})}
    if spec.tags is not None:
        managed["tags"] = spec.tags
    predicted = {known.name: canonical(known, spec.fields.get(known.name)) for known in FIELDS}
    nothing = dict.fromkeys(FlinkJob({"job_id": 0}).facts())
    after = _shown_fields(managed, spec)
    return Plan(
        steps=(Step("create", body=body, fields=tuple(managed)),),
        changes={name: {"before": None, "after": value} for name, value in after.items()},
        after=after,
        job={**nothing, "name": spec.name, "status": DRAFT, **_shown_fields(predicted, spec)},
    )


def _plan_update(spec, current, tags_match):
    changes, warnings = _field_changes(spec, current)
    if spec.tags and not tags_match:
        warnings.append(
            f"The tags of {spec.label} are unconfirmed: the service does not find it by {_tags_text(spec.tags)}. "
            "It documents no way to read or change the tags of an existing job, so they were left as they are."
        )
    managed_names = (["name"] if spec.name is not None else []) + list(spec.fields)
    values = {name: current.name if name == "name" else current.value(name) for name in managed_names}
    wanted = {**values, **{name: after for name, (_before, after) in changes.items()}}
    before, after = _shown_fields(values, spec), _shown_fields(wanted, spec)
    for name, (old, new) in changes.items():
        before[name], after[name] = shown_change(name, old, new, spec.public_args)
    job = {**current.facts(), **_shown_fields({**current.told(), **wanted}, spec)}
    return Plan(
        steps=_update_steps(spec, current, changes),
        changes={name: {"before": before[name], "after": after[name]} for name in changes},
        before=before,
        after=after,
        job=job,
        warnings=tuple(warnings),
    )


def _field_changes(spec, current):
    """Return a tuple of the changes, canonical values before and after by field name, and of warnings."""
    changes, warnings = {}, []
    if spec.name is not None and spec.name != current.name:
        changes["name"] = (current.name, spec.name)
    wanted = _canonical_fields(spec, current.definition())
    for name, desired in wanted.items():
        actual = current.value(name)
        if name == "checkpoint_path" and desired == "" and {**current.definition(), **wanted}["checkpoint_enabled"]:
            # No path of one's own is wanted, and the service makes one.
            continue
        if name == "cu_number" and desired != actual and _is_rewritten(current):
            warnings.append(
                f"cu_number is not compared: the service shows {actual}, the CUs that {spec.label} really uses, "
                f"instead of what was requested ({desired} in this task)."
            )
        elif desired != actual:
            changes[name] = (actual, desired)
    if changes and "cu_number" not in wanted and _is_rewritten(current):
        warnings.append(
            f"The service shows the CUs that {spec.label} really uses, {current.value('cu_number')}, instead of those "
            "requested, and the update sends them back; give cu_number to request another number."
        )
    return changes, warnings


def _is_rewritten(current):
    """Whether cu_number shows the CUs in use instead of those requested, as the service may have it.

    C(real_cu_number) is documented to be 0 as long as it says nothing else than cu_number; when it repeats it
    instead, cu_number has been overwritten with it.
    """
    return current.real_cu_number != 0 and current.real_cu_number == current.value("cu_number")


def _canonical_fields(spec, current_fields):
    """Return the desired fields in canonical form; a resource_config laid over the current one where it is partial."""
    result = {}
    for name, given in spec.fields.items():
        if name == "resource_config":
            given = merged_resource_config(current_fields.get(name), given)
        result[name] = canonical(FIELDS_BY_NAME[name], given)
    return result


def _update_steps(spec, current, changes):
    if not changes:
        return ()
    check_definition({**current.definition(), **_canonical_fields(spec, current.definition())}, set(spec.fields))
    if current.status in MAY_BE_RUNNING:
        body = _running_update_body(spec, current, changes)
    else:
        body = _full_update_body(spec, current)
    return (Step("update", current.job_id, body, tuple(changes)),)


def _running_update_body(spec, current, changes):
    """The fields that a running job takes, without an unchanged obs_bucket, which it refuses (vendor).

    What does not change is sent too, because an update may reset what it leaves out.
    """
    need_stop = [name for name in changes if name == "name" or not FIELDS_BY_NAME[name].live]
    if need_stop:
        raise ConflictError(
            f"{spec.label} is {current.status}, and {', '.join(need_stop)} cannot be changed before it is stopped; "
            "nothing was changed."
        )
    body = _full_update_body(spec, current)
    live = [known.name for known in FIELDS if known.live and (known.name != "obs_bucket" or known.name in changes)]
    return {name: body[name] for name in live if name in body}


def _full_update_body(spec, current):
    """The whole definition: whether an update keeps or resets what it leaves out is not documented."""
    body = {"name": current.name if spec.name is None else spec.name}
    for known in FIELDS:
        name = known.name
        told = current.raw(name) not in (None, "", [], {})
        if name == "resource_config" and name in spec.fields:
            body[name] = merged_resource_config(current.value(name) if told else {}, spec.fields[name])
        elif name in spec.fields:
            body[name] = to_wire(known, spec.fields[name])
        elif told:
            # A runtime_config goes back just as it came: its form on the service is not ours to choose.
            body[name] = current.raw(name) if name == "runtime_config" else to_wire(known, current.value(name))
    for name in _without_effect(body):
        body.pop(name, None)
    return body


def _without_effect(body):
    """Return the names of fields that do not belong into an update that makes the job what the body says."""
    names = {"resource_config"} if body.get("resource_config_version") != "v2" else set(V1_ONLY)
    return names | {"checkpoint_path"} if body.get("checkpoint_enabled") else names


def _shown_fields(values, spec):
    result = {name: shown(name, value, spec.public_args) for name, value in values.items()}
    if "resource_config" in values and values.get("resource_config_version") == "v1":
        # Without effect under v1 (documented); defaults that nobody asked for would only mislead.
        result["resource_config"] = {}
    return result


def _tags_text(tags):
    return ", ".join(f"{key}={value}" for key, value in tags.items())
