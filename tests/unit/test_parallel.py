# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Threads that call what they are given."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from ansible_collections.otc.dli.plugins.module_utils._parallel import Workers, read_each


def ends_of(workers: Workers) -> list[tuple]:
    ends = []
    while workers.running:
        ends.append(workers.wait())
    return ends


def test_as_many_threads_as_allowed_work_concurrently_and_no_more() -> None:
    # Broken, and each call with it, unless three calls wait for each other.
    barrier = threading.Barrier(3, timeout=30)
    threads = set()

    def call() -> None:
        threads.add(threading.current_thread())
        barrier.wait()

    with Workers(3) as workers:
        for number in range(9):
            workers.submit(call, number)
        ends = ends_of(workers)
    assert sorted(key for key, _outcome, _failure in ends) == list(range(9))
    assert [failure for _key, _outcome, failure in ends] == [None] * 9
    assert len(threads) == 3


def test_what_a_call_raises_is_its_end() -> None:
    with Workers(2) as workers:
        workers.submit(lambda: 1 // 0, "bad")
        ((key, outcome, failure),) = ends_of(workers)
    assert (key, outcome, type(failure)) == ("bad", None, ZeroDivisionError)


def test_waiting_ends_when_time_is_up() -> None:
    go_on = threading.Event()
    with Workers(1) as workers:
        workers.submit(go_on.wait, "")
        assert workers.wait(0) is None
        go_on.set()
        assert workers.wait() == ("", True, None)


def test_what_was_not_begun_never_is_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    join = threading.Thread.join
    begun, go_on = threading.Event(), threading.Event()
    called: list[int] = []

    def first() -> None:
        begun.set()
        go_on.wait(30)

    def leave_amid_the_first_call() -> None:
        with Workers(1) as workers:
            workers.submit(first, 0)
            workers.submit(lambda: called.append(1), 1)
            begun.wait(30)
            # It goes on only when the manager is being left.
            # Whoever is waited for in the end, the first call goes on only then.
            monkeypatch.setattr(threading.Thread, "join", lambda thread: (go_on.set(), join(thread)))
            raise KeyError

    with pytest.raises(KeyError):
        leave_amid_the_first_call()
    assert called == []


@pytest.mark.parametrize("left", [0, 1])
def test_where_the_system_has_no_more_threads(left: int, monkeypatch: pytest.MonkeyPatch) -> None:
    start, budget = threading.Thread.start, [None] * left

    def start_if_any_is_left(thread: threading.Thread) -> None:
        if not budget:
            raise RuntimeError("can't start new thread")
        budget.pop()
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_if_any_is_left)
    with Workers(4) as workers:
        for number in range(5):
            workers.submit(lambda number=number: number * 2, number)
        ends = ends_of(workers)
    assert sorted(ends) == [(number, number * 2, None) for number in range(5)]


def test_each_is_read_in_order_and_the_first_failure_is_raised() -> None:
    assert read_each(lambda item: item * 2, [3, 1, 2], 2) == [6, 2, 4]

    def read(item: Any) -> Any:
        raise ValueError(item)

    with pytest.raises(ValueError, match="first"):
        read_each(read, ["first", "second"], 1)
