# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of faults share: the stage, and the option that names one cell."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from faults.stage import Stage


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--cell", help="run this cell of the matrix alone: 'scenario | number of the request | fault'")


@pytest.fixture(scope="module", name="stage")
def fixture_stage() -> Iterator[Stage]:
    """The stage, for the tests of one file: what it patches must not meet the tests of others."""
    with Stage() as stage:
        yield stage
    assert stage.service.contract_violations == []
