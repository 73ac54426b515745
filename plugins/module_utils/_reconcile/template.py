# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Templates of SQL jobs: brings one to its desired state, by one list, one write and one more list."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from .._api.templates import TemplateApi
from .._errors import (
    ConflictError,
    DliError,
    InvalidInput,
    NotFound,
)
from .._model.canonical import canonical, tag_strings
from .._model.checks import WIDEST_LONG, check_number, check_string
from .._model.fields import FIELDS_BY_NAME, SQL_JOB_TYPES
from .._model.part_rules import check_tags
from .._model.redact import secret_words
from .._model.result import Change, Result
from .._model.tags import tags_filter
from .writes import Writes

# Documented, and so that an update has at most three fields, which are always sent together.
MAX_LENGTHS = {"name": 64, "desc": 512, "sql_body": 10_000}
_FIELDS = ("name", "desc", "sql_body", "job_type")
_FACTS = ("template_id", "create_time", "update_time")


@dataclass(frozen=True)
class TemplateTask:
    """What a task asks for.

    :param fields: the managed ones of name, desc, sql_body and job_type.
    :param tags: the tags of a new template, or None.
    """

    state: str
    template_id: int | None = None
    fields: dict = field(default_factory=dict)
    tags: dict | None = None

    @property
    def label(self) -> str:
        """How messages call the template."""
        return f"Flink template {self.fields.get('name') or self.template_id}"


