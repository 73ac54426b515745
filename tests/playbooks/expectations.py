# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What several of the tests expect of results and requests."""

from __future__ import annotations

import json
import re
from typing import Any

from local_dli import LocalDli


def calls(service: LocalDli, project_id: str | None = None) -> list[str]:
    """The requests so far, without what they have in common.

    :param project_id: of the project that they are for; None for the first one of the service.
    """
    common = f"/v1.0/{project_id or service.credentials['project_id']}/streaming/"
    return [f"{request.method} {request.path.removeprefix(common)}" for request in service.requests]


def assert_one_sentence(message: str) -> None:
    """A person can read it: one line, one sentence, nothing of Python, and no excuse of the collection's."""
    assert re.fullmatch(r"\S[^\n\r\t]*(\.|\.\)|\(request id \w+\))", message), message
    # What the service says is quoted behind a colon, and ends by itself.
    assert not re.search(r"\w[.!?] [A-Z]", message), message
    for unwanted in ("Traceback", "fault of the collection", "object at 0x", "<class", "None", "  "):
        assert unwanted not in message, message
    assert len(message) <= 320, message


def assert_nothing_of_python(result: dict[str, Any]) -> None:
    """No traceback anywhere in a result."""
    assert "Traceback (most recent call last)" not in json.dumps(result)
