# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts of the second engine that need neither Java nor Flink; tests/flink has the rest."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from local_dli.__main__ import main
from local_flink import (
    FlinkCluster,
    FlinkMissing,
    check_exactly_once,
    find_flink_lib,
    find_flink_version,
    find_java,
    read_events,
    rest,
    until,
)
from local_flink.rest import AWAY, FlinkError, FlinkRest, root_cause


def make_java(home: Path, version: str) -> None:
    """Write a java that reports this version and can do nothing else."""
    (home / "bin").mkdir(parents=True)
    java = home / "bin" / "java"
    java.write_text(f'#!/bin/sh\n[ "$1" = -version ] && echo "{version}" >&2\n')
    java.chmod(0o755)


@pytest.mark.parametrize(
    ("version", "found"),
    [
        ('openjdk version \\"17.0.15\\" 2025-04-15', True),
        ('Picked up JAVA_TOOL_OPTIONS: -Xmx8g\nopenjdk version \\"11\\" 2018-09-25', True),
        ('java version \\"1.8.0_392\\"', False),
        ("what?", False),
    ],
)
def test_java(tmp_path: Path, monkeypatch: Any, version: str, found: bool) -> None:
    make_java(tmp_path, version)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    if found:
        assert find_java() == tmp_path / "bin" / "java"
    else:
        with pytest.raises(FlinkMissing, match="JDK, version 11 or 17, and .*/bin/java is older"):
            find_java()
    with pytest.raises(FlinkMissing, match="JDK, version 11 or 17, and there is no javac in JAVA_HOME"):
        find_java("javac")


def test_no_java(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FlinkMissing, match="there is no java on PATH"):
        find_java()


def test_flink(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("FLINK_LIB_DIR", str(tmp_path))
    with pytest.raises(FlinkMissing, match="no flink-dist"):
        find_flink_lib()
    (tmp_path / "flink-dist-1.17.2.jar").touch()
    assert find_flink_lib() == tmp_path
    assert find_flink_version() == "1.17.2"


def test_no_flink(monkeypatch: Any) -> None:
    monkeypatch.delenv("FLINK_LIB_DIR", raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(FlinkMissing, match="apache-flink-libraries is not installed"):
        find_flink_lib()


@pytest.fixture(name="no_flink")
def fixture_no_flink(tmp_path: Path, monkeypatch: Any) -> FlinkCluster:
    """A cluster whose processes would end at once."""
    make_java(tmp_path / "jdk", 'openjdk version \\"17\\"')
    (tmp_path / "flink-dist-1.17.2.jar").touch()
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "jdk"))
    monkeypatch.setenv("FLINK_LIB_DIR", str(tmp_path))
    return FlinkCluster(tmp_path / "home")


def test_a_cluster_that_does_not_start(no_flink: FlinkCluster, monkeypatch: Any) -> None:
    """It ends with the reason, and none of its processes is left."""
    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def remember(*arguments: Any, **options: Any) -> Any:
        started.append(popen(*arguments, **options))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", remember)
    with pytest.raises(RuntimeError, match="Flink's (job|task)manager ended at once; see .*/home/"), no_flink:
        pass
    assert len(started) == 6  # three attempts
    assert all(process.poll() is not None for process in started)


def test_a_job_manager_is_started_again_only_if_it_has_ended(no_flink: FlinkCluster, monkeypatch: Any) -> None:
    started: list[str] = []
    monkeypatch.setattr(no_flink, "_start_job_manager", lambda: started.append("JobManager"))
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        no_flink._manager = process
        no_flink.revive_job_manager()
        assert started == []
        process.communicate(b"\n")
        no_flink.revive_job_manager()
    assert started == ["JobManager"]


def start_job_manager(cluster: FlinkCluster) -> None:
    """Start a JobManager, and wait for its end, which comes at once."""
    (cluster.home / "conf").mkdir(parents=True)
    cluster._common = {}
    cluster._start_job_manager()
    cluster._manager.wait()


def test_who_waits_for_flink_in_vain_learns_how_it_does(no_flink: FlinkCluster) -> None:
    start_job_manager(no_flink)
    (no_flink.home / "jobmanager.log").write_text("ERROR - It is so planned.\n", encoding="utf-8")
    with pytest.raises(TimeoutError) as caught:
        no_flink.until(lambda: False, 0, "JobManager")
    assert str(caught.value).startswith("After 0 s there is still no JobManager.\nFlink's jobmanager has ended with ")
    assert str(no_flink.home) in str(caught.value) and "ERROR - It is so planned." in str(caught.value)


