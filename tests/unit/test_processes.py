# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a test has started ends with the test."""

from __future__ import annotations

import subprocess
import sys

import psutil
import pytest

from processes import in_own_session

pytestmark = pytest.mark.any_core

STARTS_ANOTHER = """
import subprocess, sys, time
sleeper = [sys.executable, "-c", "import time; time.sleep(3600)"]
print(subprocess.Popen(sleeper, start_new_session={own_session}).pid, flush=True)
time.sleep(3600)
"""


@pytest.mark.parametrize("own_session", [False, True])
def test_what_a_program_has_started_ends_with_it(own_session: bool) -> None:
    command = [sys.executable, "-c", STARTS_ANOTHER.format(own_session=own_session)]
    with in_own_session(command, stdout=subprocess.PIPE) as process:
        started = psutil.Process(int(process.stdout.readline()))
        assert started.is_running()
    _gone, alive = psutil.wait_procs([started], timeout=60)
    assert not alive
