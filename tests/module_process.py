# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a module in a process of its own, which can be killed, with a clock that tests choose.

The processes are forked from one that has imported all that they need, so that each starts in milliseconds.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import io
import json
import multiprocessing
import os
import sys
from collections.abc import Iterator
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import ModuleType
from typing import Any, Callable

from ansible.module_utils import basic
from ansible_collections.otc.dli.plugins.module_utils import _module

from lifecycle_clock import Clock

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([__name__, "ansible_collections.otc.dli.plugins.modules.dli_flink_jar_job"])


def _start_server() -> None:
    """Start the process that forks, if there is none yet, where it finds what it is to import."""
    with contextlib.ExitStack() as stack:
        before = os.environ.get("PYTHONPATH")
        stack.callback(os.environ.pop, "PYTHONPATH", None)
        if before is not None:
            stack.callback(os.environ.__setitem__, "PYTHONPATH", before)
        os.environ["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        forkserver.ensure_running()


def _nothing() -> None:
    """Prepare nothing."""


def _main(
    name: str, params: dict[str, Any], output: Connection, clock: Callable[[], Any], prepare: Callable[[], None]
) -> None:
    """Run a module and send what it prints; what is killed sends nothing."""
    module = importlib.import_module(name)
    prepare()
    _module.Waiting = functools.partial(_module.Waiting, clock=clock())
    basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": params}).encode()
    basic._ANSIBLE_PROFILE = "legacy"
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        module.main()
    output.send(printed.getvalue())


@contextlib.contextmanager
def module_process(
    module: ModuleType,
    params: dict[str, Any],
    clock: Callable[[], Any] = Clock,
    prepare: Callable[[], None] = _nothing,
) -> Iterator[tuple[BaseProcess, Connection]]:
    """Start a module; yield its process and where its output arrives, which ends without any when it is killed.

    :param clock: makes the clock by which the module waits; without it, one that goes on by the module's pauses alone.
    :param prepare: is called in the process before the module, such as to break it on purpose.
    """
    _start_server()
    receiving, sending = _FORKS.Pipe(duplex=False)
    with receiving:
        process = _FORKS.Process(target=_main, args=(module.__name__, params, sending, clock, prepare))
        process.start()
        sending.close()
        yield process, receiving
        process.join(60)
        process.close()
