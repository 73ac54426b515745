# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All modules of the collection, for tests of what each of them has to do."""

from __future__ import annotations

from ansible_collections.otc.dli.plugins.modules import (
    dli_flink_jar_job,
    dli_flink_jar_jobs,
    dli_flink_job_adopt,
    dli_flink_job_audit,
    dli_flink_job_export,
    dli_flink_job_import,
    dli_flink_job_info,
    dli_flink_job_template,
    dli_flink_savepoint,
    dli_flink_sql_job,
    dli_service_check,
)

MODULES = {
    "jar_job": dli_flink_jar_job,
    "jar_jobs": dli_flink_jar_jobs,
    "job_adopt": dli_flink_job_adopt,
    "job_audit": dli_flink_job_audit,
    "job_info": dli_flink_job_info,
    "job_export": dli_flink_job_export,
    "job_import": dli_flink_job_import,
    "job_template": dli_flink_job_template,
    "savepoint": dli_flink_savepoint,
    "sql_job": dli_flink_sql_job,
    "service_check": dli_service_check,
}
