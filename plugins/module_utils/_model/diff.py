# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compares a job with its desired state."""

from __future__ import annotations

from .canonical import canonical, computed_slots, is_same, merged_resource_config
from .fields import FIELDS_BY_NAME, JobKind
from .job import ObservedJob
from .redact import redacted_change
from .result import Change
from .spec import JobSpec
from .tags import canonical_tags


def field_changes(spec: JobSpec, current: ObservedJob) -> tuple[list[Change], list[str]]:
    """Return a tuple of what changes, and of warnings."""
    changes, warnings = [], []
    if spec.name is not None and spec.name != current.name:
        changes.append(Change("name", current.name, spec.name))
    definition = current.definition(spec.kind)
    wanted = desired_fields(spec, definition)
    whole = {**definition, **wanted}
    for name, desired in wanted.items():
        actual = current.value(name)
        if not FIELDS_BY_NAME[name].on_update:
            continue
        if name == "checkpoint_path" and desired == "" and whole["checkpoint_enabled"]:
            # No path of one's own is wanted, and the service makes one.
            continue
        if name == "cu_number" and desired != actual and shows_used_cus(current):
            warnings.append(
                f"cu_number is not compared: the service shows {actual}, the CUs that {spec.label} really uses, "
                f"instead of what was requested ({desired} in this task)."
            )
        elif name == "tm_slot_num" and actual is None and desired in computed_slots(whole):
            # The service need not show what it computes itself.
            continue
        elif not is_same(FIELDS_BY_NAME[name], desired, actual):
            changes.append(Change(name, actual, desired))
    if changes and "cu_number" not in wanted and shows_used_cus(current):
        warnings.append(
            f"The service shows the CUs that {spec.label} really uses, {current.value('cu_number')}, instead of those "
            "requested, and the update sends them back; give cu_number to request another number."
        )
    if spec.tags is not None and current.tags not in (None, canonical_tags(spec.tags)):
        changes.append(Change("tags", current.tags, canonical_tags(spec.tags)))
    return changes, warnings


def remaining_changes(spec: JobSpec, current: ObservedJob) -> list[str]:
    """Return the names of the fields in which a job differs from the desired state."""
    return [change.field for change in field_changes(spec, current)[0]]


def remaining_definition(spec: JobSpec, current: ObservedJob) -> list[str]:
    """Return the same without the tags, which are no part of a job's definition."""
    return [name for name in remaining_changes(spec, current) if name != "tags"]


def redacted_changes(spec: JobSpec, current: ObservedJob) -> dict:
    """Return in what a job differs from the desired state: C({"before": …, "after": …}) by field, as may be shown."""
    redacted = {}
    for change in field_changes(spec, current)[0]:
        before, after = redacted_change(change.field, change.before, change.after, spec.public_text)
        redacted[change.field] = {"before": before, "after": after}
    return redacted


def shows_used_cus(current: ObservedJob) -> bool:
    """Whether cu_number shows the CUs in use instead of those requested, as the service may have it.

    C(real_cu_number) is documented to be 0 as long as it says nothing else than cu_number; when it repeats it
    instead, cu_number has been overwritten with it.
    """
    return current.real_cu_number != 0 and current.real_cu_number == current.value("cu_number")


def may_be_computed(kind: JobKind | None, current: ObservedJob) -> bool:
    """Whether tm_slot_num may be what the service computes, so that an update leaves it out, and may change it.

    Sent back, it would stay when other numbers change.
    """
    return current.value("tm_slot_num") in computed_slots(current.definition(kind))


def desired_fields(spec: JobSpec, current_fields: dict) -> dict:
    """Return the desired fields in canonical form; a resource_config laid over the current one where it is partial."""
    fields = dict(spec.fields)
    if "resource_config" in fields:
        merged = merged_resource_config(current_fields.get("resource_config"), fields["resource_config"])
        fields["resource_config"] = canonical(FIELDS_BY_NAME["resource_config"], merged)
    return fields
