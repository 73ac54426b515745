# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each desired state does about a job in each status: the one table, for the tests and for docs/lifecycle.md.

Run as a script, it prints the tables of the document.
"""

from __future__ import annotations

STATES = ("present", "started", "stopped", "restarted", "absent")

NOTHING = "nothing"
REFUSED = "refused: "
WAITS = "waits, then as "

# Why a task is refused, and the words that its message has of it. The document has both.
REASONS = {
    "has to be stopped first": "cannot be changed before it is stopped",
    "in arrears": "was stopped because the account is in arrears",
    "may still run": "could not be stopped before; whether it runs is not known",
}
_STOP_FIRST = REFUSED + "has to be stopped first"
_ARREARS = REFUSED + "in arrears"
_MAY_RUN = REFUSED + "may still run"


def _asleep(started, restarted="run", changed_started="update, run", changed_restarted="update, run"):
    """The row of a status in which the job does not run, so that it takes any change."""
    return {
        "present": (NOTHING, "update"),
        "started": (started, changed_started),
        "stopped": (NOTHING, "update"),
        "restarted": (restarted, changed_restarted),
        "absent": ("delete", "delete"),
    }


def _passing(status):
    """The row of a transitional status, usually into the given one."""
    waits = WAITS + status
    return {
        "present": (NOTHING, waits),
        **{state: (waits, waits) for state in ("started", "stopped", "restarted")},
        "absent": ("delete", "delete"),
    }


# For each status and state: what is done when the definition is as described, and what when a field differs that the
# job takes only while it is stopped. The order is that of the reference.
TABLE = {
    "job_init": _asleep("run"),
    "job_submitting": {
        **_passing("job_running"),
        "stopped": ("stop", "stop, update"),
        "restarted": ("stop, run", "stop, update, run"),
    },
    "job_submit_fail": _asleep("run"),
    "job_running": {
        "present": (NOTHING, _STOP_FIRST),
        "started": (NOTHING, "stop, update, run"),
        "stopped": ("stop", "stop, update"),
        "restarted": ("stop, run", "stop, update, run"),
        "absent": ("delete", "delete"),
    },
    "job_running_exception": _asleep("run"),
    "job_downloading": _passing("job_running"),
    "job_idle": _asleep("run"),
    "job_canceling": _passing("job_cancel_success"),
    "job_cancel_success": _asleep("run"),
    "job_cancel_fail": {
        "present": (NOTHING, _STOP_FIRST),
        "started": (_MAY_RUN, _MAY_RUN),
        "stopped": ("stop", "stop, update"),
        "restarted": ("stop, run", "stop, update, run"),
        "absent": ("delete", "delete"),
    },
    "job_savepointing": _passing("job_running"),
    "job_arrearage_stopped": _asleep(_ARREARS, _ARREARS, _ARREARS, _ARREARS),
    "job_arrearage_recovering": _passing("job_running"),
    "job_finish": _asleep(NOTHING, changed_started="update"),
}


def settled(status, state, changed):
    """Return a tuple of the status in which the decision is made, and the cell of the table that then counts."""
    cell = TABLE[status][state][changed]
    if cell.startswith(WAITS):
        return settled(cell[len(WAITS) :], state, changed)
    return status, cell


def markdown(changed):
    """Return the table of the document, for a definition that is as described or for one that is not."""
    lines = ["| status | " + " | ".join(f"`{state}`" for state in STATES) + " |", "| --- |" + " --- |" * len(STATES)]
    for status, row in TABLE.items():
        lines.append(f"| `{status}` | " + " | ".join(_cell(row[state][changed]) for state in STATES) + " |")
    return "\n".join(lines) + "\n"


def _cell(cell):
    if cell.startswith(WAITS):
        return f"{WAITS}`{cell[len(WAITS) :]}`"
    return cell


if __name__ == "__main__":
    print(markdown(False))
    print(markdown(True), end="")
