# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes how long each task takes: a line of JSON for each, to the file that BENCH_TIMES names."""

from __future__ import annotations

import json
import os
import time

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    """From when Ansible turns to a task to when it has the task's result, for a loop that of all its items."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "bench_times"

    def v2_playbook_on_task_start(self, task, is_conditional):
        """Remember when the task began."""
        self._started = time.perf_counter()

    def v2_runner_on_ok(self, result):
        """Write how long it took."""
        self._write(result, failed=False)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        """As for a success; the benchmark ends then."""
        self._write(result, failed=True)

    def _write(self, result, failed):
        seconds = time.perf_counter() - self._started
        line = {"task": result.task_name, "seconds": seconds, "changed": result.is_changed(), "failed": failed}
        with open(os.environ["BENCH_TIMES"], "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
