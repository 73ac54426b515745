# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task asks of a Flink job, validated: the desired state."""

from __future__ import annotations

from typing import NamedTuple

from .canonical import canonical, list_from_option, tag_strings
from .fields import FIELDS_BY_NAME, JAR, JobKind

# What is sent with the blanks around it.
_WITH_BLANKS = ("desc",)


class JobSpec(NamedTuple):
    """The desired state of one job.

    :param name: its name; None when the task identifies the job by id alone.
    :param job_id: its id; with a name too, the name is what the job shall be called.
    :param fields: the managed fields in canonical form. An omitted option is not managed and not in here. A
        C(resource_config) may be partial, and says nothing of its other parts.
    :param given: the same as the task gives them, for requests: which forms the service takes is not ours to choose.
    :param tags: all tags that the job shall have, as the task gives them; None when they are not managed.
    :param public_text: what the task itself gives in the open of C(entrypoint_args) or C(sql_body), which can hold
        secrets, in canonical form, as that is what is compared and shown; "" when it gives nothing.
    :param kind: what kind of job it must be; None for any.
    """

    name: str | None = None
    job_id: int | None = None
    fields: dict = {}
    given: dict = {}
    tags: dict | None = None
    public_text: str = ""
    kind: JobKind | None = JAR

    @property
    def label(self) -> str:
        """How messages call the job."""
        return f"Flink job {self.name}" if self.name else f"Flink job {self.job_id}"

    def as_given(self, name: str):
        """Return a managed field as the task gives it."""
        return self.given.get(name, self.fields[name])


def spec_from_params(params: dict, kind: JobKind = JAR) -> JobSpec:
    """Return the desired state that a module's parameters describe; C(rules) says whether it is valid."""
    given = {known.name: params[known.name] for known in kind.fields if params.get(known.name) is not None}
    for name, value in given.items():
        given[name] = _meant(FIELDS_BY_NAME[name], value)
    public, secret = params.get("entrypoint_args"), params.get("secret_entrypoint_args")
    # The two options manage one field of the API, so giving either gives the whole of it.
    public_text = canonical(FIELDS_BY_NAME["sql_body"], params.get("sql_body")) or _one_line(public or "")
    if public is not None or secret is not None:
        given["entrypoint_args"] = " ".join(part for part in (public_text, _one_line(secret or "")) if part)
    tags = params.get("tags")
    if tags is not None:
        tags = tag_strings(tags)
    fields = {
        name: value if name == "resource_config" else canonical(FIELDS_BY_NAME[name], value)
        for name, value in given.items()
    }
    return JobSpec(params.get("name"), params.get("job_id"), fields, given, tags, public_text, kind)


def _meant(field, value):
    """Return an option as it is meant, whatever stands around it; in texts of people blanks may have a meaning."""
    if field.form == "resource_config":
        return _without_omitted(value)
    if field.form == "list":
        return list_from_option(value)
    if field.form == "bucket":
        return canonical(field, value)
    return value.strip() if field.form == "str" and field.name not in _WITH_BLANKS else value


def _without_omitted(options):
    """Return a dict of options without those that the task leaves out, which Ansible fills in as None."""
    return {
        name: _without_omitted(value) if isinstance(value, dict) else value
        for name, value in options.items()
        if value is not None
    }


def _one_line(arguments):
    """Arguments are separated by spaces; a YAML block that lists them one a line means the same."""
    return " ".join(line.strip() for line in arguments.splitlines() if line.strip())
