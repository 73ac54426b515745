# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Exported jobs: what is in the ZIP files. The files themselves are not made, as there is no object storage."""

from __future__ import annotations

import copy
from typing import Any

from local_dli.behaviour import Behaviour
from local_dli.errors import ApiError
from local_dli.jobs import JAR_JOB, Job, JobStore


class Archives:
    """The ZIP files by their paths; runs under the lock of the jobs."""

    def __init__(self, jobs: JobStore) -> None:
        self._jobs = jobs
        self._files: dict[str, list[tuple[int, str, dict[str, Any]]]] = {}

    def export(self, jobs: list[Job], folder: str, behaviour: Behaviour) -> list[str]:
        """Put jobs into new files and return their paths; the form of the names is that of the reference's example."""
        groups = [jobs] if behaviour.export_files == "together" else [[job] for job in jobs]
        made = []
        for group in filter(None, groups):
            path = f"{folder.rstrip('/')}/{group[0].name}_{self._jobs.now_ms()}_{len(self._files)}.zip"
            self.put(path, group)
            made.append(path)
        self._jobs.journal.note("export", 0)
        return made

    def put(self, path: str, jobs: list[Job]) -> None:
        """Put jobs into a file."""
        self._files[path] = [(job.job_id, job.job_type, copy.deepcopy(job.fields)) for job in jobs]

    def restore(self, project_id: str, path: str, is_cover: bool, behaviour: Behaviour) -> list[dict[str, Any]]:
        """Make the jobs of a file or of all files in a folder, and return what became of each.

        That an overwritten job keeps its number is assumed.

        :raises ApiError: DLI.0002 when there is no such file; the code is assumed.
        """
        wanted = [name for name in self._files if name == path or name.startswith(f"{path.rstrip('/')}/")]
        if not wanted:
            raise ApiError(400, "DLI.0002", "There is no such file.")
        mapping = []
        with self._jobs.journal.as_one("import"):
            for old_id, job_type, fields in [entry for name in wanted for entry in self._files[name]]:
                new_id, remark = self._restored(project_id, job_type, copy.deepcopy(fields), is_cover, behaviour)
                mapping.append({"old_job_id": old_id, "new_job_id": new_id, "remark": remark})
        if behaviour.numbers_read == "string":
            mapping = [{key: str(value) for key, value in entry.items()} for entry in mapping]
        return mapping

    def clear(self) -> None:
        """Forget all files."""
        self._files.clear()

    def _restored(self, project_id, job_type, fields, is_cover, behaviour):
        mine = self._jobs.search(project_id, {"name": fields["name"]}, Behaviour())
        try:
            if mine and is_cover:
                known = {name: value for name, value in fields.items() if value is not None and name != "tags"}
                self._jobs.update(mine[0], known, behaviour, job_type == JAR_JOB)
                return mine[0].job_id, "The job was overwritten."
            body = {name: value for name, value in fields.items() if value is not None}
            return self._jobs.create(project_id, body, job_type, behaviour).job_id, "The job was created."
        except ApiError as error:
            return -1, error.message
