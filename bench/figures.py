# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Figures and how they are shown: nothing here measures, or knows what was measured."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figures:
    """Repeated measurements of one thing, all in the same unit."""

    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Iterable[float]) -> Figures:
        """Return figures of these values, of which there has to be one at least."""
        return cls(tuple(values))

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def times(self, factor: float) -> Figures:
        """Return each value times a factor, such as for another unit or for more of the same."""
        return Figures.of(value * factor for value in self.values)

    def show(self) -> str:
        """Return the median to about three digits, and in brackets the least and the most when there are several."""
        digits = 2 if self.median < 10 else 1 if self.median < 100 else 0
        text = f"{self.median:,.{digits}f}"
        if len(self.values) > 1:
            text += f" ({min(self.values):,.{digits}f}–{max(self.values):,.{digits}f})"
        return text


@dataclass(frozen=True)
class Goal:
    """What was to be reached, and what was.

    :param most: the largest figure that is good, or with C(at_least) the smallest.
    """

    text: str
    figure: float
    most: float
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        return self.figure >= self.most if self.at_least else self.figure <= self.most

    def row(self) -> list[str]:
        """Return the goal, its bound, the figure and the verdict."""
        bound = f"{'≥' if self.at_least else '≤'} {self.most:g}"
        return [self.text, bound, f"{self.figure:,.3g}", "met" if self.is_met else "**not met**"]


def table(header: list[str], rows: Iterable[list[object]]) -> str:
    """Return a Markdown table whose columns stand below each other in plain text too."""
    lines = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(len(row[column]) for row in lines) for column in range(len(header))]
    lines.insert(1, ["-" * width for width in widths])
    padded = ([cell.ljust(width) for cell, width in zip(row, widths)] for row in lines)
    return "\n".join(f"| {' | '.join(row)} |" for row in padded)
