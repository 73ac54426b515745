# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Draws the diagrams of the documentation into docs/pictures; `make generated` runs it."""

from __future__ import annotations

from pathlib import Path

import schemdraw
from schemdraw import elements, flow

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "pictures"

SETTLED, RUNNING, FAILED, TRANSITIONAL, QUESTION = "#e8ecf1", "#d3efdb", "#f9d9d6", "#fff3cd", "#dfe9fb"
ABOVE = {"loc": "top", "ofst": 0.1}
Point = tuple[float, float]


class Diagram(schemdraw.Drawing):
    """A drawing of boxes at given points, and of arrows between them."""

    def __init__(self) -> None:
        super().__init__(canvas="svg", show=False)
        self.config(
            fontsize=11, font="Helvetica, Arial, sans-serif", lw=1.3, bgcolor="white", color="#24292f", margin=0.3
        )

    def box(self, at: Point, text: str, fill: str, size: Point = (2.8, 1.1), dashed: bool = False) -> elements.Element:
        style = "--" if dashed else "-"
        return self.add(
            flow.RoundBox(w=size[0], h=size[1]).at(at).anchor("center").label(text).fill(fill).linestyle(style)
        )

    def question(self, at: Point, text: str, size: Point = (3.4, 1.7)) -> elements.Element:
        return self.add(flow.Decision(w=size[0], h=size[1]).at(at).anchor("center").label(text).fill(QUESTION))

    def arrow(self, start: Point, end: Point, text: str = "", **place: object) -> None:
        """Draw an arrow.

        :param place: where the text is, as schemdraw's C(label) takes it.
        """
        line = elements.Line(arrow="->").at(start).to(end)
        self.add(line.label(text, fontsize=10, **place) if text else line)

    def note(self, at: Point, text: str) -> None:
        self.add(elements.Label(text, fontsize=10).at(at))


def lifecycle() -> str:
    """Return the statuses of a job, and what leads from one to another."""
    d = Diagram()
    draft = d.box((0, 0), "draft\njob_init", SETTLED)
    starting = d.box((4.9, 0), "starting\njob_submitting", TRANSITIONAL, dashed=True)
    running = d.box((9.8, 0), "running\njob_running", RUNNING)
    refused = d.box((4.9, 2.4), "did not start\njob_submit_fail", FAILED)
    failed = d.box((15.1, 1.2), "failed\njob_running_exception", FAILED, (3.8, 1.1))
    finished = d.box((15.1, -1.2), "finished\njob_finish", SETTLED, (3.8, 1.1))
    stopping = d.box((9.8, -3.2), "stopping\njob_savepointing,\njob_canceling", TRANSITIONAL, (3.2, 1.5), dashed=True)
    stopped = d.box((4.9, -3.2), "stopped\njob_cancel_success", SETTLED, (3.4, 1.1))
    d.arrow((-3.1, 0), draft.W, "create", **ABOVE)
    d.arrow(draft.E, starting.W, "run", **ABOVE)
    d.arrow(starting.E, running.W)
    d.arrow(starting.N, refused.S)
    d.arrow((11.2, 0.25), failed.W)
    d.arrow((11.2, -0.25), finished.W)
    d.arrow((9.5, -0.55), (9.5, -2.45))
    d.arrow((10.1, -2.45), (10.1, -0.55))
    d.note((9.0, -1.5), "stop")
    d.note((11.9, -1.35), "no savepoint\ncould be made")
    d.arrow(stopping.W, stopped.E)
    d.arrow(stopped.N, starting.S)
    d.note((3.4, -1.5), "run from\nthe savepoint")
    d.note((0, -3.2), "update: in every settled status,\nand live fields while running\n\ndelete: from every status")
    d.note((13.9, -3.2), "A dashed status is transitional:\nit settles by itself.")
    d.note(
        (11.2, 2.6),
        "A job that did not start, has failed or has finished\ncan run again, from its savepoint if it has one.",
    )
    return _svg(d)


def upgrade() -> str:
    """Return the steps of an upgrade with a savepoint, and of its rollback."""
    d = Diagram()
    old = d.box((0, 0), "version 1\nruns", RUNNING)
    saved = d.question((4.6, 0), "stop with a\nsavepoint")
    change = d.box((9.2, 0), "change the\ndefinition", SETTLED)
    resume = d.box((13.2, 0), "run from\nthe savepoint", SETTLED)
    kept = d.box((4.6, -3.2), "version 1 keeps running,\nthe task fails", FAILED, (3.8, 1.1))
    healthy = d.question((13.2, -3.2), "runs for\nhealth_window\nseconds?", (3.8, 2.2))
    new = d.box((9.2, -3.2), "version 2\nruns", RUNNING)
    stop = d.box((13.2, -6.2), "stop version 2", SETTLED)
    restore = d.box((9.2, -6.2), "restore the previous\ndefinition", SETTLED, (3.2, 1.1))
    again = d.box((4.9, -6.2), "run from\nthe savepoint", SETTLED)
    back = d.box((0.4, -6.2), "version 1 runs again,\nthe task fails", FAILED, (3.6, 1.1))
    d.arrow(old.E, saved.W)
    d.arrow(saved.E, change.W, "made", **ABOVE)
    d.arrow(saved.S, kept.N)
    d.note((5.7, -1.75), "none made")
    d.arrow(change.E, resume.W)
    d.arrow(resume.S, healthy.N)
    d.arrow(healthy.W, new.E, "yes", **ABOVE)
    d.arrow(healthy.S, stop.N)
    d.note((14.4, -5.0), "no: roll back")
    d.arrow(stop.W, restore.E)
    d.arrow(restore.W, again.E)
    d.arrow(again.W, back.E)
    return _svg(d)


def _svg(drawing: Diagram) -> str:
    return drawing.get_imagedata("svg").decode()


DIAGRAMS = {"lifecycle.svg": lifecycle, "upgrade.svg": upgrade}

if __name__ == "__main__":
    for name, draw in DIAGRAMS.items():
        (PICTURES / name).write_text(draw(), encoding="utf-8")
