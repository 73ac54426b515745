# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The statuses of a Flink job (documented in the list and detail pages of the API reference)."""

from __future__ import annotations

DRAFT = "job_init"

# A job in one of these may be running, so that an update can be refused or disturb it.
MAY_BE_RUNNING = frozenset(
    (
        "job_submitting",
        "job_running",
        "job_downloading",
        "job_savepointing",
        "job_canceling",
        "job_cancel_fail",
        "job_arrearage_recovering",
    )
)
