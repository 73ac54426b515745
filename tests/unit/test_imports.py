# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which folder may import which: data flows one way, and so do imports.

Modules call reconcile, info or check; these call read and api; read calls api; api calls http; model is pure, and
everybody may use it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
PACKAGE = "ansible_collections.otc.dli.plugins."
GROUND = "ground floor"
# The districts of module_utils, and what else each of them may import.
MAY_IMPORT = {
    GROUND: set(),
    "_model": {GROUND},
    "_http": {GROUND},
    "_api": {GROUND, "_model", "_http"},
    "_read": {GROUND, "_model", "_api"},
    "_reconcile": {GROUND, "_model", "_read", "_api", "_http"},
    "_info": {GROUND, "_model", "_read", "_api"},
    "_check": {GROUND, "_model", "_http", "_api"},
    "_module": {GROUND, "_model", "_http", "_api", "_reconcile"},
}
# How the methods of the API begin that change something.
WRITES = ("create_", "update_", "delete_", "run_", "stop_", "trigger_", "import_", "export_", "write_")
# Outside of reconcile the one file that calls them: it changes nothing but what it has made itself.
OWN_JOBS = "module_utils._check.own_jobs"
# What talks to the service, waits for it, or depends on the machine. What is pure does none of that.
INPUT_AND_OUTPUT = {"requests", "urllib3", "socket", "subprocess", "time", "threading", "pathlib", "signal"}


def imported(tree: ast.AST, package: str) -> Iterator[str]:
    """Yield what is imported at run time, also within functions, but not for types alone."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            name = ".".join([*above, *([node.module] if node.module else [])])
            files = [f"{name}.{alias.name}" for alias in node.names]
            yield from [name] if node.module and not TREES.keys() & set(files) else files
        yield from imported(node, package)


def name_of(path: Path) -> str:
    return path.relative_to(PLUGINS).with_suffix("").as_posix().replace("/", ".")


TREES = {name_of(path): ast.parse(path.read_text()) for path in PLUGINS.rglob("*.py")}
ARROWS = {
    name: {other.removeprefix(PACKAGE) for other in imported(tree, name.rpartition(".")[0])}
    for name, tree in TREES.items()
}


def district(name: str) -> str:
    """Return the district of a file of module_utils."""
    parts = name.split(".")[1:]
    return parts[0] if len(parts) > 1 or parts[0] == "_module" else GROUND


def district_or_none(name: str) -> str | None:
    return district(name) if name.startswith("module_utils.") else None


def arrows_between_districts() -> set[tuple[str, str]]:
    ours = {name: {other for other in others if other in TREES} for name, others in ARROWS.items()}
    below = {name: others for name, others in ours.items() if name.startswith("module_utils.")}
    pairs = {(district(name), district(other)) for name, others in below.items() for other in others}
    return {(source, target) for source, target in pairs if source != target}


def reached(name: str, seen: set[str] | None = None) -> set[str]:
    """Return all that a file imports, directly or not."""
    seen = set() if seen is None else seen
    for other in ARROWS.get(name, ()):
        if other not in seen:
            seen.add(other)
            reached(other, seen)
    return seen


def test_each_import_of_our_own_names_a_file_that_is_there() -> None:
    ours = {
        other for others in ARROWS.values() for other in others if other.startswith(("module_utils", "plugin_utils"))
    }
    assert len(ours) > 30
    assert ours - TREES.keys() == set()


def test_no_imports_go_round_in_a_circle() -> None:
    assert len(ARROWS) > 50
    assert [name for name in ARROWS if name in reached(name)] == []


def test_districts_import_only_what_lies_below_them() -> None:
    arrows = arrows_between_districts()
    assert {source for source, _target in arrows} == MAY_IMPORT.keys() - {GROUND}
    assert {(source, target) for source, target in arrows if target not in MAY_IMPORT[source]} == set()


def test_below_the_modules_only_one_file_knows_ansible() -> None:
    knowing = {name for name in ARROWS if any(other.split(".")[0] == "ansible" for other in ARROWS[name])}
    assert {name for name in knowing if name.startswith("module_utils.")} == {"module_utils._module"}


def test_the_model_does_no_input_or_output() -> None:
    model = {name for name in TREES if district_or_none(name) == "_model"}
    assert len(model) > 10
    assert {
        (name, other) for name in model for other in reached(name) if other.split(".")[0] in INPUT_AND_OUTPUT
    } == set()


def test_only_reconcile_sends_what_changes_something() -> None:
    """A file that calls a method of the API which writes is in reconcile, or is that of the check for its own jobs."""
    api = {name: tree for name, tree in TREES.items() if district_or_none(name) == "_api"}
    methods = [node for tree in api.values() for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    writing = {method.name for method in methods if method.name.startswith(WRITES)}
    assert len(writing) >= 11
    callers = {
        name
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in writing and ast.unparse(node.value).endswith("api")
    }
    assert len(callers) >= 3
    assert {name for name in callers if district_or_none(name) != "_reconcile"} == {OWN_JOBS}
