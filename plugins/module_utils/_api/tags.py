# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The operations on the tags of Flink jobs, JAR and SQL: one method an operation, no decisions.

They are known from the vendor's acceptance tests. The reference of Open Telekom Cloud lacks them.
"""

from __future__ import annotations

from .._model.responses import lacking
from .connection import Connection

# How many tags one request takes (the vendor's reference).
MOST_TAGS_OF_A_REQUEST = 20
_VERSION = "v3"
_ROOT = "/dli_flink_job"


class TagApi(Connection):
    """The operations on the tags of the Flink jobs of one project."""

    def get_tags(self, job_id: int) -> dict[str, str]:
        """Return the tags of a job, those of the service itself too."""
        path = f"/{job_id}/tags"
        operation = self._operation("GET", path, _VERSION, _ROOT)
        payload = self._request("GET", path, version=_VERSION, root=_ROOT)
        tags = payload.get("tags") if isinstance(payload, dict) and "tags" in payload else ()
        tags = [] if tags is None else tags
        if not isinstance(tags, list) or not all(_is_tag(tag) for tag in tags):
            raise lacking(operation, "a list of tags")
        return {tag["key"]: tag.get("value") or "" for tag in tags}

    def add_tags(self, job_id: int, tags: dict[str, str]) -> None:
        """Add tags to a job, C(MOST_TAGS_OF_A_REQUEST) at most."""
        self._request("POST", f"/{job_id}/tags/create", _body(tags), version=_VERSION, root=_ROOT)

    def remove_tags(self, job_id: int, tags: dict[str, str]) -> None:
        """Remove tags from a job, C(MOST_TAGS_OF_A_REQUEST) at most; one that it has not is no error."""
        self._request("POST", f"/{job_id}/tags/delete", _body(tags), version=_VERSION, root=_ROOT)


def _is_tag(tag):
    return isinstance(tag, dict) and isinstance(tag.get("key"), str) and isinstance(tag.get("value"), (str, type(None)))


def _body(tags):
    return {"tags": [{"key": key, "value": value} for key, value in tags.items()]}
