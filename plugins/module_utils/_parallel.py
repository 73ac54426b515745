# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Do several things concurrently."""

from __future__ import annotations

import signal
import threading
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress

_MOST_THREADS = 1024
# After so long without any item being begun, all threads are taken to wait for something that takes long.
_STALLED_SECONDS = 1.0


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


def do_each(act, items, threads: int) -> None:
    """Do something for each item, for several concurrently.

    There are more threads, twice as many each time, while all that there are only wait. There are fewer where the
    system has no more to give; without any the calling thread does everything. That is why it is no ThreadPoolExecutor,
    which fails halfway then.

    :param act: callable that takes an item, and raises nothing.
    :param items: a sequence.
    :param threads: how many there are at first, at most.
    """
    todo = deque(items)
    all_begun = threading.Event()
    workers: list[threading.Thread] = []

    def work():
        while todo:
            try:
                item = todo.popleft()
            except IndexError:
                # Another thread was faster.
                break
            act(item)
        all_begun.set()

    def start(number):
        with suppress(RuntimeError):
            for _worker in range(min(number, len(todo), _MOST_THREADS - len(workers))):
                worker = threading.Thread(target=work)
                worker.start()
                workers.append(worker)

    try:
        if len(todo) > 1 and threads > 1:
            start(threads)
        while todo and workers:
            left = len(todo)
            if not all_begun.wait(_STALLED_SECONDS) and len(todo) == left:
                start(len(workers))
        work()
    finally:
        # After an interrupt nothing more is begun.
        todo.clear()
        for worker in workers:
            worker.join()


def read_each(read, items: list, width: int) -> list:
    """Return what C(read) returns for each item, in their order.

    :param width: how many are read concurrently.
    :raises Exception: what reading raised for the first of those that failed; what was not begun then never is.
    """
    results: dict = {}
    failures: dict[int, Exception] = {}

    def read_one(number):
        if failures:
            return
        try:
            results[number] = read(items[number])
        except Exception as exc:  # pylint: disable=broad-except # raised by the thread that asked
            failures[number] = exc

    do_each(read_one, range(len(items)), width)
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
