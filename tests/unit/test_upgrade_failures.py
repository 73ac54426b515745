# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starts, stops and upgrades that fail in a way that once left a job down, doubled, or its savepoint unnamed."""

from __future__ import annotations

import pytest

from local_dli.clock_engine import Step
from local_dli.errors import ApiError
from unit.test_lifecycle import (  # noqa: F401 # pytest finds the fixtures by their names here
    NEW,
    OLD,
    SAVEPOINT,
    fixture_timed_service,
    fixture_world,
    operations,
)


@pytest.mark.parametrize("task", [{"entrypoint": NEW, "rollback": False}, {"state": "restarted"}], ids=str)
def test_a_failed_start_tells_the_savepoint_that_the_service_dropped(world, task):
    world.plant()
    world.service.jobs.plan_start("job", "exception_after:0")
    result = world(**task)
    assert result["failed"]
    assert "jobs/savepoint/" in result["msg"] + result["error"]["savepoint_path"], "nobody can find it any more"


def test_a_refused_change_after_the_stop_does_not_leave_the_job_down(world, monkeypatch):
    world.plant()

    def update(*_args):
        raise ApiError(400, "DLI.0001", "No.")

    monkeypatch.setattr(world.service.jobs, "update", update)
    result = world(entrypoint=NEW)
    assert result["failed"]
    assert world.stands()[0] == "job_running" or result["error"].get("status") == "job_cancel_success"


def test_where_it_stands_is_read_after_the_undoing_failed(world):
    world.plant()
    world.service.jobs.plan_start("job", "exception_after:5")
    world.service.jobs.plan_start("job", "refused")
    result = world(entrypoint=NEW)
    assert world.job.has_savepoint  # it was imported
    assert result["error"]["has_savepoint"] is True


def test_where_it_stands_is_read_after_both_starts_hang(world):
    world.behave(submit_seconds=10000)
    world.plant()
    assert world(entrypoint=NEW)["error"]["status"] == world.stands()[0]


def test_a_refused_stop_in_the_undoing_tells_the_job(world, monkeypatch):
    world.plant()
    world.script(monkeypatch, "start", "job_submitting", Step(10000, "job_running"))
    world.service.jobs.plan_stop("job", "stopped")
    world.service.jobs.plan_stop("job", "refused")
    assert world(entrypoint=NEW)["error"].get("savepoint_path")


@pytest.mark.parametrize("options", [{"rollback": False}, {"upgrade_mode": "stateless"}], ids=str)
def test_the_health_window_counts_without_rollback_too(world, options):
    world.plant()
    world.service.jobs.plan_start("job", "exception_after:5")
    assert world(entrypoint=NEW, **options)["failed"]


def test_actions_are_those_that_were_carried_out(world, monkeypatch):
    world.plant()
    world.script(monkeypatch, "stop", "job_savepointing", Step(5, "job_finish"))
    result = world(entrypoint=NEW)
    assert operations(result) == ", ".join(write[0] for write in world.writes())


def test_a_job_that_finishes_just_before_the_stop_has_done_its_work(world, monkeypatch):
    world.plant()
    real = world.service.jobs.stop

    def stop(*args):
        world.service.jobs.set_status(world.job.job_id, "job_finish")
        return real(*args)

    monkeypatch.setattr(world.service.jobs, "stop", stop)
    assert not world("stopped")["failed"]


def test_a_stop_in_the_undoing_that_fails_is_not_taken_for_a_stop(world, monkeypatch):
    world.plant()
    world.script(monkeypatch, "start", "job_submitting", Step(10000, "job_running"))
    world.service.jobs.plan_stop("job", "stopped")
    world.service.jobs.plan_stop("job", "cancel_fail")
    world(entrypoint=NEW)
    assert ("update", OLD) not in world.writes(), "whether the new version still runs is not known"


def test_resuming_from_a_savepoint_older_than_the_failed_run_is_a_risk(world):
    world.behave(savepoint_after_restart="kept")
    world.plant("job_running_exception", has_savepoint=True, savepoint_path=SAVEPOINT)
    assert world(check_mode=True)["risks"]
