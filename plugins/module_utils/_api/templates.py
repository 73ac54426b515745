# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The operations on the templates of Flink SQL jobs: one method an operation, no decisions."""

from __future__ import annotations

from .._model.responses import check_template
from .connection import Connection
from .pages import read_pages


class TemplateApi(Connection):
    """The operations on the templates of one project."""

    def list_templates(self, is_meant=lambda _template: True, **filters):
        """Yield every template that the filters leave. The filter by name is fuzzy (documented).

        :param is_meant: callable that says of a template, as the service returns it, whether the caller is after it;
            the form of the others does not matter.
        """
        operation = self._operation("GET", "/job-templates")

        def request(page):
            return self._request("GET", "/job-templates", query={**filters, **page})

        for template in read_pages(request, operation, "template_list", "templates", "template_id", self.concurrency):
            if is_meant(template):
                check_template(template, operation)
                yield {**template, "template_id": int(template["template_id"])}

    def create_template(self, body: dict) -> None:
        """Create a template of SQL jobs."""
        self._request("POST", "/job-templates", body)

    def update_template(self, template_id: int, body: dict) -> None:
        """Change a template."""
        self._request("PUT", f"/job-templates/{template_id}", body)

    def delete_template(self, template_id: int) -> None:
        """Delete a template; jobs that were made from it stay (documented)."""
        self._request("DELETE", f"/job-templates/{template_id}")
