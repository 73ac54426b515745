# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Other programs that a test runs to their end."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from typing import Any


def run_to_end(command: Sequence[object], *, timeout: float, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a program, and return what it prints.

    It has a session of its own, and all of it ends with the call. ``subprocess.run`` ends the program alone: what the
    program has started keeps the pipes open, and then it waits for that without a limit.

    :param timeout: in seconds.
    :param options: of ``subprocess.Popen``.
    :raises subprocess.TimeoutExpired: it did not end by itself.
    """
    with subprocess.Popen(
        list(map(str, command)),
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        **options,
    ) as process:
        try:
            stdout, stderr = process.communicate(timeout=timeout)
        finally:
            with suppress(ProcessLookupError):  # nothing of it is left
                os.killpg(process.pid, signal.SIGKILL)
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)
