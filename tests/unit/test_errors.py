# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The words of an error are whole sentences, whoever wrote them, so that another sentence can follow."""

from __future__ import annotations

import pytest
from ansible_collections.otc.dli.plugins.module_utils._errors import ApiError, OutcomeUnknown
from ansible_collections.otc.dli.plugins.module_utils._reconcile.writes import Writes

from lifecycle_clock import Clock

REFUSED = "The service refused PUT /jobs with HTTP 502, DLI.0999: "


@pytest.mark.parametrize(
    ("words", "request_id", "sentence"),
    [
        ("an HTML page, not the API's JSON", "", "an HTML page, not the API's JSON."),
        ("Try later.", "", "Try later."),
        ("Who is there?", "", "Who is there?"),
        ("Stop!", "", "Stop!"),
        ("\u8bf7\u7a0d\u540e\u3002", "", "\u8bf7\u7a0d\u540e\u3002"),
        ("Try later.", "7f", "Try later. (request id 7f)."),
        ("bad", "7f", "bad (request id 7f)."),
    ],
)
def test_words_of_the_service_end_as_a_sentence(words, request_id, sentence):
    error = ApiError("PUT /jobs", 502, "DLI.0999", words, request_id)
    assert str(error) == REFUSED + sentence
    assert error.api_message == words, "its own words as they came"
    assert str(error.explained("It was tried twice.")) == f"{REFUSED}{sentence} It was tried twice."


@pytest.mark.parametrize("reading_fails", [True, False])
def test_an_unknown_outcome_is_reported_in_a_sentence_of_its_own(reading_fails):
    def send():
        raise ApiError("PUT /jobs", 502, "DLI.0999", "bad")

    def read():
        if reading_fails:
            raise ApiError("GET /jobs", 403, "", "no")

    with pytest.raises(OutcomeUnknown) as caught:
        Writes(Clock()).send(send, read, bool)
    assert str(caught.value).startswith(f"{REFUSED}bad. Whether it was carried out is not known")
    assert str(caught.value).endswith(".")
