# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How messages quote what others wrote: on one line, without control characters, and not without end."""

from __future__ import annotations

# What stands in the place of a secret.
MASK = "********"
# As much of a value as identifies it.
_LONGEST_QUOTE = 80


def printable(value) -> str:
    """Return a string to quote, such as the service's message: one line, no control characters."""
    return " ".join("".join(char if char.isprintable() else " " for char in str(value)).split())


def same_of_others(count: int) -> str:
    """Return the end of a warning about one job that goes for others too, "" for none.

    :param count: how many others.
    """
    return f" The same goes for {count} more of the jobs." if count else ""


def quoted(value, longest: int = _LONGEST_QUOTE) -> str:
    """Return a value of an option as a user would write it, with what cannot be seen made visible.

    A longer one is described instead. It is not cut: half of a secret would not be recognised, and not be masked. Lists
    and dictionaries are described as well, as they could be deep.

    :param longest: most characters of a string to quote.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and abs(value) >= 10**_LONGEST_QUOTE:
        return f"a number of more than {_LONGEST_QUOTE} digits"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, (dict, list)):
        return "a dictionary" if isinstance(value, dict) else "a list"
    value = str(value)
    if len(value) > longest:
        return f"a string of {len(value)} characters"
    return '"' + "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in value) + '"'
