# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The questions that the documentation leaves open: one table.

The name of a question, and its possible answers, are those of the switch of the local service. A test compares them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from . import lifecycle, reading, writing
from .facts import Facts
from .pace import rounded

LEVELS = ("read", "draft", "run")
VERDICTS = ("right", "limited", "unknown")
# How long modules wait for the service to show what it has accepted; a test compares it.
GRACE_SECONDS = 15.0


@dataclass(frozen=True)
class Way:
    """One way to answer a question.

    :param level: the level of the check from which on it is open.
    :param see: pure function of the facts; raises C(NotSeen).
    :param request: the requests that show the answer, without what identifies anything.
    :param fields: the fields of their responses that show it.
    """

    level: str
    see: Callable[[Facts], Any]
    request: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Question:
    """One open question.

    :param name: the name of the switch.
    :param asks: the question in words.
    :param answers: its possible answers; empty for a number of seconds or of requests.
    :param ways: in the order in which they count: the first one that has an answer gives it.
    :param limits: for an answer with which the collection is not right either way, what is then the case.
    :param most: the most seconds with which it is right.
    """

    name: str
    asks: str
    answers: tuple
    ways: tuple[Way, ...]
    limits: dict[Any, str] = field(default_factory=dict)
    most: float | None = None

    def verdict(self, answer: Any) -> tuple[str, str]:
        """Return what an answer means for the collection, as one of C(VERDICTS) and in words."""
        if self.answers and answer not in self.answers:
            return "unknown", "the collection does not know this answer; please report it"
        if self.most is not None and answer > self.most:
            return "limited", f"the collection gives the service {self.most:.0f} seconds to show what it has accepted"
        if answer in self.limits:
            return "limited", self.limits[answer]
        return "right", "right either way"


_LIST = "GET /streaming/jobs"
_DETAIL = "GET /streaming/jobs/{job_id}"
_UPDATE = "PUT /streaming/flink-jobs/{job_id}"
_RUN = "POST /streaming/jobs/run"
_STOP = "POST /streaming/jobs/stop"
_DELETE = "POST /streaming/jobs/delete"
_LOGIN = "POST /v3/auth/tokens"
_STATUS = ("job_detail.status",)
_SAVED = ("job_detail.has_savepoint",)


def _details_by_now(facts):
    """Return how many details were refused, and how many were not, with that of the check's own draft."""
    refused, shown = facts["refused_details"]
    return refused, shown + facts.has("own_detail")


def _by_list_and_drafts(see, *fields, see_list=None):
    """Return the ways of a question that any job answers, a draft of the check as well as one of the user's."""
    of_list = see_list or see
    return (
        Way("draft", lambda facts: see([facts["own_detail"]]), _DETAIL, tuple(f"job_detail.{name}" for name in fields)),
        Way("read", lambda facts: of_list(facts["usable"]), _LIST, tuple(f"job_list.jobs.{name}" for name in fields)),
    )


def _after_update(name, see, *fields):
    """Return the way of a question that an update of a draft answers."""
    return (Way("draft", lambda facts: see(facts[name]), f"{_UPDATE}, {_DETAIL}", fields),)


