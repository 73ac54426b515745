# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Exports and imports of Flink jobs: one method an operation, no decisions."""

from __future__ import annotations

from .._model.responses import is_whole_number, lacking
from .._text import printable
from .flink_jobs import FlinkJobApi


class ArchiveApi(FlinkJobApi):
    """The operations on exported jobs, and on the jobs of the project."""

    def export_jobs(self, body: dict) -> list:
        """Export jobs into ZIP files in OBS, and return the paths of these."""
        operation = self._operation("POST", "/jobs/export")
        payload = self._request("POST", "/jobs/export", body)
        files = payload.get("zip_file") if isinstance(payload, dict) else None
        if not isinstance(files, list) or not all(isinstance(path, str) for path in files):
            raise lacking(operation, "a list of ZIP files")
        return [printable(path) for path in files]

    def import_jobs(self, body: dict) -> list[dict]:
        """Import jobs from ZIP files in OBS, and return what became of each: its old id, new id (None) and a remark."""
        operation = self._operation("POST", "/jobs/import")
        payload = self._request("POST", "/jobs/import", body)
        mapping = payload.get("job_mapping") if isinstance(payload, dict) else None
        if not isinstance(mapping, list) or not all(isinstance(job, dict) for job in mapping):
            raise lacking(operation, "a job_mapping")
        return [_imported(job, operation) for job in mapping]


def _imported(job, operation):
    ids = {}
    for name in ("old_job_id", "new_job_id"):
        value = job.get(name)
        if value is not None and not is_whole_number(value):
            raise lacking(operation, f"a valid {name}")
        # -1 is documented for a job that was not imported, because one of its name is there.
        ids[name] = None if value is None or int(value) < 0 else int(value)
    remark = job.get("remark")
    return {**ids, "remark": printable(remark) if isinstance(remark, str) else ""}
