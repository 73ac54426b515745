# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program behind ``make chaos``: ``PYTHONPATH=tests python -m chaos.run --schedules 20 --seed 1``.

The process of each module imports this file again, so it imports nothing by itself.
"""

from __future__ import annotations

import importlib
import sys

if __name__ == "__main__":
    # Gives the collection the name by which the next import finds it.
    importlib.import_module("conftest")
    sys.exit(importlib.import_module("chaos.report").main())
