# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Other programs that a test runs."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psutil


@contextmanager
def in_own_session(command: Sequence[object], **options: Any) -> Iterator[subprocess.Popen[str]]:
    """Run a program in a session of its own, which ends with the context, as does all that the program has started.

    ``subprocess`` ends the program alone: what it has started goes on, and keeps the pipes open. Some of that can be in
    sessions of their own, as the playbooks that ansible-rulebook runs.

    :param options: of ``subprocess.Popen``.
    """
    with subprocess.Popen(
        list(map(str, command)), text=True, stdin=subprocess.DEVNULL, start_new_session=True, **options
    ) as process:
        try:
            yield process
        finally:
            started = []
            with suppress(psutil.NoSuchProcess):  # it has ended
                started = psutil.Process(process.pid).children(recursive=True)
            with suppress(ProcessLookupError):  # nothing of it is left
                os.killpg(process.pid, signal.SIGKILL)
            for child in started:
                with suppress(psutil.NoSuchProcess):
                    child.kill()


def run_to_end(command: Sequence[object], *, timeout: float, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a program, and return what it prints.

    :param timeout: in seconds. After it ``subprocess.run`` would wait without a limit, for whatever has the pipes open.
    :param options: of ``subprocess.Popen``.
    :raises subprocess.TimeoutExpired: it did not end by itself.
    """
    with in_own_session(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options) as process:
        stdout, stderr = process.communicate(timeout=timeout)
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)
