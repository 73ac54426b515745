# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a job to the options that describe it, so that a task can adopt what was made otherwise.

To apply a description is never a change: each option that the job would not compare equal with is left out, with the
reason.
"""

from __future__ import annotations

import re

from .._errors import InvalidInput
from .bodies import without_effect
from .canonical import canonical
from .checks import check_name
from .diff import remaining_changes, shows_used_cus
from .fields import (
    FIELDS_BY_NAME,
    JAR,
    SQL,
    TYPE_OF_ANY_SQL_JOB,
)
from .job import ObservedJob
from .redact import (
    redacted,
    sensitive_sql_values,
    sensitive_values,
)
from .rules import check_new, check_spec
from .spec import spec_from_params

# What Ansible takes as an option of each form, where the service could return something else.
_TYPES = {"int": int, "bool": bool, "list": list, "runtime_config": dict, "resource_config": dict}

_HOLDS_SECRET_OF_TASK = "it holds a secret from the options of this task"
_CAN_HOLD_SECRETS = "it can hold secrets; show_entrypoint_args shows it"
_HOLDS_SECRETS = "it has sensitive values, which are never shown"
# What others have written into a job must not become code when it is read back from a file of variables or tasks.
_TEMPLATE = re.compile(r"\{[{%#]")
_IS_TEMPLATE = "Ansible would take it for a template; write it yourself, with !unsafe before it"

# Where the result has the descriptions of each kind: in lists of their own, because they are for different modules.
_LISTS = {JAR: "jar_jobs", SQL: "sql_jobs"}


def describe(jobs: list[ObservedJob], show_entrypoint_args: bool, is_redacted) -> dict[str, list[dict]]:
    """Return the options that describe each job, in one list for each kind, and in C(left_out) what they lack.

    :param jobs: the jobs, of kinds that can be managed, with all fields that the service has of them.
    :param show_entrypoint_args: whether arguments and SQL are shown that can hold secrets.
    :param is_redacted: callable that says whether Ansible would mask any part of a value in a result; a mask must
        never be taken for the value itself.
    """
    names = [job.name for job in jobs]
    result: dict[str, list[dict]] = {name: [] for name in (*_LISTS.values(), "left_out")}
    for job in jobs:
        description, reasons = _description(job, show_entrypoint_args, names.count(job.name) > 1, is_redacted)
        result[_LISTS[job.kind]] += [description] if description else []
        result["left_out"] += [
            {"name": job.name, "job_id": job.job_id, "option": option, "reason": reason}
            for option, reason in reasons.items()
        ]
    return result


def left_out_warnings(left_out: list[dict]) -> list[str]:
    """Return one sentence about what was left out, however much it is."""
    if not left_out:
        return []
    first = left_out[0]
    others = f" {len(left_out) - 1} more are left out, see left_out in the result." if len(left_out) > 1 else ""
    return [
        f"{first['option']} is left out of the description of Flink job {first['name'] or first['job_id']}, because "
        f"{first['reason']}.{others}"
    ]


def _description(
    job: ObservedJob, show_entrypoint_args: bool, id_is_needed: bool, is_redacted
) -> tuple[dict | None, dict]:
    """Return a tuple of the options that describe a job, and of the reasons by the names of options that are left out.

    :param id_is_needed: whether another job has the same name.
    :param is_redacted: as in C(describe).
    :returns: None instead of the options for a job that cannot even be named.
    """
    identity = _identity(job, id_is_needed)
    if any(is_redacted(value) for value in identity.values()):
        return None, dict.fromkeys(identity, _HOLDS_SECRET_OF_TASK)
    candidates = {**_worth_describing(job), **({"tags": job.tags} if job.tags else {})}
    reasons = {name: _HOLDS_SECRET_OF_TASK for name, value in candidates.items() if is_redacted(value)}
    if "entrypoint_args" in candidates and not show_entrypoint_args:
        reasons["entrypoint_args"] = _CAN_HOLD_SECRETS
    reasons.update({name: _IS_TEMPLATE for name, value in candidates.items() if _TEMPLATE.search(str(value))})
    sql = candidates.get("sql_body")
    if not show_entrypoint_args and redacted("sql_body", sql, "") != sql:
        reasons["sql_body"] = _CAN_HOLD_SECRETS
    if sensitive_sql_values(sql):
        reasons["sql_body"] = _HOLDS_SECRETS
    if "runtime_config" in candidates and sensitive_values(candidates["runtime_config"]):
        reasons["runtime_config"] = _HOLDS_SECRETS
    if candidates.get("job_type") == TYPE_OF_ANY_SQL_JOB:
        reasons["job_type"] = "the service may show this type for a SQL job of any type"
    if "cu_number" in candidates and shows_used_cus(job):
        reasons["cu_number"] = "the service shows the CUs that the job really uses instead of those requested"
    rest = {name: value for name, value in candidates.items() if name not in reasons}
    options, against_rules = _acceptable(job.kind, identity, rest)
    different = [name for name in remaining_changes(_spec(job.kind, {**identity, **options}), job) if name in options]
    reasons.update(against_rules)
    reasons.update(dict.fromkeys(different, "no value of the option describes exactly what the job has"))
    return {**identity, **{name: value for name, value in options.items() if name not in different}}, reasons


def _identity(job, id_is_needed):
    if not id_is_needed:
        try:
            check_name("name", job.name)
        except InvalidInput:
            # A name from elsewhere can break the rules for names; the id does not.
            pass
        else:
            return {"name": job.name}
    return {"job_id": job.job_id}


def _worth_describing(job):
    """Return the fields that would have other values if the description left them out."""
    definition = job.definition()
    pointless = without_effect(definition)
    useful = {known.name for known in job.kind.readable if job.has(known.name)} - pointless
    wanted = {name: _without(canonical(FIELDS_BY_NAME[name], None), definition[name]) for name in definition}
    return {name: value for name, value in wanted.items() if name in useful and value is not None}


def _without(default, value):
    """Return a value, of a resource_config only the parts that are not the default; None when nothing is left."""
    if value == default:
        return None
    if isinstance(default, dict) and default and isinstance(value, dict):
        parts = {key: _without(default.get(key), item) for key, item in value.items()}
        return {key: item for key, item in parts.items() if item is not None} or None
    return value


def _acceptable(kind, identity, candidates):
    """Return a tuple of the options that are valid together, and of the reasons against the others by name."""
    reasons = {name: "the option does not take its value" for name in candidates if not _fits(name, candidates)}
    rest = {name: value for name, value in candidates.items() if name not in reasons}
    if _broken_rule(kind, {**identity, **rest}) is None:
        return rest, reasons
    # One after the other, until no more can be added: some options need another one that comes later.
    options: dict = {}
    more = True
    while more:
        more = False
        for name in [name for name in rest if name not in options]:
            rule = _broken_rule(kind, {**identity, **options, name: rest[name]})
            if rule is None:
                options[name] = rest[name]
                reasons.pop(name, None)
                more = True
            else:
                reasons[name] = rule
    return options, reasons


def _fits(name, candidates):
    if name == "tags":
        return True
    value, field = candidates[name], FIELDS_BY_NAME[name]
    expected = _TYPES.get(field.form, str)
    if field.choices and value not in field.choices:
        return False
    return isinstance(value, expected) and (expected is bool or not isinstance(value, bool))


def _broken_rule(kind, options):
    """Return the rule that options break, without its full stop; None when they keep all."""
    try:
        spec = _spec(kind, options)
        check_spec(spec)
        check_new(spec)
    except InvalidInput as exc:
        return str(exc).rstrip(".")
    return None


def _spec(kind, options):
    # As the modules get them: what is left out is there as None.
    return spec_from_params(dict.fromkeys(kind.names) | options, kind)
