# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pictures are current: drawn and recorded again, they come out as they are committed (`make generated`)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.snippets import ROOT, pages
from tools.diagrams import DIAGRAMS, PICTURES
from tools.recordings import RECORDINGS, picture


@pytest.mark.parametrize("name", DIAGRAMS)
def test_a_diagram_is_current(name: str) -> None:
    assert (PICTURES / name).read_text(encoding="utf-8") == DIAGRAMS[name]()


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_recording_is_current(name: str) -> None:
    record, title = RECORDINGS[name]
    recorded = picture(record(), title)
    assert shown(recorded) == shown((PICTURES / name).read_text(encoding="utf-8"))


def shown(svg: str) -> list[str]:
    """Return the texts of a picture, but for what differs from run to run.

    That is how often a status was read, which the load of the machine decides, and the time in a savepoint's path.
    """
    texts = re.findall(r"<text[^>]*>([^<]*)", svg)
    return [re.sub(r"\d+(?=&#160;GET)|\b\d{13}\b", "N", text) for text in texts]


@pytest.mark.parametrize("path", sorted(PICTURES.iterdir()), ids=lambda path: path.name)
def test_a_picture_names_no_place_and_loads_nothing(path: Path) -> None:
    svg = path.read_text(encoding="utf-8")
    assert path.name in {*DIAGRAMS, *RECORDINGS}
    assert not re.search(r"/(tmp|home|root|usr|work)\b|127\.0\.0\.1|url\(['\"]?http|(href|src)=", svg)
    assert str(ROOT) not in svg


def test_each_picture_is_on_a_page() -> None:
    text = "".join((ROOT / page).read_text(encoding="utf-8") for page in pages() if page.endswith(".md"))
    assert set(re.findall(r"\]\((?:docs/)?pictures/([\w.]+)\)", text)) == {*DIAGRAMS, *RECORDINGS}
