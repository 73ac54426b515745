# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Listens to what a module reports while it runs: the other end of the pipe of module_utils/_progress.py.

Nothing here needs Ansible.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import uuid
from contextlib import contextmanager, suppress

from ..module_utils._progress import LONGEST_TEXT

# Ends the listening; a line of a module is a JSON object.
_END = b"end\n"
# How long the end of a task waits at most for lines that are still to be shown. Those that are not shown then are lost.
LAST_LINES_SECONDS = 5.0
# What Ansible ends its workers with.
_ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def listening(folder: str, show):
    """Make a pipe for as long as the context lasts, and show each text that comes through it, at once.

    It is a named pipe: nothing is kept on a disk, a module knows whether somebody listens, and neither side can make
    the other wait.

    When showing a line blocks, the context ends all the same, a few seconds later and without the lines that follow.
    The process does not end before that line is shown, unless it is killed.

    :param folder: where to make it; others must not be able to enter that.
    :param show: callable that takes a text, in a thread of its own.
    :returns: the path of the pipe, "" where there can be none.
    """
    path = os.path.join(folder, f"otc-dli-{uuid.uuid4().hex}")
    try:
        os.mkfifo(path, 0o600)
    except OSError:
        yield ""
        return
    try:
        try:
            reader, writer = _both_ends(path)
        except OSError:
            yield ""
            return
        showing, enough = threading.Lock(), threading.Event()
        # No daemon: Python lets a process end amid what a daemon does.
        thread = threading.Thread(target=_show_all, args=(reader, show, showing, enough))
        # Until the last line is shown, and not only until the module has ended.
        with _not_ended_amid(showing):
            try:
                yield path if _has_started(thread, reader) else ""
            finally:
                try:
                    _end(writer)
                    if thread.is_alive():  # it does not even begin when a signal interrupts its start
                        thread.join(LAST_LINES_SECONDS)
                finally:
                    enough.set()
                    # Again, because there may have been no room for it: without it the thread would wait for a line.
                    _end(writer)
                    os.close(writer)
    finally:
        os.unlink(path)


def _both_ends(path):
    """Open a pipe for reading and for writing.

    :raises OSError: there is no descriptor to be had.
    """
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        os.set_blocking(reader, True)
        # Also keeps the pipe from ending when a module closes it.
        return reader, os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        os.close(reader)
        raise


def _has_started(thread, reader):
    """Start the thread that reads the pipe, and say whether there is one; without it nobody reads."""
    try:
        thread.start()
    except RuntimeError:
        os.close(reader)
        return False
    return True


def _end(writer):
    """Have the listening end, once the lines are read that are in the pipe.

    Not by the end of the pipe: a module that outlives its task (a timeout) still holds it open.
    """
    with suppress(BlockingIOError, BrokenPipeError):  # the pipe is full; the listening has ended
        os.write(writer, _END)


@contextmanager
def _not_ended_amid(showing):
    """Let a signal that ends the process wait until no line is being shown.

    A worker of Ansible ends where it stands. Amid a line that is with the lock of the queue to ansible-playbook, which
    then waits for it for ever: Ctrl-C would make it hang. A line that is still being shown at the end is guarded on.

    :param showing: the lock that is held while a line is shown, never by the main thread.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    usual = {number: handler for number in _ENDING_SIGNALS if callable(handler := signal.getsignal(number))}

    def handle(number, frame):
        taken = showing.acquire(timeout=LAST_LINES_SECONDS)
        try:
            usual[number](number, frame)
        finally:
            if taken:
                showing.release()

    for number in usual:
        signal.signal(number, handle)
    try:
        yield
    finally:
        if not showing.locked():
            for number, handler in usual.items():
                signal.signal(number, handler)


def _show_all(reader, show, showing, enough):
    # A signal (Ctrl-C, or a task's timeout) has to wake the thread that waits for the module, and not this one.
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    with open(reader, "rb") as lines:
        for line in lines:
            if line == _END:
                break
            text = _text_of(line)
            with showing:
                if enough.is_set():
                    break
                if text:
                    try:
                        show(text)
                    except Exception:  # pylint: disable=broad-except # Python would print it to standard error
                        break


def _text_of(line):
    """Return the text of a line as it can be shown, "" when there is none.

    A name may hold anything, and what a terminal takes for a command must not reach it.
    """
    try:
        text = json.loads(line)["text"]
    except (ValueError, TypeError, KeyError):
        return ""
    if not isinstance(text, str):
        return ""
    return "".join(character if character.isprintable() else "?" for character in text[:LONGEST_TEXT])
