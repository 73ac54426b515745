# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.otc.dli.plugins.plugin_utils._progress_action import ProgressAction


class ActionModule(ProgressAction):
    """Runs the module and shows what it reports meanwhile."""
