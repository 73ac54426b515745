# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reports what a module is doing while it does it: the module's side of a pipe that plugin_utils/_listener.py reads."""

from __future__ import annotations

import json
import os
import stat
import textwrap
import time
from collections.abc import Callable

# The environment variable with the path of the pipe. Where it is not set, nobody listens.
PIPE_VARIABLE = "OTC_DLI_PROGRESS_PIPE"
# So that a line with all its escapes fits into what a pipe takes in one piece (4096 bytes on Linux).
LONGEST_TEXT = 300
# How long one status may last before it is reported again.
REMINDER_SECONDS = 60.0
# Where many requests fail, one line in so many seconds shows it.
RETRY_SECONDS = 10.0


class Progress:
    """Reports to a person who watches what happens. It never waits and never raises: nothing depends on being heard.

    :param mask: callable that takes the secrets out of a string, because what is reported leaves the module at once.
    :param path: path of the pipe; "" when nobody listens.
    :param clock: has C(monotonic()); the time module, but for tests.
    """

    def __init__(self, mask=str, path: str = "", clock=time) -> None:
        self._mask = mask
        self._path = path
        self._clock = clock
        self._pipe: int | None = None
        self._status = ""
        self._since = self._reported = 0.0
        self._retried: float | None = None
        self._has_reported = False

    def conclude(self, verdict: Callable[[], str]) -> None:
        """Report how the task ends, in as many lines as that takes, if anything was reported of it.

        Ansible shows the result of a short task well; that of a long one may be one very long line.
        """
        if not self._has_reported:
            return
        try:
            lines = textwrap.wrap(self._mask(verdict()), LONGEST_TEXT, break_on_hyphens=False)
        except Exception:  # pylint: disable=broad-except # what has succeeded must not fail because of this
            return
        for line in lines:
            self.report(line)

    def retried(self, failure: Exception, pause: float) -> None:
        """Report that a request is sent again, now and then.

        :param pause: seconds until then.
        """
        now = self._clock.monotonic()
        if self._retried is None or now - self._retried >= RETRY_SECONDS:
            self._retried = now
            self.report(f"{failure} It is sent again in {pause:.0f} s.")

    def report(self, text: str) -> None:
        """Report one line."""
        if not self._path:
            return
        self._has_reported = True
        try:
            if self._pipe is None:
                self._pipe = _open_pipe(self._path)
            line = json.dumps({"text": self._mask(text)[:LONGEST_TEXT]})
            os.write(self._pipe, f"{line}\n".encode())
        except BlockingIOError:
            # The pipe is full: the listener is slow. The line is lost, and the next one may get through.
            pass
        except Exception:  # pylint: disable=broad-except # an upgrade must not fail halfway because of this
            self._path = ""

    def status(self, name: str, status: str) -> None:
        """Report when a status has become another one, and once a minute that it is still the same.

        The first one is taken as known.

        :param name: what has the status.
        """
        now = self._clock.monotonic()
        if not self._status:
            self._status, self._since, self._reported = status, now, now
            return
        seconds = f"after {now - self._since:.0f} s"
        if status != self._status:
            duration = f" ({seconds})" if now - self._since >= 1 else ""
            text = f"{self._status} → {status}{duration}"
            self._status, self._since = status, now
        elif now - self._reported >= REMINDER_SECONDS:
            text = f"still {status} {seconds}"
        else:
            return
        self._reported = now
        self.report(f"{name}: {text}")


def _open_pipe(path):
    """Open a pipe that somebody reads.

    :raises OSError: nobody does, it is not there, or it is something else.
    """
    pipe = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    if not stat.S_ISFIFO(os.fstat(pipe).st_mode):
        os.close(pipe)
        raise OSError(f"{path} is no pipe")
    return pipe
