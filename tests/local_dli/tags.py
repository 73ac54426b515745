# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The calls that read, add and remove the tags of an existing job, of whatever type (vendor-tested)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import g, request

from local_dli.errors import ApiError, parameter, unoffered
from local_dli.job_index import JobIndex
from local_dli.jobs import JobStore

PATH = "/v3/<project_id>/dli_flink_job/<job_id>/tags"
OPERATIONS = frozenset({"listFlinkJobTags", "createFlinkJobTags", "deleteFlinkJobTags"})
# As the reference says of a new job.
MOST_TAGS = 20


class TagViews:
    """One method for each operation; a body has passed the contract when it gets here.

    :param seen: callable that takes how many seconds a read lags by itself, and returns the jobs as it shows them.
    """

    def __init__(self, store: JobStore, seen: Callable[[float], JobIndex]) -> None:
        self._store = store
        self._seen = seen

    def add_routes(self, route: Callable[..., None]) -> None:
        """Name the endpoints like the operations of the contract.

        :param route: callable that takes the method, the rule, the operation and the view.
        """
        route("GET", PATH, "listFlinkJobTags", self.list)
        route("POST", f"{PATH}/create", "createFlinkJobTags", self.create)
        route("POST", f"{PATH}/delete", "deleteFlinkJobTags", self.delete)

    def list(self, project_id: str, job_id: str) -> Any:
        seen = self._seen(g.behaviour.detail_lag_seconds)
        job = self._store.find(project_id, int(job_id), g.behaviour, seen=seen)
        if job.tags_refused:
            raise forbidden()
        tags = job.fields["tags"] or []
        return {"count": len(tags), "tags": tags}

    def create(self, project_id: str, job_id: str) -> Any:
        return self._change(project_id, job_id, lambda tags, given: tags | given)

    def delete(self, project_id: str, job_id: str) -> Any:
        return self._change(project_id, job_id, lambda tags, given: dict(tags.items() - given.items()))

    def _change(self, project_id: str, job_id: str, changed: Callable[[dict, dict], dict]) -> Any:
        job = self._store.find(project_id, int(job_id), g.behaviour)
        tags = changed(_as_dict(job.fields["tags"] or []), _as_dict(request.get_json()["tags"]))
        if len(tags) > MOST_TAGS:
            raise parameter(f"A job has at most {MOST_TAGS} tags.")
        self._store.set_tags(job, [{"key": key, "value": value} for key, value in sorted(tags.items())])
        return "", 204


def refuse(switch: str) -> None:
    """Refuse a call where the switch job_tags says so.

    :raises ApiError: the service does not have the call, or our user may not use it.
    """
    if switch == "absent":
        raise unoffered()
    if switch == "forbidden":
        raise forbidden()


def forbidden() -> ApiError:
    """Return the error about tags that our user may not see."""
    return ApiError(403, "DLI.0016", "You may not see the tags of this job.")


def _as_dict(tags: list[dict[str, str]]) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in tags}


def planted(**tags: str) -> list[dict[str, str]]:
    """Return tags in the form in which a job has them."""
    return [{"key": key, "value": value} for key, value in tags.items()]
