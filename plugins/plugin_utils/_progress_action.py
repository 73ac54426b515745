# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the action plugins of modules that can take long share: they show what the module reports while it runs."""

from __future__ import annotations

import inspect

from ansible import constants as C
from ansible.plugins.action.normal import ActionModule as NormalAction
from ansible.utils.display import Display
from ansible_collections.otc.dli.plugins.plugin_utils._listener import listening

from ..module_utils._progress import PIPE_VARIABLE

display = Display()


class ProgressAction(NormalAction):
    """Runs the module of the same name as Ansible runs any module, and shows what it reports meanwhile."""

    def run(self, tmp=None, task_vars=None):
        show = self._shower(task_vars or {})
        if not show or not self._can_listen():
            return super().run(tmp, task_vars)
        # The folder that Ansible makes for each of its runs, and that only its user can enter.
        with listening(C.DEFAULT_LOCAL_TMP, show) as path:
            if not path:
                return super().run(tmp, task_vars)
            variable = {PIPE_VARIABLE: path}
            self._task.environment.append(variable)
            try:
                return super().run(tmp, task_vars)
            finally:
                self._task.environment.remove(variable)

    def _can_listen(self):
        """Whether there is anybody to show something, and a module on this machine that reports it.

        With async, this ends as soon as the module is started.
        """
        return self._connection.transport == "local" and not self._task.async_val and not self._task.no_log

    def _shower(self, task_vars):
        """Return what shows a text, None where that could block."""
        method = _display_of_core()
        if not method:
            return None
        host = task_vars.get("inventory_hostname", "")
        if self._task.delegate_to:
            host += f" -> {self._task.delegate_to}"

        def show(text):
            # Standard output belongs to the callback, which may be writing something for a machine to read.
            method(display, f"[{host}] {text}", stderr=True)

        return show


def _display_of_core():
    """Return C(Display.display) as ansible-core defines it, None when it cannot be found.

    In a worker, that one only puts the line into the queue to ansible-playbook, where the result of the task goes too.
    A callback may have put a function of its own around it, which is called when ansible-playbook shows the line. In a
    worker it must not be called: that of ansible-runner before 2.4.2 writes to standard error there, and meanwhile
    holds a lock that all processes share. ansible-core 2.17 locks standard error for all threads of a worker but the
    main one, so that this never ends; 2.19 and later warn of what a worker writes there.
    """
    method = inspect.unwrap(Display.display, stop=_is_of_core)
    return method if _is_of_core(method) else None


def _is_of_core(function):
    # By where its code is: a wrapper takes on the name and module of what it wraps.
    return getattr(function, "__globals__", {}).get("__name__") == Display.__module__
