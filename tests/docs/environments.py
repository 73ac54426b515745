# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which environments nox and make set up, as noxfile.py and the Makefile say."""

from __future__ import annotations

import ast

from docs.snippets import ROOT

_NOXFILE = ast.parse((ROOT / "noxfile.py").read_text(encoding="utf-8"))


def cores() -> dict[str, tuple[str, list[str]]]:
    """Return the supported releases of ansible-core, oldest first: what is tested, and the Pythons that run it."""
    (value,) = (
        node.value for node in _NOXFILE.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "CORES"
    )
    return ast.literal_eval(value)


def sessions() -> set[str]:
    """Return the names of nox's sessions, without what is behind them in brackets."""
    found = set()
    for node in _NOXFILE.body:
        for decorator in getattr(node, "decorator_list", ()):
            options = decorator.keywords if isinstance(decorator, ast.Call) else ()
            names = [ast.literal_eval(option.value) for option in options if option.arg == "name"]
            if ast.unparse(decorator).startswith("nox.session"):
                found.add(names[0] if names else node.name)
    return found


def interpreters() -> set[str]:
    """Return the paths of the interpreters, from the root of the checkout."""
    folders = {f".nox/{name}" for name in sessions() - {"tests"}}
    folders |= {f".nox/tests-{core.replace('.', '-')}" for core in cores()}
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    requirements = (path.stem for path in (ROOT / "requirements").glob("*.txt"))
    folders |= {f".venv/{name}" for name in requirements if f".venv/{name}/ready" in makefile}
    return {f"{folder}/bin/python" for folder in folders}
