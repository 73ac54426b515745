# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which file may import which: data flows one way, and so do imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
PACKAGE = "ansible_collections.otc.dli.plugins."
# What talks to the service, waits for it or shows something. What is pure does none of that.
IMPURE = {"requests", "urllib3", "socket", "subprocess", "time", "module_utils._client", "module_utils._flink_job_api"}


def imported(tree: ast.AST) -> Iterator[str]:
    """Yield what is imported at run time, also within functions, but not for types alone."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            is_package = node.module == f"{PACKAGE}module_utils"
            yield from (f"{node.module}.{alias.name}" for alias in node.names) if is_package else [node.module]
        yield from imported(node)


TREES = {
    path.relative_to(PLUGINS).with_suffix("").as_posix().replace("/", "."): ast.parse(path.read_text())
    for path in PLUGINS.rglob("*.py")
}
ARROWS = {name: {other.removeprefix(PACKAGE) for other in imported(tree)} for name, tree in TREES.items()}
PURE = sorted(name for name, tree in TREES.items() if "All pure." in (ast.get_docstring(tree) or ""))


def reached(name: str, seen: set[str] | None = None) -> set[str]:
    """Return all that a file imports, directly or not."""
    seen = set() if seen is None else seen
    for other in ARROWS.get(name, ()):
        if other not in seen:
            seen.add(other)
            reached(other, seen)
    return seen


def test_no_imports_go_round_in_a_circle() -> None:
    assert len(ARROWS) > 50
    assert [name for name in ARROWS if name in reached(name)] == []


def test_below_the_modules_only_one_file_knows_ansible() -> None:
    knowing = {name for name in ARROWS if any(other.split(".")[0] == "ansible" for other in ARROWS[name])}
    assert {name for name in knowing if name.startswith("module_utils.")} == {"module_utils._module"}


def test_the_http_client_knows_nothing_of_jobs() -> None:
    assert {name for name in reached("module_utils._client") if "flink" in name or "fleet" in name} == set()


@pytest.mark.parametrize("name", PURE)
def test_what_is_called_pure_reaches_nothing_that_is_not(name: str) -> None:
    assert reached(name) & IMPURE == set()


def test_what_compares_and_plans_is_called_pure() -> None:
    parts = ("values", "rules", "compare", "plan", "bodies", "display", "audit", "tasks")
    assert {f"module_utils._flink_job_{part}" for part in parts} <= set(PURE)
