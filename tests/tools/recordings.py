# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Records what the collection shows in a terminal, as pictures in docs/pictures; `make generated` runs it.

The output is that of real runs against the local service. Left out is what the demo leaves out too, and what names a
place on this machine.
"""

from __future__ import annotations

import importlib
import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from local_dli import LocalDli

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "demo"))
demo = importlib.import_module("run")

PICTURES = ROOT / "docs" / "pictures"
WIDTH = 92
COMMAND = "ansible-playbook demo/flink_rollout.yml --extra-vars"
# The steps of the demo that the picture shows.
STEPS = (2, 3, 5)
# A status lasts longer where the machine is busy.
DURATION = re.compile(r" \(after \d+ s\)")


def record_demo() -> str:
    """Return what some steps of `make demo` print: create and start, nothing to do, upgrade."""
    env = {**os.environ, "FORCE_COLOR": "1"}
    script = [sys.executable, str(ROOT / "demo" / "run.py")]
    done = subprocess.run(script, env=env, text=True, stdout=subprocess.PIPE, timeout=300, check=True)
    lines, step = ["$ make demo"], 0
    for line in done.stdout.splitlines():
        headline = re.match(r"(\d+)\. ", demo.ESCAPES.sub("", line))
        step = int(headline[1]) if headline else step
        if step in STEPS:
            lines.append(line)
        elif lines[-1] != "…":
            lines.append("…")
    return "\n".join(lines) + "\n"


def record_rollout() -> str:
    """Return what two rollouts print: one whose first job fails and is rolled back, and the corrected one."""
    demo.COLOUR = True
    with tempfile.TemporaryDirectory(prefix="otc-dli-") as folder, LocalDli() as service:
        env = demo.prepare(Path(folder))
        options = ("username", "password", "user_domain_name", "project_name")
        env |= {f"OS_{option.upper()}": service.credentials[option] for option in options}
        env |= {"OS_AUTH_URL": service.auth_url}
        _playbook(env, "version=1.4.0 health_window=0")
        service.jobs.plan_start("orders-enrichment", "exception_after:0.3")
        failed = _playbook(env, "version=1.5.0 health_window=2")
        fixed = _playbook(env, "version=1.5.1 health_window=1")
    return f"{failed}\n{fixed}"


def _playbook(env: dict[str, str], variables: str) -> str:
    program = Path(sys.executable).with_name("ansible-playbook")
    arguments = [*COMMAND.split()[1:], variables]
    # Progress goes to standard error: both in one, as a terminal shows them.
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    done = subprocess.run([program, *arguments], cwd=ROOT, env=env, timeout=120, check=False, **pipes)
    lines = [f"$ {COMMAND} '{variables}'"]
    in_origin = False
    for line in done.stdout.splitlines():
        plain = demo.ESCAPES.sub("", line)
        # Where the failed task stands: the path of the playbook, and an excerpt.
        in_origin = plain.startswith("Origin: ") or (in_origin and not plain.startswith("fatal: "))
        if not in_origin and not demo.NOISE.match(plain):
            lines.append(re.sub(r"(: \[localhost\]: FAILED!) => \{.*\}", r"\1", line))
    return "\n".join(lines) + "\n"


def picture(output: str, title: str) -> str:
    """Return a recording as SVG."""
    console = Console(width=WIDTH, record=True, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.from_ansi(DURATION.sub("", output)), end="")
    svg = console.export_svg(title=title, theme=MONOKAI, unique_id="recording")
    # Its fonts would come from elsewhere: any font of equal widths will do.
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)


RECORDINGS = {"demo.svg": (record_demo, "make demo"), "rollout.svg": (record_rollout, "A rollout, and its correction")}

if __name__ == "__main__":
    for name, (record, title) in RECORDINGS.items():
        (PICTURES / name).write_text(picture(record(), title), encoding="utf-8")