QUESTIONS = (
    Question(
        "put_omitted",
        "Does an update keep or reset the fields that it leaves out?",
        ("keep", "default"),
        (
            Way(
                "draft",
                lambda facts: writing.put_omitted(facts["own_detail"], facts["kept"]),
                f"{_UPDATE}, {_DETAIL}",
                ("job_detail.job_config.resume_max_num",),
            ),
        ),
        {"default": "right, but an update of a running job may remove its obs_bucket"},
    ),
    Question(
        "clearing",
        "Can an update clear a field?",
        ("empty", "ignored"),
        _after_update("cleared", writing.clearing, "job_detail.entrypoint_args"),
        {"ignored": "a field that cannot be cleared is reported as changed in each run, with a warning"},
    ),
    Question(
        "name_filter",
        "Does the list's filter compare whole names?",
        ("exact", "contains", "ignored"),
        (
            Way(
                "draft",
                lambda facts: reading.name_filter(facts["own_named_nothing"], facts["own_named_in_part"]),
                _LIST,
                ("job_list.total_count", "job_list.jobs.name"),
            ),
            Way(
                "read",
                lambda facts: reading.name_filter(facts["named_nothing"], facts["named_in_part"]),
                _LIST,
                ("job_list.total_count", "job_list.jobs.name"),
            ),
            Way(
                "read",
                lambda facts: reading.name_filter_of_nothing(facts["named_nothing"]),
                _LIST,
                ("job_list.total_count",),
            ),
        ),
    ),
    Question(
        "tags_filter",
        "Does the list's filter by tags work?",
        ("match", "any", "prefix", "ignored", "none"),
        (
            Way("draft", writing.tags_filter_of, _LIST, ("job_list.total_count",)),
            Way(
                "read",
                lambda facts: reading.tags_filter_of_nothing(facts["tagged_nothing"]),
                _LIST,
                ("job_list.total_count",),
            ),
        ),
        {
            "any": "a job that has one of several tags seems to have all",
            "prefix": "a job whose value only begins like the tag seems to have it",
            "ignored": "each job seems to have the right tags, and there is no warning",
            "none": "a task that gives tags warns that the job is not found by them",
        },
    ),
    Question(
        "is_success",
        "Is is_success a boolean or a string?",
        ("by_call", "boolean", "string"),
        (
            Way(
                "draft",
                writing.is_success,
                f"POST /streaming/flink-jobs, {_DELETE}, POST /streaming/job-templates",
                ("is_success",),
            ),
        ),
    ),
    Question(
        "batch_refusal",
        "Does one rejected job of a batch prevent the others?",
        ("per_job", "whole"),
        (
            Way(
                "draft",
                lambda facts: writing.batch_refusal(facts["batch_with_refusal"], facts["batch"]),
                f"{_DELETE}, {_LIST}",
                ("is_success", "job_list.jobs"),
            ),
        ),
    ),
    Question(
        "batch_answers",
        "Which job does an element of a batch response mean?",
        ("full", "short", "object"),
        (Way("draft", lambda facts: writing.batch_answers(facts["batch"]), _DELETE, ("is_success",)),),
    ),
    Question(
        "run_refusal",
        "How is a start rejected?",
        ("error", "error_array", "element"),
        (Way("run", lifecycle.run_refusal, _RUN, ("error_code", "is_success")),),
    ),
    Question(
        "cu_number_reads",
        "Does cu_number read as requested, or as the CUs in use?",
        ("requested", "actual", "actual_unmarked"),
        (
            Way(
                "draft",
                lambda facts: writing.cu_number_reads(facts["own_detail"]),
                _DETAIL,
                ("job_detail.job_config.cu_number", "job_detail.job_config.real_cu_number"),
            ),
        ),
        {
            "actual": "a change of cu_number alone is not noticed; a warning says that it is not compared",
            "actual_unmarked": "each run updates a job whose CUs were replaced, and warns",
        },
    ),
    Question(
        "unset_reads",
        "How does an unset value read?",
        ("null", "empty", "absent"),
        _by_list_and_drafts(
            reading.unset_reads,
            "job_config.smn_topic",
            "job_config.obs_bucket",
            "job_config.execution_agency_urn",
            see_list=reading.unset_reads_in_list,
        ),
    ),
    Question(
        "numbers_read",
        "Are numbers sent as numbers or as strings?",
        ("number", "string"),
        _by_list_and_drafts(reading.numbers_read, "job_config.parallel_number"),
    ),
    Question(
        "runtime_config_reads",
        "In which form does runtime_config read?",
        ("as_written", "lines", "json_list", "json_object"),
        (
            Way(
                "draft",
                writing.runtime_config_reads,
                f"{_UPDATE}, {_DETAIL}",
                ("job_detail.job_config.runtime_config",),
            ),
        ),
    ),
    Question(
        "v1_resources_read",
        "Does a job under v1 show resources of the service's own?",
        ("defaults", "unset"),
        (
            Way(
                "draft",
                lambda facts: writing.v1_resources_read(facts["own_detail"]),
                _DETAIL,
                ("job_detail.job_config.resource_config",),
            ),
        ),
    ),
    Question(
        "jar_checkpoint_interval",
        "Which checkpoint_interval has a new JAR job that gives none?",
        ("30", "10"),
        (
            Way(
                "draft",
                lambda facts: writing.jar_checkpoint_interval(facts["own_detail"]),
                _DETAIL,
                ("job_detail.job_config.checkpoint_interval",),
            ),
        ),
    ),
    Question(
        "tm_slot_num_reads",
        "How does tm_slot_num of a job that gives none read?",
        ("as_written", "zero", "computed"),
        (
            Way(
                "draft",
                lambda facts: writing.tm_slot_num_reads(facts["last_detail"], facts["own_detail"]),
                _DETAIL,
                ("job_detail.job_config.tm_slot_num",),
            ),
        ),
    ),
    Question(
        "checkpoint_mode_reads",
        "Does checkpoint_mode read as a name or as a number?",
        ("name", "number"),
        _by_list_and_drafts(reading.checkpoint_mode_reads, "job_config.checkpoint_mode"),
    ),
    Question(
        "memory_reads",
        "In which unit does memory read?",
        ("as_written", "mb", "gb"),
        (
            Way(
                "draft",
                lambda facts: writing.memory_reads(facts["v2_detail"]),
                _DETAIL,
                ("job_detail.job_config.resource_config",),
            ),
        ),
    ),
    Question(
        "texts_read",
        "Does the service keep texts as they are sent?",
        ("as_written", "trimmed", "lf", "nfc"),
        _after_update("texts", writing.texts_read, "job_detail.entrypoint_args"),
    ),
    Question(
        "summary_fields",
        "Which fields does a list without details have?",
        ("table", "example"),
        (
            Way("draft", lambda facts: reading.summary_fields(facts["own_summary"]), _LIST, ("job_list.jobs",)),
            Way(
                "read",
                lambda facts: reading.summary_fields(reading.listed(facts["summary"])),
                _LIST,
                ("job_list.jobs.start_time", "job_list.jobs.restart_times"),
            ),
        ),
    ),
    Question(
        "list_details",
        "Does a list with details have the resources of jobs?",
        ("all", "no_resource_config"),
        (
            Way(
                "draft",
                lambda facts: reading.list_details(facts["own_items"][:1]),
                _LIST,
                ("job_list.jobs.job_config.resource_config_version",),
            ),
            Way(
                "read",
                lambda facts: reading.list_details(facts["usable"]),
                _LIST,
                ("job_list.jobs.job_config.resource_config_version",),
            ),
        ),
    ),
    Question(
        "detail_omits_image",
        "Does the detail have flink_version, feature and image?",
        (False, True),
        (
            Way(
                "draft",
                lambda facts: reading.detail_omits_image(facts["with_image"]),
                f"{_UPDATE}, {_DETAIL}, {_LIST}",
                ("job_detail.job_config.flink_version",),
            ),
            Way(
                "read",
                lambda facts: reading.detail_omits_image(facts["image_detail"]),
                _DETAIL,
                ("job_detail.job_config.flink_version",),
            ),
        ),
    ),
    Question(
        "sql_body_reads",
        "Does sql_body keep its line breaks, and those at its ends?",
        ("as_written", "trimmed", "crlf"),
        (Way("draft", lambda facts: writing.sql_body_reads(facts["sql_detail"]), _DETAIL, ("job_detail.sql_body",)),),
    ),
    Question(
        "sql_job_type_reads",
        "Does a SQL job show its type?",
        ("as_written", "flink_sql_job"),
        (
            Way(
                "draft",
                lambda facts: writing.sql_job_type_reads(facts["sql_detail"]),
                _DETAIL,
                ("job_detail.job_type",),
            ),
            Way("read", lambda facts: reading.sql_job_type_of_any(facts["usable"]), _LIST, ("job_list.jobs.job_type",)),
        ),
        {"flink_sql_job": "a task that gives another type of SQL job warns"},
    ),
    Question(
        "template_names",
        "Are names of templates unique?",
        ("unique", "free"),
        (
            Way(
                "draft",
                lambda facts: "free" if facts["second_template"] else "unique",
                "POST /streaming/job-templates",
                ("error_code",),
            ),
        ),
    ),
    Question(
        "export_files",
        "Does an export make one ZIP file or several?",
        ("together", "each"),
        (
            Way(
                "draft",
                lambda facts: "together" if facts["exported"] == 1 else "each",
                "POST /streaming/jobs/export",
                ("zip_file",),
            ),
        ),
    ),
    Question(
        "delete_keeps_record",
        "Can the detail of a deleted job still be read?",
        (False, True),
        (
            Way(
                "draft",
                lambda facts: writing.delete_keeps_record(
                    facts["deleted_detail"], facts["deletion_reads"], facts["unknown_code"]
                ),
                f"DELETE /streaming/jobs/{{job_id}}, {_DETAIL}",
                ("job_detail", "error_code"),
            ),
        ),
    ),
    Question(
        "catalog",
        "Does the catalog of IAM name DLI?",
        ("with_dli", "without_dli"),
        (Way("read", lambda facts: reading.catalog(facts["catalog_url"]), _LOGIN, ("token.catalog",)),),
    ),
    Question(
        "catalog_url",
        "With what path does the catalog of IAM name DLI?",
        ("bare", "versioned"),
        (Way("read", lambda facts: reading.catalog_url(facts["catalog_url"]), _LOGIN, ("token.catalog",)),),
    ),
    Question(
        "not_found",
        "With which error does the service say that there is no such job?",
        ("DLI.0023", "DLI.16001", "DLI.0002"),
        (
            Way(
                "read",
                lambda facts: reading.not_found(facts["unknown_code"], facts["message"]),
                _DETAIL,
                ("error_code",),
            ),
        ),
    ),
    Question(
        "savepoint",
        "Does a stop with a savepoint make one, and does it say when it made none?",
        ("made", "fails", "never_shown"),
        (Way("run", lifecycle.savepoint_of, f"{_STOP}, {_DETAIL}", _STATUS + _SAVED),),
        {
            "fails": "right, but nothing can be upgraded: a job whose stop made no savepoint is left as it is",
            "never_shown": "right, but nothing can be upgraded: a job whose stop made no savepoint is left as it is",
        },
    ),
    Question(
        "savepoint_after_restart",
        "Is the savepoint of a job deleted when it runs again?",
        ("deleted", "kept"),
        (
            Way(
                "run",
                lambda facts: lifecycle.savepoint_after_restart(facts["resume_reads"]),
                f"{_RUN}, {_DETAIL}",
                _SAVED,
            ),
        ),
    ),
    Question(
        "savepoint_folders",
        "Does a savepoint lie in a folder named by its time?",
        ("dated", "nested", "fixed"),
        (
            Way(
                "run",
                lambda facts: lifecycle.savepoint_folders(facts["savepoint_path"]),
                f"{_STOP}, {_DETAIL}",
                ("job_detail.savepoint_path",),
            ),
        ),
    ),
    Question(
        "savepoint_outcome",
        "Does the message of a savepoint's response hold the outcome?",
        ("nested", "plain"),
        (
            Way(
                "run",
                lambda facts: lifecycle.savepoint_outcome(facts["savepoint_response"]),
                "POST /streaming/jobs/{job_id}/savepoint",
                ("message",),
            ),
        ),
    ),
    Question(
        "execution_plan",
        "Does an execution plan have the parts of the job?",
        ("full", "short"),
        (
            Way(
                "run",
                lambda facts: lifecycle.execution_plan(facts["plan"]),
                "GET /streaming/jobs/{job_id}/execute-graph",
                ("execute_graph.vertices",),
            ),
        ),
    ),
    Question(
        "messages",
        "In which language are messages where nobody asks for English?",
        ("english", "by_header"),
        (Way("read", lambda facts: reading.messages(facts["message"][1]), _DETAIL, ("error_msg",)),),
    ),
    Question(
        "job_tags",
        "Can the tags of an existing job be read and changed?",
        ("offered", "absent", "forbidden"),
        (
            Way(
                "draft",
                lambda facts: facts["own_tags"][0],
                "GET /v3/{project_id}/dli_flink_job/{job_id}/tags",
                ("tags", "error_code"),
            ),
        ),
        {
            "absent": "right, but tags are only set at creation, and not changed later",
            "forbidden": "right, but tags are only set at creation, and not changed later",
        },
    ),
    Question(
        "savepoint_operations",
        "Can savepoints be imported by a request?",
        ("offered", "absent"),
        (
            Way(
                "draft",
                lambda facts: facts["import_call"],
                "POST /streaming/jobs/{job_id}/import-savepoint",
                ("error_code",),
            ),
        ),
        {"absent": "right, but dli_flink_savepoint does not work, and some rollbacks do not"},
    ),
    Question(
        "stop_ends",
        "In which status is a job once it is stopped?",
        ("job_cancel_success", "job_init"),
        (
            Way(
                "run",
                lambda facts: lifecycle.stop_ends(lifecycle.reads_of_stop(facts)),
                f"{_STOP}, {_DETAIL}",
                _STATUS,
            ),
        ),
    ),
    Question(
        "list_pages",
        "Does a page of the list have all the jobs that it should?",
        ("full", "short", "empty"),
        (
            Way(
                "draft",
                lambda facts: reading.list_pages(facts["own_page"]),
                _LIST,
                ("job_list.total_count", "job_list.jobs"),
            ),
            Way(
                "read",
                lambda facts: reading.list_pages(facts["page"]),
                _LIST,
                ("job_list.total_count", "job_list.jobs"),
            ),
        ),
        {"empty": "the list shows no job, so that no module can find one by its name"},
    ),
    Question(
        "list_job_type",
        "Does the list name the type of a job?",
        ("all", "jar", "none"),
        (
            Way("draft", lambda facts: reading.list_job_type(facts["own_items"]), _LIST, ("job_list.jobs.job_type",)),
            Way("read", lambda facts: reading.list_job_type(facts["usable"]), _LIST, ("job_list.jobs.job_type",)),
        ),
    ),
    Question(
        "odd_job",
        "Does the list have jobs that are unlike those of the documentation, or whose detail is refused?",
        ("none", "shared", "iso_time", "long_name", "big_id", "nulls"),
        (
            Way(
                "read",
                lambda facts: reading.odd_job(facts["jobs"], facts["refused_details"]),
                f"{_LIST}, {_DETAIL}",
                ("job_list.jobs.job_id", "job_list.jobs.name", "job_list.jobs.create_time", "job_list.jobs.status"),
            ),
            Way(
                "draft",
                lambda facts: reading.odd_job(reading.listed(facts["own_page"]), _details_by_now(facts)),
                f"{_LIST}, {_DETAIL}",
                ("job_list.jobs",),
            ),
        ),
    ),
    Question(
        "list_lag_seconds",
        "How far is the list behind?",
        (),
        (
            Way(
                "draft",
                lambda facts: rounded(writing.lag(facts["lags"], "list")),
                f"{_UPDATE}, {_LIST}",
                ("job_list.jobs.entrypoint_args",),
            ),
        ),
        most=GRACE_SECONDS,
    ),
    Question(
        "detail_lag_seconds",
        "How far is the detail behind?",
        (),
        (
            Way(
                "draft",
                lambda facts: rounded(writing.lag(facts["lags"], "detail")),
                f"{_UPDATE}, {_DETAIL}",
                ("job_detail.entrypoint_args",),
            ),
        ),
        most=GRACE_SECONDS,
    ),
    Question(
        "replica_lag_seconds",
        "How much further are some reads behind than others, so that the next one can go back in time?",
        (),
        (
            Way(
                "draft",
                lambda facts: rounded(writing.replica_lag(facts["lags"])),
                f"{_UPDATE}, {_LIST}, {_DETAIL}",
                ("entrypoint_args",),
            ),
        ),
        most=GRACE_SECONDS,
    ),
    Question(
        "init_seconds",
        "How long does a started job show job_init?",
        (),
        (
            Way(
                "run",
                lambda facts: rounded(
                    lifecycle.init_seconds(facts["started"] and facts["start_reads"], facts["lags"]["detail"][0])
                ),
                f"{_RUN}, {_DETAIL}",
                _STATUS,
            ),
        ),
        most=GRACE_SECONDS,
    ),
    Question(
        "submit_seconds",
        "How long is a job in job_submitting?",
        (),
        (
            Way(
                "run",
                lambda facts: rounded(lifecycle.submit_seconds(facts["started"] and facts["start_reads"])),
                f"{_RUN}, {_DETAIL}",
                _STATUS,
            ),
        ),
    ),
    Question(
        "savepoint_seconds",
        "How long is a job in job_savepointing?",
        (),
        (
            Way(
                "run",
                lambda facts: rounded(
                    lifecycle.savepoint_seconds(facts["stop_reads"], writing.replica_lag(facts["lags"]))
                ),
                f"{_STOP}, {_DETAIL}",
                _STATUS,
            ),
        ),
    ),
    Question(
        "cancel_seconds",
        "How long is a job in job_canceling?",
        (),
        (
            Way(
                "run",
                lambda facts: rounded(lifecycle.cancel_seconds(lifecycle.reads_of_stop(facts))),
                f"{_STOP}, {_DETAIL}",
                _STATUS,
            ),
        ),
    ),
    Question(
        "savepoint_late_seconds",
        "How long after the end of a stop does its savepoint show?",
        (),
        (
            Way(
                "run",
                lambda facts: rounded(lifecycle.savepoint_late_seconds(facts["stop_reads"])),
                f"{_STOP}, {_DETAIL}",
                _SAVED,
            ),
        ),
        most=GRACE_SECONDS,
    ),
    Question(
        "delete_seconds",
        "When does a deleted job leave the list?",
        (),
        (
            Way(
                "draft",
                lambda facts: rounded(writing.delete_seconds(facts["deletion_reads"], facts["lags"])),
                f"DELETE /streaming/jobs/{{job_id}}, {_LIST}",
                ("job_list.jobs",),
            ),
        ),
    ),
    Question(
        "latency_seconds",
        "How long does a response take at least?",
        (),
        (Way("read", lambda facts: reading.latency_seconds(facts["seconds"]), _LIST, ()),),
    ),
    Question(
        "max_in_flight",
        "How many requests may be in flight?",
        (),
        (Way("draft", lambda facts: writing.max_in_flight(facts["burst"], facts["throttled_alone"]), _DETAIL, ()),),
    ),
    Question(
        "throttle_retry_after",
        "Does a 429 come with Retry-After?",
        (True, False),
        (Way("draft", lambda facts: writing.throttle_retry_after(facts["burst"]), _DETAIL, ()),),
    ),
)

# Switches of the local service that no check can observe, and why.
NOT_OBSERVABLE = {
    "replica_first": "which of several replicas happens to respond first is no property of the service",
    "unknown_queue": "a check puts no job on a queue that it made up: what else the service does then is not known",
    "savepoint_lost": "it shows only before the job runs, for a moment that a read may miss or show late",
    "restart_by": "only a job that fails could show it",
    "savepoint_files_after_restart": "only one more start, from the old path, could show it",
    "finish_after_seconds": "when a job ends by itself depends on its program, not on the service",
}
