# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The messages that the page about troubleshooting explains are messages of the collection, in these very words."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import ansible.release
import pytest
import yaml
from ansible.module_utils.basic import missing_required_lib

from docs.snippets import ROOT

PAGE = "docs/troubleshooting.md"
# What a message holds at a place where the page has "…".
GAP = "…"
# The words of Ansible and of the system, which messages pass on.
OTHERS = [missing_required_lib("requests"), "Connection refused", "Name or service not known"]


def quoted_messages() -> list[str]:
    """Return what the first column of the tables of messages and warnings quotes."""
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    sections = re.findall(r"^## By (?:message|warning)\n(.*?)(?=^## )", text, re.MULTILINE | re.DOTALL)
    cells = [line.split(" | ")[0] for section in sections for line in section.splitlines() if line.startswith("| `")]
    return [message for cell in cells for message in re.findall(r"`([^`]+)`", cell)]


def templates(tree: ast.AST) -> Iterator[str]:
    """Return the texts of a program, each with "…" for what is put in while it runs."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(part.value if isinstance(part, ast.Constant) else GAP for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def jinja_templates(text: str) -> Iterator[str]:
    """Return the texts of a Jinja template, each with "…" for what is put in, and those in its expressions."""
    for branch in re.split(r"{%.*?%}", text, flags=re.DOTALL):
        yield " ".join(re.sub(r"{{.*?}}", GAP, branch, flags=re.DOTALL).split())
    for expression in re.findall(r"{{.*?}}", text, re.DOTALL):
        yield from re.findall(r"'([^']+)'", " ".join(expression.split()))


def messages_in_yaml() -> Iterator[str]:
    """Return what the roles and playbooks can say."""
    for folder in ("roles", "playbooks"):
        for path in sorted((ROOT / folder).rglob("*.yml")):
            for event in yaml.parse(path.read_text(encoding="utf-8")):
                if isinstance(event, yaml.ScalarEvent):
                    yield from jinja_templates(event.value)


@cache
def known_templates() -> list[str]:
    files = [path for folder in ("plugins", "extensions") for path in sorted((ROOT / folder).rglob("*.py"))]
    sources = [path.read_text(encoding="utf-8") for path in files]
    # What Ansible says when a module does not even begin.
    # Read, and not imported: a process with Ansible's plugins hands warnings of modules to the display.
    source = (Path(ansible.release.__file__).parent / "plugins" / "action" / "__init__.py").read_text(encoding="utf-8")
    method = next(node for node in ast.walk(ast.parse(source)) if getattr(node, "name", "") == "_parse_returned_data")
    sources.append(textwrap.dedent(ast.get_source_segment(source, method, padded=True) or ""))
    # A message is one line; texts of more are documentation.
    found = [text for code in sources for text in templates(ast.parse(code)) if "\n" not in text]
    return [*found, *messages_in_yaml(), *OTHERS]


def is_known(message: str) -> bool:
    pattern = re.compile(".*".join(re.escape(part) for part in message.split(GAP)))
    return any(pattern.search(text) for text in known_templates())


@pytest.mark.parametrize("message", quoted_messages())
def test_quoted_message(message: str) -> None:
    assert is_known(message)


def test_each_row_quotes_a_message() -> None:
    text = (ROOT / PAGE).read_text(encoding="utf-8").partition("## By error code")[0]
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| ---")]
    titles = [row for row in rows if row.startswith(("| message |", "| warning |"))]
    assert len(titles) == 2
    assert [row for row in rows if row not in titles and not row.startswith("| `")] == []


@pytest.mark.parametrize("message", ["No credential is given; …", "… is …, or so", "Several … are named … and …"])
def test_other_words_are_not_known(message: str) -> None:
    assert not is_known(message)
