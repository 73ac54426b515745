# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tags of a job: how they compare, and what a change of them removes and adds.

They are no part of a job's definition: requests of their own read and change them, also while the job runs.
"""

from __future__ import annotations

from .._errors import InvalidInput
from .._text import same_of_others
from .canonical import canonical_string

# Tags of the service itself begin so (documented). Nobody else can set them.
_OF_SERVICE = "_sys_"


def canonical_tags(tags: dict) -> dict[str, str]:
    """Return tags in the form that comparison and results use, without those of the service itself."""
    pairs = ((canonical_string(key), canonical_string(value)) for key, value in tags.items())
    return {key: value for key, value in pairs if not key.startswith(_OF_SERVICE)}


def tags_to_remove(shown: dict, wanted: dict) -> dict[str, str]:
    """Return the tags that a job has and shall not have, as the service shows them.

    A value that changes is removed and added: whether an addition overwrites it is not documented.
    """
    kept = canonical_tags(wanted).items()
    return {key: value for key, value in shown.items() if canonical_tags({key: value}).items() - kept}


def tags_to_add(shown: dict, wanted: dict) -> dict[str, str]:
    """Return the tags that a job shall have and has not, as the task gives them."""
    there = canonical_tags(shown).items()
    return {key: value for key, value in wanted.items() if canonical_tags({key: value}).items() - there}


def check_filter(option: str, tags: dict) -> None:
    """Check that the list can be asked for tags.

    :raises InvalidInput: it cannot.
    """
    if any("," in key + value for key, value in tags.items()):
        raise InvalidInput(f"{option} has a tag with a comma, which the service's list cannot be asked for.")


def tags_filter(tags: dict | None) -> dict:
    """Return the list's tags filter; its form is known from the vendor's Terraform provider.

    A comma inside a tag would make it mean something else, so such tags are left out of the filter.
    """
    pairs = [f"{key}={value}" for key, value in (tags or {}).items() if "," not in key + value]
    return {"tags": ",".join(pairs)} if pairs else {}


def tags_warnings(problems) -> list[str]:
    """Return one sentence about the jobs whose tags are unconfirmed, however many they are.

    :param problems: for each job a tuple of how messages call it, and of why its tags are unconfirmed, as a part of a
        sentence; "" when they are not.
    """
    unconfirmed = [(label, problem) for label, problem in problems if problem]
    if not unconfirmed:
        return []
    label, problem = unconfirmed[0]
    others = same_of_others(len(unconfirmed) - 1)
    return [f"The tags of {label} are unconfirmed: {problem}. They were left as they are.{others}"]
