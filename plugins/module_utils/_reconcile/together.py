# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many threads that ask for the same kind of thing at one time are answered by one call."""

from __future__ import annotations

import threading
import time

# How long the first one waits for others. A request takes longer, so next to nothing is lost.
WINDOW_SECONDS = 0.01


class Together:
    """Collects the questions of several threads into one call.

    One call runs at a time; who asks meanwhile is collected for the next, so that no answer is older than its question.

    :param call: callable that takes a list of different questions and returns their answers as a dict.
    :param largest: how many questions one call may have at most.
    """

    def __init__(self, call, largest: int) -> None:
        self._call = call
        self._largest = largest
        self._lock = threading.Lock()
        self._calling = threading.Lock()
        self._open: _Batch | None = None

    def ask(self, question):
        """Return the answer to a question, None when the call has none.

        :raises Exception: what the call raised, in each thread that it was made for as an exception of its own.
        """
        with self._lock:
            batch, first = self._open, False
            if batch is None:
                batch, first = _Batch(), True
                self._open = batch
            batch.questions[question] = None
            if len(batch.questions) >= self._largest:
                self._open = None
        if first:
            self._response(batch)
        batch.responded.wait()
        if batch.failure:
            raise copy_of(batch.failure)
        return batch.responses.get(question)

    def _response(self, batch):
        time.sleep(WINDOW_SECONDS)
        with self._calling:
            with self._lock:
                if self._open is batch:
                    self._open = None
            try:
                batch.responses = self._call(list(batch.questions))
            except Exception as exc:  # pylint: disable=broad-except # handed on to the threads that asked
                batch.failure = exc
            finally:
                batch.responded.set()


class _Batch:
    def __init__(self):
        self.questions = {}
        self.responses = {}
        self.failure = None
        self.responded = threading.Event()


def copy_of(exc: BaseException) -> BaseException:
    """Return an exception for another thread: who catches one changes it (its traceback, and an explanation)."""
    duplicate = type(exc).__new__(type(exc))
    duplicate.args = exc.args
    duplicate.__dict__.update(exc.__dict__)
    return duplicate
