# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several things at one time."""

from __future__ import annotations

import signal
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager


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


def read_each(read, items: list, width: int) -> list:
    """Return what C(read) returns for each item, in their order.

    :param width: how many are read at one time.
    :raises Exception: what reading raised for the first of those that failed; what was not begun then never is.
    """
    if width == 1 or len(items) < 2:
        return [read(item) for item in items]
    with ThreadPoolExecutor(min(width, len(items))) as pool:
        return list(pool.map(read, items))


class ReadAhead:
    """Reads pages of a list before they are asked for; as a context manager it returns C(page_at).

    :param read: callable that takes an offset, and returns what is there.
    :param width: how many pages are read at one time.
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
                self._pages[ahead] = self._pool.submit(self._read, ahead)
        return self._pages.pop(offset).result()
