# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The switches: one for each question about the live service that the documents leave open.

The default of a switch is the behaviour with the strongest evidence; GRADES says how strong it is.
"""

from __future__ import annotations

import argparse
import functools
from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

# What a fact about the service rests on, the strongest first.
GRADES = ("captured", "vendor-tested", "documented", "vendor", "assumed")


@dataclass(frozen=True)
class Behaviour:
    """How the local service behaves where the documents leave it open; seconds are floats, counts are integers.

    The text beside the type of a switch is also the help of its flag on the command line. The grade behind it is that
    of the default.
    A wrong value raises ValueError at once, so that a mistyped switch cannot pass for the default.
    """

    put_omitted: Annotated[
        Literal["keep", "default"],
        "an update keeps a field it leaves out, or resets it to its documented default (never name and tags)",
        "vendor-tested",
    ] = "keep"
    clearing: Annotated[
        Literal["empty", "ignored"],
        "an empty string or list in an update clears the field, or is silently ignored",
        "vendor-tested",
    ] = "empty"
    name_filter: Annotated[
        Literal["exact", "contains", "ignored"], "what the name filter of the list compares", "assumed"
    ] = "exact"
    tags_filter: Annotated[
        Literal["match", "any", "prefix", "ignored", "none"],
        "the tags filter of the list wants all pairs, wants one of them, wants all but takes the beginning of a value "
        "for it, has no effect, or never finds anything",
        "assumed",
    ] = "match"
    is_success: Annotated[
        Literal["by_call", "boolean", "string"],
        "is_success is the word true in answers about jobs and a boolean in all others, or a boolean in all, or the "
        "word in all",
        "vendor-tested",
    ] = "by_call"
    batch_refusal: Annotated[
        Literal["per_job", "whole"],
        "a job that run, stop or delete refuses leaves the other jobs of the call alone, or has the whole call refused",
        "assumed",
    ] = "per_job"
    batch_answers: Annotated[
        Literal["full", "short", "object"],
        "run, stop and delete answer with one element for each job, with one for all, or with that one alone instead "
        "of an array",
        "documented",
    ] = "full"
    run_refusal: Annotated[
        Literal["error", "error_array", "element"],
        "a start without a queue answers HTTP 400 with an error, HTTP 400 with an array, or an unsuccessful element; "
        "among several jobs it is an element, unless batch_refusal is whole",
        "captured",
    ] = "error_array"
    unknown_queue: Annotated[
        Literal["at_start", "at_write"],
        "a queue that is not there is refused when a job is started, or already when a job is created with it or "
        "changed to it; it counts where the queues that are there are named",
        "assumed",
    ] = "at_start"
    cu_number_reads: Annotated[
        Literal["requested", "actual", "actual_unmarked"],
        "cu_number reads as written, as the actual CUs like real_cu_number, or so with real_cu_number 0",
        "vendor-tested",
    ] = "requested"
    unset_reads: Annotated[
        Literal["null", "empty", "absent"],
        "an unset value reads as null, as an empty string or list, or its key is missing",
        "documented",
    ] = "null"
    numbers_read: Annotated[
        Literal["number", "string"],
        "integers in job_config and ids of imported jobs are numbers or strings",
        "documented",
    ] = "number"
    runtime_config_reads: Annotated[
        Literal["json_list", "as_written", "lines", "json_object"],
        "runtime_config reads as a JSON list, as written, as key=value lines, or as a JSON object",
        "vendor-tested",
    ] = "json_list"
    v1_resources_read: Annotated[
        Literal["defaults", "unset"],
        "resource_config of a job under v1 reads as the service's own sizes, or as an unset value",
        "vendor-tested",
    ] = "defaults"
    jar_checkpoint_interval: Annotated[
        Literal["30", "10"],
        "checkpoint_interval of a new JAR job that does not say it: as the service has it, or as documented",
        "vendor-tested",
    ] = "30"
    tm_slot_num_reads: Annotated[
        Literal["as_written", "zero", "computed"],
        "tm_slot_num of a job without it reads as an unset value, as 0, or as what the documented formula makes of "
        "the other numbers",
        "assumed",
    ] = "as_written"
    checkpoint_mode_reads: Annotated[
        Literal["name", "number"], "checkpoint_mode reads as exactly_once or as 1", "vendor-tested"
    ] = "name"
    memory_reads: Annotated[
        Literal["as_written", "mb", "gb"],
        "memory reads as written, in whole MB, or in GB where that is a whole number",
        "vendor-tested",
    ] = "as_written"
    texts_read: Annotated[
        Literal["as_written", "trimmed", "lf", "nfc"],
        "texts of a job read as written, without blanks at their ends, with LF for each line break, or with a letter "
        "and its marks as one character",
        "assumed",
    ] = "as_written"
    summary_fields: Annotated[
        Literal["table", "example"],
        "a list without show_detail has all fields of the reference's table, or only those of its example",
        "documented",
    ] = "table"
    list_details: Annotated[
        Literal["all", "no_resource_config"],
        "a list with show_detail has or lacks resource_config and resource_config_version",
        "documented",
    ] = "no_resource_config"
    detail_omits_image: Annotated[
        bool, "the detail of a job lacks flink_version, feature and image", "vendor-tested"
    ] = False
    sql_body_reads: Annotated[
        Literal["as_written", "trimmed", "crlf"],
        "sql_body reads as written, without line breaks and spaces at its ends, or with CR LF for each line break",
        "vendor-tested",
    ] = "as_written"
    sql_job_type_reads: Annotated[
        Literal["as_written", "flink_sql_job"],
        "the type of a SQL job reads as written, or as flink_sql_job",
        "vendor-tested",
    ] = "as_written"
    template_names: Annotated[
        Literal["unique", "free"], "a template of a name in use is refused, or made beside the other", "assumed"
    ] = "unique"
    export_files: Annotated[
        Literal["together", "each"], "an export makes one ZIP file of all jobs, or one for each", "assumed"
    ] = "together"
    delete_keeps_record: Annotated[bool, "the detail of a deleted job still answers", "vendor-tested"] = False
    catalog_url: Annotated[
        Literal["bare", "versioned"],
        "DLI's URL in the service catalog ends after the host, or after the project",
        "assumed",
    ] = "bare"
    catalog: Annotated[
        Literal["with_dli", "without_dli"], "the service catalog names DLI, or does not", "documented"
    ] = "with_dli"
    not_found: Annotated[
        Literal["DLI.16001", "DLI.0023", "DLI.0002"],
        "error code of an unknown job: DLI.0023 comes with HTTP 404, the others with HTTP 400",
        "vendor",
    ] = "DLI.16001"
    savepoint: Annotated[
        Literal["made", "fails", "never_shown"],
        "a stop with a savepoint makes one, or ends with the job still running and without one, or ends with the job "
        "stopped and shows none; a savepoint of a running job likewise",
        "documented",
    ] = "made"
    savepoint_folders: Annotated[
        Literal["dated", "nested", "fixed"],
        "a savepoint lies in a folder named by its time, or in one below that which Flink names, or at the very path "
        "that was given, that of a stop in the same one each time",
        "assumed",
    ] = "dated"
    savepoint_after_restart: Annotated[
        Literal["deleted", "kept"], "a job that runs again has lost its savepoint, or keeps it", "documented"
    ] = "deleted"
    restart_by: Annotated[
        Literal["flink", "service"],
        "a job that fails and may restart goes on within Flink, from its newest checkpoint, and shows job_running; or "
        "the service submits it again, from its newest checkpoint only with resume_checkpoint, and the job shows "
        "job_running_exception and job_submitting meanwhile",
        "assumed",
    ] = "flink"
    savepoint_lost: Annotated[
        Literal["when_it_runs", "when_asked"],
        "a job that loses its savepoint has lost it when it reaches job_running, or as soon as it is asked to start, "
        "even if it never runs",
        "assumed",
    ] = "when_it_runs"
    savepoint_files_after_restart: Annotated[
        Literal["kept", "deleted"],
        "the files of a savepoint stay once a job has run from it, or are deleted, so that no start can resume from "
        "its path any more",
        "assumed",
    ] = "kept"
    savepoint_outcome: Annotated[
        Literal["nested", "plain"],
        "the outcome of a request to make a savepoint is JSON inside the message of an answer that is itself a "
        "success, or that answer says it",
        "vendor",
    ] = "nested"
    savepoint_operations: Annotated[
        Literal["offered", "absent"], "the calls to make and to import a savepoint exist, or answer HTTP 404", "vendor"
    ] = "offered"
    job_tags: Annotated[
        Literal["offered", "absent", "forbidden"],
        "the calls to read, add and remove tags of an existing job exist, answer HTTP 404, or answer HTTP 403",
        "vendor-tested",
    ] = "offered"
    execution_plan: Annotated[
        Literal["full", "short"],
        "the execution plan has the vertices and operators, or the seven fields alone that the reference lists",
        "vendor",
    ] = "full"
    messages: Annotated[
        Literal["english", "by_header"],
        "errors are in English, or in Chinese for a request without the header X-Language: en-us",
        "documented",
    ] = "english"
    stop_ends: Annotated[
        Literal["job_cancel_success", "job_init"], "the status in which a job is once it is stopped", "vendor"
    ] = "job_cancel_success"
    list_pages: Annotated[
        Literal["full", "short", "empty"],
        "a page of the list has all that it should, half of it (but at least one job), or no job at all, while "
        "total_count counts all",
        "documented",
    ] = "full"
    list_job_type: Annotated[
        Literal["all", "jar", "none"],
        "the list names the type of all jobs, of JAR jobs alone, or of none",
        "documented",
    ] = "all"
    odd_job: Annotated[
        Literal["none", "shared", "iso_time", "long_name", "big_id", "nulls"],
        "the list has one more job, that of a colleague, whose detail is refused: an ordinary one, or with times in "
        "ISO 8601, a name of 300 characters, an id of 19 digits as a string, or null wherever a value may be missing",
        "assumed",
    ] = "none"
    list_lag_seconds: Annotated[float, "the list shows all jobs as they were so many seconds ago", "assumed"] = 0.0
    detail_lag_seconds: Annotated[float, "the detail shows a job as it was so many seconds ago", "assumed"] = 0.0
    replica_lag_seconds: Annotated[
        float, "lists and details come from two replicas in turn, of which one is so many seconds behind", "assumed"
    ] = 0.0
    replica_first: Annotated[
        Literal["fresh", "behind"], "which of the two replicas answers the first list or detail", "assumed"
    ] = "fresh"
    init_seconds: Annotated[float, "seconds a started job shows job_init before job_submitting", "assumed"] = 0.0
    savepoint_late_seconds: Annotated[
        float,
        "seconds after the end of a stop, or of a savepoint of a running job, until its savepoint shows",
        "assumed",
    ] = 0.0
    submit_seconds: Annotated[float, "seconds a job stays in job_submitting", "assumed"] = 0.0
    savepoint_seconds: Annotated[float, "seconds a job stays in job_savepointing", "assumed"] = 0.0
    cancel_seconds: Annotated[float, "seconds a job stays in job_canceling", "assumed"] = 0.0
    delete_seconds: Annotated[float, "seconds a deleted job stays in lists", "vendor-tested"] = 0.0
    latency_seconds: Annotated[float, "seconds added to each request", "assumed"] = 0.0
    finish_after_seconds: Annotated[
        float | None, "seconds after which a running job finishes; unset, never", "assumed"
    ] = None
    max_in_flight: Annotated[
        int | None,
        "requests to DLI handled concurrently; one more is answered HTTP 429 at once; unset, no limit",
        "assumed",
    ] = None
    throttle_retry_after: Annotated[bool, "HTTP 429 comes with Retry-After", "documented"] = True

    @property
    def loses_savepoint(self) -> bool:
        """Whether the service forgets the savepoint of a job that it starts. It is documented to."""
        return self.savepoint_after_restart == "deleted"

    @property
    def shows_the_past(self) -> bool:
        """Whether any read may show what is no longer true."""
        return bool(self.list_lag_seconds or self.detail_lag_seconds or self.replica_lag_seconds)

    def __post_init__(self) -> None:
        hints = _hints()
        for switch in fields(self):
            value = getattr(self, switch.name)
            hint = hints[switch.name]
            if get_origin(hint) is Literal:
                if value not in get_args(hint):
                    raise ValueError(f"{switch.name} is one of {', '.join(get_args(hint))}, not {value!r}")
            elif hint is bool:
                if not isinstance(value, bool):
                    raise ValueError(f"{switch.name} is a boolean, not {value!r}")
            elif hint == int | None:
                if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
                    raise ValueError(f"{switch.name} is a whole number from 1, not {value!r}")
            elif value is not None and (isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0):
                raise ValueError(f"{switch.name} is a number of seconds, not {value!r}")


@functools.cache
def _hints() -> dict[str, Any]:
    return get_type_hints(Behaviour)


@functools.cache
def _helps() -> dict[str, str]:
    return {name: hint.__metadata__[0] for name, hint in get_type_hints(Behaviour, include_extras=True).items()}


def grades() -> dict[str, str]:
    """Return for each switch what its default rests on, one of GRADES."""
    return {name: hint.__metadata__[1] for name, hint in get_type_hints(Behaviour, include_extras=True).items()}


def add_arguments(parser: argparse.ArgumentParser, defaults: Behaviour | None = None) -> None:
    """Give the parser one flag for each switch.

    :param defaults: the values of switches whose flag is not given; those of ``Behaviour()`` without.
    """
    defaults = defaults or Behaviour()
    for switch in fields(Behaviour):
        flag = "--" + switch.name.replace("_", "-")
        hint = _hints()[switch.name]
        options: dict[str, Any] = {"default": getattr(defaults, switch.name), "help": _helps()[switch.name]}
        if get_origin(hint) is Literal:
            options["choices"] = get_args(hint)
        elif hint is bool:
            options["action"] = argparse.BooleanOptionalAction
        elif hint == int | None:
            options["type"] = int
        else:
            options["type"] = float
        parser.add_argument(flag, **options)


def from_arguments(arguments: argparse.Namespace) -> Behaviour:
    """Return the behaviour a parser with these flags has read."""
    return Behaviour(**{switch.name: getattr(arguments, switch.name) for switch in fields(Behaviour)})
