# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Do several things concurrently."""

from __future__ import annotations

import queue
import signal
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial


@contextmanager
def ended_by_interrupt():
    """Let an interrupt (Ctrl-C) end the process at once, as it ends one that has no other threads.

    Python would first wait for the other threads, and these would go on with their work when nobody watches any more.
    """
    # Where interrupts are ignored, or it is a test that handles them, that is left alone.
    is_usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not is_usual or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


class Workers:
    """Threads that call what they are given; as a context manager it ends them.

    There are as many as there are calls, up to a limit, and fewer where the system has no more to give; without any the
    calling thread does everything. That is why it is no ThreadPoolExecutor, which fails halfway then.

    C(running) is the number of calls whose ends C(wait) has not returned yet.

    :param most: how many threads there are at most.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._threads: list[threading.Thread] = []
        self._todo: queue.SimpleQueue = queue.SimpleQueue()
        self._ended: queue.SimpleQueue = queue.SimpleQueue()
        self.running = 0

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_exception) -> None:
        with suppress(queue.Empty):
            while True:
                # After a failure nothing more is begun.
                self._todo.get_nowait()
        for _thread in self._threads:
            self._todo.put(None)
        for thread in self._threads:
            thread.join()

    def submit(self, call, key) -> None:
        """Have something called.

        :param call: takes no arguments.
        :param key: what C(wait) returns with its end.
        """
        self.running += 1
        self._todo.put((call, key))
        if len(self._threads) < min(self.running, self._most):
            thread = threading.Thread(target=self._work)
            with suppress(RuntimeError):
                thread.start()
                self._threads.append(thread)
        if not self._threads:
            self._do(*self._todo.get())

    def wait(self, seconds: float | None = None):
        """Wait for the end of a call, and return its key, what it returned and what it raised; None when time is up."""
        try:
            ended = self._ended.get(timeout=seconds)
        except queue.Empty:
            return None
        self.running -= 1
        return ended

    def _work(self):
        while True:
            todo = self._todo.get()
            if todo is None:
                return
            self._do(*todo)

    def _do(self, call, key):
        try:
            outcome, failure = call(), None
        except Exception as exc:  # pylint: disable=broad-except # raised by the thread that waits for it
            outcome, failure = None, exc
        self._ended.put((key, outcome, failure))


def read_each(read, items: list, width: int) -> list:
    """Return what C(read) returns for each item, in their order.

    :param width: how many are read concurrently.
    :raises Exception: what reading raised for the first of those that failed; what was not begun then never is.
    """
    results: dict = {}
    failures: dict[int, Exception] = {}
    numbers = iter(range(len(items)))
    with Workers(width) as workers:
        while True:
            while not failures and workers.running < width and (number := next(numbers, None)) is not None:
                workers.submit(partial(read, items[number]), number)
            if not workers.running:
                break
            number, result, failure = workers.wait()
            if failure:
                failures[number] = failure
            else:
                results[number] = result
    if failures:
        raise failures[min(failures)]
    return [results[number] for number in range(len(items))]


class ReadAhead:
    """Reads pages of a list before they are asked for; as a context manager it returns C(page_at).

    :param read: callable that takes an offset, and returns what is there.
    :param width: how many pages are read concurrently.
    """

    def __init__(self, read, width: int) -> None:
        self._read = read
        self._width = width
        self._pool = ThreadPoolExecutor(width)
        self._pages: dict[int, Future] = {}

    def __enter__(self):
        return self.page_at

    def __exit__(self, *_exception) -> None:
        self._pool.shutdown(cancel_futures=True)

    def page_at(self, offset: int, step: int, end: int | None):
        """Return the page at an offset.

        :param step: how many elements a page has; the next one is expected so much further on.
        :param end: where the list ends, None when it is not known. Nothing is read beyond it but this page.
        :raises Exception: what reading this page raised.
        """
        if end is None:
            return self._read(offset)
        for ahead in range(offset, max(offset + 1, min(end, offset + self._width * step)), step):
            if ahead not in self._pages:
                try:
                    self._pages[ahead] = self._pool.submit(self._read, ahead)
                except RuntimeError:
                    # The system has no more threads to give.
                    break
        page = self._pages.pop(offset, None)
        return page.result() if page else self._read(offset)
