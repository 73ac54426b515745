# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task returns: the one place where raw values become results, and where they are redacted."""

from __future__ import annotations

from typing import NamedTuple

from .redact import redacted_change, redacted_fields


class Change(NamedTuple):
    """One field of a job or template that changes; both values are canonical and raw.

    :param before: None for something that does not exist yet.
    :param after: None for something that will no longer exist, and for a value that is not known before.
    """

    field: str
    before: object
    after: object


class Result(NamedTuple):
    """What one task has done to one thing, or in check mode would do; all values are raw.

    :param label: how messages call the thing.
    :param subject: the key that results have the thing under; "" for a task that is not about one thing.
    :param thing: the thing's facts and fields by name; None when there is and was none.
    :param actions: the operations, each as a dict, in order.
    :param changes: what changes; None for a task that compares nothing, which has no diff either.
    :param before: the managed fields as they were, and C(after) as they are now or will be.
    :param lifecycle: those of the actions that a diff shows besides the fields.
    :param risks: sentences about what puts the job's state at risk; None for a task that cannot lose any.
    :param notes: sentences about what is worth knowing, and no risk.
    :param savepoint_path: where the savepoint is that a stop made; "" for none.
    :param warnings: sentences for the person who runs the task.
    :param public_text: the arguments or the SQL that the task itself gives in the open.
    :param facts: what else the task returns.
    """

    label: str = ""
    subject: str = "job"
    thing: dict | None = None
    actions: tuple = ()
    changes: tuple[Change, ...] | None = ()
    before: dict = {}
    after: dict = {}
    lifecycle: tuple = ()
    risks: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()
    savepoint_path: str = ""
    warnings: tuple[str, ...] = ()
    public_text: str = ""
    facts: dict = {}

    def as_dict(self, changed: bool | None = None) -> dict:
        """Return what the module returns, redacted.

        :param changed: whether the task changed something; None for: if it has done anything.
        """
        result: dict = {
            # The service may drop a savepoint from the job once it runs again; then nothing else shows where it is.
            **({"savepoint_path": self.savepoint_path} if self.savepoint_path else {}),
            "changed": bool(self.actions) if changed is None else changed,
            **self.facts,
            "actions": list(self.actions),
            "warnings": list(self.warnings),
        }
        if self.subject:
            result[self.subject] = None if self.thing is None else redacted_fields(self.thing, self.public_text)
        if self.risks is not None:
            result["risks"] = list(self.risks)
        if self.notes:
            result["notes"] = list(self.notes)
        if self.changes is not None:
            result.update(self._comparison(self.changes))
        return result

    def _comparison(self, changes):
        before, after = (redacted_fields(values, self.public_text) for values in (self.before, self.after))
        redacted = {}
        for change in changes:
            old, new = redacted_change(change.field, change.before, change.after, self.public_text)
            redacted[change.field] = {"before": old, "after": new}
            # As fields are shown where they do not change, but marked where only what is hidden does.
            before.update({change.field: old} if change.field in before else {})
            after.update({change.field: new} if change.field in after else {})
        if self.lifecycle:
            after["(actions)"] = list(self.lifecycle)
        if self.risks:
            after["(state at risk)"] = list(self.risks)
        diff = {"before": before, "after": after, "before_header": self.label, "after_header": self.label}
        return {"changes": redacted, "diff": diff}
