# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real Flink session cluster on this machine, for tests, and a job that counts so that its output can be checked."""

from __future__ import annotations

from local_flink.cluster import FlinkCluster
from local_flink.counting import build_job, check_exactly_once, read_events
from local_flink.files import FlinkMissing, find_flink_lib, find_flink_version, find_java
from local_flink.polling import until
from local_flink.rest import FlinkError, FlinkRest

__all__ = [
    "FlinkCluster",
    "FlinkError",
    "FlinkMissing",
    "FlinkRest",
    "build_job",
    "check_exactly_once",
    "find_flink_lib",
    "find_flink_version",
    "find_java",
    "read_events",
    "until",
]
