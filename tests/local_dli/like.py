# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays the report of a check of the live service: sets each switch to what was observed there."""

from __future__ import annotations

import functools
import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import jsonschema

from local_dli.behaviour import Behaviour

SCHEMA_FILE = Path(__file__).resolve().parents[2] / "contract" / "service-check.schema.json"


@functools.cache
def schema() -> dict[str, Any]:
    """Return the schema of reports."""
    return json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))


def read_report(path: Path) -> dict[str, Any]:
    """Return the report in a file.

    :raises ValueError: the file holds none; the text says in one sentence what is wrong.
    """
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        jsonschema.validate(report, schema())
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise ValueError(f"{path} is no JSON.") from error
    except jsonschema.ValidationError as error:
        place = ".".join(map(str, error.absolute_path)) or "it"
        raise ValueError(f"{path} is no report of a check: {place} is not as the schema says.") from error
    return report


def behaviour_of(report: dict[str, Any]) -> tuple[Behaviour, dict[str, str]]:
    """Return the behaviour that a report describes, and the switches that it leaves at their defaults, with reasons."""
    answers = report["answers"]
    values: dict[str, Any] = {}
    left: dict[str, str] = {}
    for name in (switch.name for switch in fields(Behaviour)):
        answer = answers.get(name, {"reason": "the report has no such question"})
        if "observed" not in answer:
            left[name] = answer["reason"]
            continue
        try:
            Behaviour(**{name: answer["observed"]})
        except ValueError:
            left[name] = "this service cannot behave as was observed"
        else:
            values[name] = answer["observed"]
    return Behaviour(**values), left