def template_options() -> dict:
    """Return the part of the argument spec about a template."""
    return {
        "name": {"type": "str"},
        "template_id": {"type": "int", "aliases": ["id"]},
        "desc": {"type": "str", "aliases": ["description"]},
        "sql_body": {"type": "str"},
        "job_type": {"type": "str", "choices": list(SQL_JOB_TYPES)},
        "tags": {"type": "dict"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    }


def task_from_params(params: dict) -> TemplateTask:
    """Return what a module's parameters ask for.

    :raises InvalidInput: with the first rule that is broken.
    """
    name, template_id = params["name"], params["template_id"]
    if name is None and template_id is None:
        raise InvalidInput("name or template_id is missing; one of them must identify the template.")
    if name is not None and not name.strip():
        raise InvalidInput("name is empty, but must have at least 1 character.")
    if template_id is not None:
        check_number("template_id", template_id, 0, WIDEST_LONG)
    fields = {key: params[key] for key in _FIELDS if params[key] is not None}
    for key, most in MAX_LENGTHS.items():
        check_string(key, fields.get(key, ""), most)
    tags = params["tags"]
    if tags is not None:
        tags = tag_strings(tags)
        check_tags("tags", tags, "a template")
    return TemplateTask(params["state"], template_id, fields, tags)


def converge_template(api: TemplateApi, task: TemplateTask, apply: bool, clock=time) -> dict:
    """Bring a template to its desired state and return the module's result.

    :param apply: False for check mode: everything but the change itself.
    :raises DliError: when the state cannot be reached.
    """
    writes = Writes(clock)
    found = _find(api, task)
    # A refusal can quote what was there before.
    for secret in secret_words(found or {}):
        api.keep_read(secret)
    operation, after = _plan(task, found)
    warnings = _tags_warnings(api, task, found)
    template = after
    if operation and apply:
        done: list[dict] = []
        try:
            if operation != "create":
                _change(api, writes, task, operation, found, after)
            elif not _create(api, writes, task):
                other = _appeared(api, task)
                operation, after = _plan(task, other)
                warnings = _tags_warnings(api, task, other)
                if operation:
                    found = other
                    _change(api, writes, task, operation, found, after)
                # As far as anybody can know, what is just as this task creates it comes of this task.
                operation = operation or "create"
            done.append(_action(task, operation, found, after))
            if operation == "delete":
                now = [found]
            else:
                now = _with_id(api, found["template_id"]) if found else _named(api, after["name"])
        except DliError as exc:
            raise exc.after(done) from exc
        template = _normalised(now[0]) if now else after
        warnings = [*warnings, *_several_warnings(task, now)]
    return _result(task, operation, found, after, template, warnings)


def _normalised(response):
    fields = {key: canonical(FIELDS_BY_NAME[key], response.get(key)) for key in ("desc", "sql_body")}
    template = {**{key: response.get(key) for key in _FACTS}, "name": str(response.get("name") or ""), **fields}
    # A template that was made without a type can show none (as one of the reference's example does).
    return {**template, "job_type": response.get("job_type") or None}


def _find(api, task):
    """Return the service's response about the template that a task means, None when there is none.

    The list's filter by name is documented to be fuzzy, so names are compared here.

    :raises ConflictError: several templates have the name, or another one has the name that this one is to get.
    """
    name = task.fields.get("name")
    if task.template_id is not None:
        found = _with_id(api, task.template_id)
        if found and task.state == "present" and name not in (None, found[0].get("name")):
            _check_name_is_free(api, name, task.template_id)
        return found[0] if found else None
    found = _named(api, name)
    if len(found) > 1:
        raise ConflictError(f"Several templates are named {name}: {_ids(found)}; say which one with template_id.")
    return found[0] if found else None


def _check_name_is_free(api, name, template_id):
    # Whether the service itself would refuse a second template of a name is not documented.
    owners = [template for template in _named(api, name) if template["template_id"] != template_id]
    if owners:
        raise ConflictError(
            f"The name {name} belongs to Flink template {_ids(owners)} already, and two templates of one name would "
            "differ only by their ids; nothing was changed."
        )


def _with_id(api, template_id, **filters):
    # The service may write a number as a string.
    return list(api.list_templates(lambda template: str(template.get("template_id")) == str(template_id), **filters))


def _named(api, name):
    return list(api.list_templates(lambda template: template.get("name") == name, name=name))


def _ids(templates):
    return ", ".join(sorted(str(template["template_id"]) for template in templates))


def _appeared(api, task):
    """Return the template whose creation was lost, or refused because another task was faster."""
    others = _named(api, task.fields["name"])
    own = [other for other in others if _wanted(task).items() <= _normalised(other).items()]
    other = own[0] if own else _find(api, task)
    if other is None:
        raise ConflictError(f"{task.label} was there when it was to be created, but is gone again.")
    return other


def _plan(task, found):
    """Return a tuple of the operation, "" for none, and the template as it will be. Pure.

    :param found: the service's response about the template as it is, None when there is none.
    """
    current = found and _normalised(found)
    if task.state == "absent":
        _check_name_fits(task, current)
        return ("delete" if current else ""), None
    wanted = _wanted(task)
    if current is None:
        if task.template_id is not None:
            raise ConflictError(
                f"There is no Flink template {task.template_id}; to create a template, give its name alone, as the "
                "service chooses the id."
            )
        nothing = {**dict.fromkeys(_FACTS), "desc": "", "sql_body": "", "job_type": None}
        return "create", {**nothing, **wanted}
    job_type = current["job_type"]
    if "job_type" in wanted and job_type not in (None, wanted["job_type"]):
        raise ConflictError(
            f"{task.label} is for a {job_type}, not for a {wanted['job_type']}, and the type of an existing template "
            "cannot be changed; nothing was changed."
        )
    after = {**current, **{key: value for key, value in wanted.items() if key != "job_type"}}
    return ("update" if after != current else ""), after


def _check_name_fits(task, current):
    name = task.fields.get("name")
    if current and name not in (None, current["name"]):
        raise ConflictError(
            f"Flink template {current['template_id']} is named {current['name']}, not {name}; nothing was deleted, "
            "because name and template_id do not mean the same template."
        )


def _wanted(task):
    return {
        key: value if key == "name" else canonical(FIELDS_BY_NAME[key], value) for key, value in task.fields.items()
    }


def _tags_warnings(api, task, found):
    """Return a warning when an existing template that shall have tags is not found by them."""
    tags = tags_filter(task.tags)
    if not (tags and found) or task.state == "absent":
        return []
    if _with_id(api, found["template_id"], name=found.get("name"), **tags):
        return []
    return [
        f"The tags of {task.label} are unconfirmed: the service does not find it by {tags['tags']}. It documents no "
        "way to read or change the tags of an existing template, so they were left as they are."
    ]


def _several_warnings(task, templates):
    if len(templates) < 2:
        return []
    return [
        f"The service now has several templates named {task.fields['name']}: {_ids(templates)}; the request to create "
        "one was carried out more than once, or another task has created one at the same time."
    ]


def _create(api, writes, task):
    """Create a template. Return whether the service simply accepted that, or else has one of that name now."""
    body = dict(task.fields)
    if task.tags is not None:
        body["tags"] = [{"key": key, "value": value} for key, value in task.tags.items()]
    return writes.send(lambda: api.create_template(body), lambda: _named(api, body["name"]), bool, patient=True) is None


def _change(api, writes, task, operation, found, after):
    """Update or delete a template.

    :param found: the service's response about the template as it is.
    """
    template_id, before = found["template_id"], _normalised(found)

    def read():
        return [_normalised(other) for other in _with_id(api, template_id)]

    def check(others):
        # Whoever gives it another name takes it out of what the task means; an update sends all fields.
        names = ["name"] if operation == "delete" else MAX_LENGTHS
        changed = [key for key in names if others and others[0][key] not in (before[key], (after or before)[key])]
        if changed:
            raise ConflictError(
                f"{task.label}: somebody else has changed {', '.join(changed)} meanwhile, so it was left alone."
            )

    if operation == "delete":
        try:
            writes.send(lambda: api.delete_template(template_id), read, lambda others: not others, check=check)
        except NotFound:
            pass
        return
    # What is not managed goes back just as it came.
    body = {key: task.fields.get(key, found.get(key) or "") for key in MAX_LENGTHS}
    writes.send(
        lambda: api.update_template(template_id, body),
        read,
        lambda others: bool(others) and all(others[0][key] == after[key] for key in MAX_LENGTHS),
        check=check,
    )


def _action(task, operation, found, after):
    fields = [] if operation == "delete" else _changed_fields(task, operation, found, after)
    return {"operation": operation, **({"fields": fields} if fields else {})}


def _changed_fields(task, operation, found, after):
    before, after = (_normalised(found) if found else {}), after or {}
    managed = task.fields if operation == "create" else _FIELDS
    changed = [key for key in _FIELDS if operation and key in managed and before.get(key) != after.get(key)]
    return [*changed, "tags"] if _sets_tags(task, operation) else changed


def _sets_tags(task, operation):
    """Whether an operation sets tags; only a new template takes them."""
    return operation == "create" and task.tags is not None


def _result(task, operation, found, after, template, warnings):
    current = found and _normalised(found)
    before = {key: current[key] for key in _FIELDS} if current else {}
    managed = {key: after[key] for key in _FIELDS} if after else {}
    names = _changed_fields(task, operation, found, after)
    if "tags" in names:
        managed["tags"] = task.tags
    unconfirmed = [key for key in MAX_LENGTHS if operation == "update" and template[key] != after[key]]
    if unconfirmed:
        warnings = [
            *warnings,
            f"The service accepted the change of {task.label}, but still shows another value for "
            f"{', '.join(unconfirmed)}; it may not be able to clear a field.",
        ]
    return Result(
        task.label,
        "template",
        thing=template if template is not None else current,
        actions=(_action(task, operation, found, after),) if operation else (),
        changes=tuple(Change(name, before.get(name), managed.get(name)) for name in names),
        before=before,
        after=managed,
        warnings=tuple(warnings),
        public_text=canonical(FIELDS_BY_NAME["sql_body"], task.fields.get("sql_body")),
    ).as_dict()
