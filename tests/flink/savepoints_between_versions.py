# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of the state when a job goes to another version of Flink; `make test-versions` runs it.

It needs all versions at once, below the folder that FLINK_VERSIONS names, and so is no part of `make test`.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from local_flink import FlinkCluster, FlinkError, FlinkRest, build_job, check_exactly_once, read_events, until
from local_flink.counting import MAIN_CLASS

SECONDS = 60.0  # for what takes one or two
REFUSED = "Unrecognized checkpoint version number"


def run_and_stop(rest: FlinkRest, home: Path, jar: Path, label: str, savepoint: str | None = None) -> str:
    """Start the job from a savepoint, or anew, and stop it once it has written; return its own savepoint."""
    out = home / "out"
    committed = len(read_events(out))
    arguments = ["--out", out.as_uri(), "--label", label, "--rate", "300"]
    flink_id = rest.run(rest.upload(jar), MAIN_CLASS, arguments, savepoint=savepoint)

    def lines() -> int:
        return sum(path.read_bytes().count(b"\n") for path in out.glob("*") if path.is_file())

    until(lambda: rest.job(flink_id).runs, SECONDS, "running job")
    until(lambda: lines() > committed, SECONDS, "line")
    request = rest.stop(flink_id, (home / "savepoints").as_uri())
    return until(lambda: rest.saved(flink_id, request), SECONDS, "savepoint")


@pytest.mark.parametrize(
    ("first", "second", "resumes"),
    [("1.15", "1.17", True), ("1.17", "2", True), ("1.17", "1.15", False), ("2", "1.17", False)],
)
def test_a_savepoint_of_another_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str, second: str, resumes: bool
) -> None:
    """A newer version resumes from it and nothing is lost or doubled; an older one refuses to start."""

    def cluster(version: str) -> tuple[FlinkCluster, Path]:
        lib = Path(os.environ["FLINK_VERSIONS"], version, "pyflink", "lib")
        monkeypatch.setenv("FLINK_LIB_DIR", str(lib))
        home = tmp_path / f"flink-{version}"
        return FlinkCluster(home), build_job(lib, home / "counting.jar")

    flink, jar = cluster(first)
    with flink:
        savepoint = run_and_stop(flink.rest, tmp_path, jar, first)
    flink, jar = cluster(second)
    with flink:
        if resumes:
            run_and_stop(flink.rest, tmp_path, jar, second, savepoint)
        else:
            with pytest.raises(FlinkError, match=REFUSED):
                run_and_stop(flink.rest, tmp_path, jar, second, savepoint)
    events = read_events(tmp_path / "out")
    assert check_exactly_once(events).exactly_once
    assert {event.label for event in events} == ({first, second} if resumes else {first})