@pytest.mark.parametrize(
    ("text", "is_whole"), [("", False), ('{"result": {"id":', False), ('{"result": {"id": "0a1b"}}', True)]
)
def test_no_job_manager_finds_half_a_file_of_how_a_job_ended(no_flink: FlinkCluster, text: str, is_whole: bool) -> None:
    path = no_flink.home / "jobs" / "job-result-store" / "default" / "0a1b_DIRTY.json"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    start_job_manager(no_flink)
    assert path.exists() is is_whole


def test_flags_that_do_not_go_together(capsys: Any, monkeypatch: Any) -> None:
    for flags in (["--flink"], ["--obs-root", "folder"], ["--flink", "--flink-rest", "http://127.0.0.1:1"]):
        monkeypatch.setattr(sys, "argv", ["local_dli", *flags])
        with pytest.raises(SystemExit) as caught:
            main()
        assert caught.value.code == 2
    assert capsys.readouterr().err.count("--obs-root goes with --flink or --flink-rest") == 2


def test_a_program_without_java(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["local_dli", "--flink", "--obs-root", str(tmp_path)])
    with pytest.raises(SystemExit, match="there is no java in JAVA_HOME"):
        main()


@pytest.mark.parametrize(
    ("version", "arguments", "in_body"),
    [
        ("1.15.4", ["--rate", "5", "-Drestart-strategy=none"], {}),
        ("1.17.2", ["--rate", "5"], {"flinkConfiguration": {"restart-strategy": "none"}}),
        ("2.3.0", ["--rate", "5"], {"flinkConfiguration": {"restart-strategy": "none"}}),
    ],
)
def test_where_a_version_takes_the_settings_of_a_job(
    httpserver: HTTPServer, version: str, arguments: list[str], in_body: dict[str, Any]
) -> None:
    httpserver.expect_request("/config").respond_with_json({"flink-version": version})
    body = {"programArgsList": arguments, "parallelism": 1, "entryClass": "Main", **in_body}
    httpserver.expect_request("/jars/a.jar/run", method="POST", json=body).respond_with_json({"jobid": "f1"})
    with FlinkRest(httpserver.url_for("/")) as flink:
        assert flink.run("a.jar", "Main", ["--rate", "5"], configuration={"restart-strategy": "none"}) == "f1"
    httpserver.check_assertions()


def test_a_read_that_flink_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "READ_TIMEOUT", 0.01)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with FlinkRest(url) as flink, pytest.raises(FlinkError, match="No JobManager answers") as failed:
            flink.slots()
    assert failed.value.status == AWAY


def test_the_line_of_a_trace_that_says_why() -> None:
    trace = "a.B: recovery is suppressed\n\tat a.B.c(B.java:1)\nCaused by: x.Y: why\n\t... 3 more\n"
    assert root_cause(trace) == "x.Y: why"
    assert root_cause("\na.B: what\n\tat a.B.c(B.java:1)") == "a.B: what"
    assert root_cause("") == ""


def test_until() -> None:
    seen = iter([0, 0, 7])
    assert until(lambda: next(seen), 10, "number", pause=0.001) == 7
    with pytest.raises(TimeoutError, match="After 0.01 s there is still no number."):
        until(lambda: 0, 0.01, "number", pause=0.001)


def test_what_the_output_proves(tmp_path: Path) -> None:
    assert read_events(tmp_path / "nothing") == []
    assert check_exactly_once([]) == (0, 0, [], [], [])
    (tmp_path / "part-0-0").write_text("1,v1,1\n3,v1,1\n9,v2,2\n10,v2,1\n")
    (tmp_path / "part-1-0").write_text("3,v2,2\n2,v1,1\n")
    (tmp_path / ".part-1-1.inprogress").write_text("4,v1,1\n")
    events = read_events(tmp_path)
    assert [event.number for event in events] == [1, 2, 3, 3, 9, 10]
    found = check_exactly_once(events, expected=11)
    assert found == (11, 6, [4, 5, 6, 7, 8, 11], [3], [3, 10])
    assert not found.exactly_once
    assert check_exactly_once(events[:3]).exactly_once
