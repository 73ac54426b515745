# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The templates of SQL jobs, of our user alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local_dli.behaviour import Behaviour
from local_dli.errors import ApiError
from local_dli.journal import Journal

FIRST_TEMPLATE_ID = 1001
# As the reference says.
MOST_TEMPLATES = 100


class TemplateStore:
    """All templates, newest last; runs under the lock of the jobs.

    :param now_ms: the time of day in ms since the epoch.
    :param journal: notes all that requests do.
    """

    def __init__(self, now_ms: Callable[[], int], journal: Journal) -> None:
        self._now_ms = now_ms
        self._journal = journal
        self._templates: dict[int, dict[str, Any]] = {}
        self._next_id = FIRST_TEMPLATE_ID

    def all(self) -> list[dict[str, Any]]:
        """Return all templates; they are live."""
        return list(self._templates.values())

    def add(self, **values: Any) -> dict[str, Any]:
        """Plant a template as it is."""
        now = self._now_ms()
        template = {"template_id": self._next_id, "create_time": now, "update_time": now, **values}
        self._templates[template["template_id"]] = template
        self._next_id += 1
        return template

    def create(self, body: dict[str, Any], behaviour: Behaviour) -> dict[str, Any]:
        """Make a template.

        :raises ApiError: DLI.0006 for a name in use, where names are unique; DLI.1028 for one too many.
        """
        in_use = any(template["name"] == body["name"] for template in self.all())
        if in_use and behaviour.template_names == "unique":
            raise ApiError(400, "DLI.0006", "A template of this name exists.")
        if len(self._templates) >= MOST_TEMPLATES:
            raise ApiError(400, "DLI.1028", "There are too many templates.")
        template = self.add(**body)
        self._note("create", template)
        return template

    def find(self, template_id: int, behaviour: Behaviour) -> dict[str, Any]:
        """Return a template.

        :raises ApiError: as ``behaviour.not_found`` says.
        """
        if template_id not in self._templates:
            status = 404 if behaviour.not_found == "DLI.0023" else 400
            raise ApiError(status, behaviour.not_found, "The template does not exist.")
        return self._templates[template_id]

    def update(self, template: dict[str, Any], body: dict[str, Any]) -> None:
        """Change a template."""
        template.update({key: value for key, value in body.items() if key != "name" or value})
        template["update_time"] = self._now_ms()
        self._note("update", template)

    def delete(self, template: dict[str, Any]) -> None:
        """Forget a template."""
        del self._templates[template["template_id"]]
        self._note("delete", template)

    def search(self, name: str, tags: str) -> list[dict[str, Any]]:
        """Return the templates whose names hold a text and that have all these tags, newest first."""
        wanted = {tuple(pair.split("=", 1)) for pair in tags.split(",") if pair}
        return [
            template
            for template in reversed(self.all())
            if name in template["name"] and wanted <= {(tag["key"], tag["value"]) for tag in template.get("tags", ())}
        ]

    def clear(self) -> None:
        """Forget all templates."""
        self._templates.clear()

    def _note(self, operation: str, template: dict[str, Any]) -> None:
        self._journal.note(operation, template["template_id"], what="template")
