# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The counting job: how it is built, and what its output proves."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from local_flink.files import find_java

SOURCE = Path(__file__).resolve().parents[1] / "flink" / "job" / "CountingJob.java"
MAIN_CLASS = "org.example.CountingJob"

KEYS = 8  # as in the source of the job


class Event(NamedTuple):
    """A line of the output: a number, the label of the version that wrote it, and how many of its key came so far."""

    number: int
    label: str
    seen: int


class Check(NamedTuple):
    """What reading the output found.

    ``expected`` is how many numbers there should be and ``counted`` how many lines there are; ``missing`` and
    ``doubled`` are numbers, and ``forgotten`` are those whose count shows that the keyed state was lost before them.
    """

    expected: int
    counted: int
    missing: list[int]
    doubled: list[int]
    forgotten: list[int]

    @property
    def exactly_once(self) -> bool:
        """Whether each number is there once, with the right state."""
        return self.expected == self.counted and not (self.missing or self.doubled or self.forgotten)


def build_job(lib: Path, out_jar: Path) -> Path:
    """Compile the counting job for Java 11 and later, and pack it.

    :param lib: folder with Flink's JARs.
    :returns: ``out_jar``.
    :raises FlinkMissing: when there is no JDK.
    :raises RuntimeError: with the compiler's own words when it refuses the source.
    """
    javac, jar = find_java("javac"), find_java("jar")
    class_path = os.pathsep.join(map(str, sorted(lib.glob("*.jar"))))
    out_jar.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="counting-job-") as classes:
        for command in (
            [str(javac), "--release", "11", "-nowarn", "-classpath", class_path, "-d", classes, str(SOURCE)],
            [str(jar), "--create", "--file", str(out_jar), "-C", classes, "."],
        ):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise RuntimeError(f"{Path(command[0]).name} failed:\n{done.stdout}{done.stderr}")
    return out_jar


def read_events(folder: Path) -> list[Event]:
    """Return all lines that are committed, by their number; none when there is no folder yet.

    What is not committed yet is in files whose names begin with a dot.
    """
    lines = [
        line.split(",")
        for path in folder.glob("part-*")
        for line in path.read_text(encoding="utf-8").splitlines()
    ]  # fmt: skip
    return sorted(Event(int(number), label, int(seen)) for number, label, seen in lines)


def check_exactly_once(events: Iterable[Event], expected: int | None = None) -> Check:
    """Compare the events with the numbers from 1 on, of which each should be there once.

    :param expected: how many numbers there should be; unset, as many as the highest one says.
    """
    found = list(events)
    times = Counter(event.number for event in found)
    if expected is None:
        expected = max(times, default=0)
    return Check(
        expected=expected,
        counted=len(found),
        missing=[number for number in range(1, expected + 1) if number not in times],
        doubled=sorted(number for number, count in times.items() if count > 1),
        forgotten=sorted({event.number for event in found if event.seen != (event.number + KEYS - 1) // KEYS}),
    )
