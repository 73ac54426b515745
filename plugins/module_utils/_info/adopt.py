# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads jobs and returns the options that describe them, so that tasks can adopt them; changes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from .._api.flink_jobs import FlinkJobApi
from .._model.description import describe, left_out_warnings
from .._model.fields import known_kind
from .._model.fleet import check_concurrency
from .._model.job import OddJob, denied_warnings, odd_warnings
from .selection import (
    Selection,
    complete_each,
    is_complete,
    select,
    selection_from_params,
    with_tags_of_each,
    without_tags_warnings,
)


@dataclass(frozen=True)
class Adoption:
    """Which jobs a task wants to have described.

    :param show_entrypoint_args: whether arguments and SQL are shown that can hold secrets.
    """

    selection: Selection
    show_entrypoint_args: bool = False


def adoption_options() -> dict:
    """Return the part of the argument spec that says what a description may hold."""
    return {"show_entrypoint_args": {"type": "bool", "default": False}}


def adoption_from_params(params: dict) -> Adoption:
    """Return which descriptions a module's parameters ask for.

    :raises InvalidInput: with the first rule that is broken.
    """
    check_concurrency(params)
    return Adoption(selection_from_params(params), params["show_entrypoint_args"])


def adopt_jobs(api: FlinkJobApi, adoption: Adoption, is_redacted) -> dict:
    """Read the jobs and return the module's result.

    :param is_redacted: callable that says whether Ansible would mask any part of a value in the result.
    :raises RequestError: the service rejected a request or did not respond.
    """
    odd: list[OddJob] = []
    found = select(api, adoption.selection, odd)
    jobs = complete_each(api, [job for job in found if known_kind(job.job_type)])
    # A job that was deleted since it was listed cannot be adopted, nor one that this user may not view.
    adopted, obstacle = with_tags_of_each(api, [job for job in jobs if is_complete(job)])
    descriptions = describe(adopted, adoption.show_entrypoint_args, is_redacted)
    warnings = odd_warnings(odd) + denied_warnings(jobs, "it is left out of the result")
    warnings += left_out_warnings(descriptions["left_out"]) + without_tags_warnings(obstacle)
    return {"changed": False, **descriptions, "count": len(found), "warnings": warnings}
