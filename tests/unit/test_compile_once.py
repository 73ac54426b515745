# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How often Python compiles what it imports from a ZIP file, as Ansible sends it, and when it looks for garbage."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
OURS = PLUGINS / "module_utils" / "_compile_once.py"
SHOW = """
import json, sys
compiled = []
sys.addaudithook(lambda event, args: compiled.append(args[1]) if event == "compile" else None)
sys.path.insert(0, sys.argv[1])
if sys.argv[2] == "once":
    import compile_once
import package.inner
from package import plain
try:
    import package.missing
except ModuleNotFoundError as exc:
    print(json.dumps([exc.name, compiled, [plain.__file__, package.__file__, package.inner.__file__, plain.TEXT]]))
"""


@pytest.fixture(name="show", scope="module")
def fixture_show(tmp_path_factory: pytest.TempPathFactory):
    """Return a function that imports from a ZIP file, and returns what was missing, compiled and imported."""
    path = tmp_path_factory.mktemp("zip") / "module.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(OURS, "compile_once.py")
        archive.writestr("package/__init__.py", "")
        archive.writestr("package/plain.py", "TEXT = 'a text'")
        archive.writestr("package/inner/__init__.py", "from .. import plain")

    def show(how: str) -> tuple[str, list[str], list[str]]:
        command = [sys.executable, "-I", "-c", SHOW, path, how]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        missing, compiled, imported = json.loads(done.stdout)
        return missing, [name.removeprefix(f"{path}/") for name in compiled if name], imported

    return show


def test_each_file_is_compiled_once(show) -> None:
    files = ["package/__init__.py", "package/inner/__init__.py", "package/plain.py"]
    usual, ours = show("as usual"), show("once")
    assert [name for name in ours[1] if name.startswith("package")] == files
    assert sorted(usual[1]) == sorted(files * 2), "Python does it by itself now, so this can go"
    assert (ours[0], ours[2]) == (usual[0], usual[2]) and ours[2][-1] == "a text"


def test_no_garbage_is_looked_for_until_all_is_imported(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "module.zip", "w") as archive:
        archive.write(OURS, "compile_once.py")
    code = (
        "import gc, sys; sys.path.insert(0, sys.argv[1]); import compile_once; off = gc.isenabled(); "
        "compile_once.look_for_garbage(); print(off, gc.isenabled(), gc.get_freeze_count() > 0)"
    )
    command = [sys.executable, "-I", "-c", code, tmp_path / "module.zip"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "False True True\n"


def test_nothing_is_changed_where_modules_are_no_zip_file() -> None:
    code = (
        f"import sys, zipimport; usual = zipimport.zipimporter.get_filename; sys.path.insert(0, {str(OURS.parent)!r}); "
    )
    code += "import _compile_once, gc; _compile_once.look_for_garbage(); "
    code += "print(zipimport.zipimporter.get_filename is usual, gc.isenabled(), gc.get_freeze_count())"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "True True 0\n"


@pytest.mark.parametrize("path", sorted((PLUGINS / "modules").glob("*.py")), ids=lambda path: path.stem)
def test_a_module_imports_it_first(path: Path) -> None:
    imports = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.ImportFrom)]
    first = next(node for node in imports if node.module != "__future__")
    assert (first.level, first.module, [alias.name for alias in first.names]) == (2, "module_utils", ["_compile_once"])
