# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds what the documentation shows as code: in Markdown, and in the modules' examples."""

from __future__ import annotations

import ast
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\S*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Snippet:
    """Code on a page.

    :param page: path of its file, from the root of the checkout.
    :param line: where it begins, from 1.
    :param language: as the page names it; "" where it names none.
    """

    page: str
    line: int
    language: str
    text: str

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[str]:
    """Return all files of the documentation, those without code too."""
    globs = ("*.md", "docs/**/*.md", "plugins/modules/*.py", "plugins/filter/*.py", "extensions/eda/plugins/*/*.py")
    return sorted(path.relative_to(ROOT).as_posix() for glob in globs for path in ROOT.glob(glob))


def snippets(page: str) -> list[Snippet]:
    """Return the code on a page, in its order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    if page.endswith(".py"):
        return [_examples(page, text)]
    return [
        Snippet(page, _line(text, found.start()), found["language"], textwrap.dedent(found["text"]))
        for found in _FENCE.finditer(text)
    ]


def _examples(page: str, text: str) -> Snippet:
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "EXAMPLES":
            return Snippet(page, node.lineno, "yaml", node.value.value)
    raise ValueError(f"{page} has no EXAMPLES")


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1
