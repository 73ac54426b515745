# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many examples a test draws: few in each run of the tests, many in `make faults`."""

from __future__ import annotations

import os


def examples(few: int) -> int:
    """Return how many examples to draw: these few, or EXAMPLES_TIMES of the environment times as many."""
    return few * int(os.environ.get("EXAMPLES_TIMES", "1"))
