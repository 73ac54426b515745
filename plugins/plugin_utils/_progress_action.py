# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the action plugins of modules that can take long share: they show what the module tells while it runs."""

from __future__ import annotations

from ansible import constants as C
from ansible.plugins.action.normal import ActionModule as NormalAction
from ansible.utils.display import Display
from ansible_collections.otc.dli.plugins.plugin_utils._listener import listening

from ..module_utils._progress import PIPE_VARIABLE

display = Display()


class ProgressAction(NormalAction):
    """Runs the module of the same name as Ansible runs any module, and shows what it tells meanwhile."""

    def run(self, tmp=None, task_vars=None):
        if not self._can_listen():
            return super().run(tmp, task_vars)
        # The folder that Ansible makes for each of its runs, and that only its user can enter.
        with listening(C.DEFAULT_LOCAL_TMP, self._shower(task_vars or {})) as path:
            if not path:
                return super().run(tmp, task_vars)
            variable = {PIPE_VARIABLE: path}
            self._task.environment.append(variable)
            try:
                return super().run(tmp, task_vars)
            finally:
                self._task.environment.remove(variable)

    def _can_listen(self):
        """Whether there is anybody to show something, and a module on this machine that tells it.

        With async, this ends as soon as the module is started.
        """
        return self._connection.transport == "local" and not self._task.async_val and not self._task.no_log

    def _shower(self, task_vars):
        host = task_vars.get("inventory_hostname", "")
        if self._task.delegate_to:
            host += f" -> {self._task.delegate_to}"

        def show(text):
            # Standard output belongs to the callback, which may be writing something for a machine to read.
            display.display(f"[{host}] {text}", stderr=True)

        return show
