# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The end of docs/assumptions.md is that of the reports in the repository, and reports are played as they say."""

from __future__ import annotations

import json

import pytest

from local_dli import Behaviour
from local_dli.like import behaviour_of, read_report
from tools import seen

OBSERVED = {"level": "read", "request": "GET /streaming/jobs", "fields": [], "verdict": "right", "note": "right"}
REPORT = {
    "schema": 1,
    "date": "2026-11-26",
    "region": "eu-nl",
    "collection": "0.1.0",
    "level": "read",
    "requests": 13,
    "answers": {
        "name_filter": {**OBSERVED, "observed": "contains"},
        "not_found": {**OBSERVED, "observed": "DLI.4711"},
        "put_omitted": {"reason": "it takes the level draft"},
    },
}


def test_the_page_is_that_of_the_reports():
    assert seen.TARGET.read_text(encoding="utf-8") == seen.page(seen.reports())


def test_the_table_shows_who_has_seen_what(tmp_path):
    assert "Nobody has sent a report yet." in seen.section([])
    (tmp_path / "one.json").write_text(json.dumps(REPORT))
    text = seen.section(seen.reports(tmp_path))
    assert "Reports so far: 1." in text
    assert "| `name_filter` | read | `contains` (eu-nl, 2026-11-26) |" in text
    assert "| `put_omitted` | draft | not yet |" in text


def test_a_report_sets_the_switches_that_it_can():
    behaviour, left = behaviour_of(REPORT)
    assert behaviour == Behaviour(name_filter="contains")
    assert left["put_omitted"] == "it takes the level draft"
    assert left["not_found"] == "this service cannot behave as was observed"
    assert left["replica_first"] == "the report has no such question"
    assert "name_filter" not in left


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "cannot be read: No such file"),
        ("{", "is no JSON"),
        (json.dumps({**REPORT, "schema": 2}), "is no report of a check: schema is not as the schema says"),
        (json.dumps({**REPORT, "project": "p"}), "is no report of a check: it is not as the schema says"),
    ],
)
def test_what_is_no_report_is_one_sentence(tmp_path, text, sentence):
    path = tmp_path / "report.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ValueError, match=sentence):
        read_report(path)
