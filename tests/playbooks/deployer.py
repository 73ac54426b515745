# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the role flink_deploy."""

from __future__ import annotations

import json
from typing import Any

from local_dli import LocalDli
from local_s3 import ACCESS_KEY, COLLECTIONS, REGION, SECRET_KEY, LocalS3
from playbooks.ansible_cli import Ansible, Outcome
from playbooks.expectations import calls

BUILD = "orders-1.5.0"


class Deployer:
    """Deploys a job as a pipeline does.

    :param job: its description, as the role takes it.
    :param env: further variables of the environment.
    """

    def __init__(
        self, ansible: Ansible, service: LocalDli, s3: LocalS3, job: dict[str, Any], env: dict[str, str]
    ) -> None:
        assert COLLECTIONS.is_dir(), f"{COLLECTIONS} is not there: python tests/tools/unpack_wheel.py collections"
        self._ansible = ansible
        self._service = service
        self._s3 = s3
        self._job = job
        self._env = env
        self.outcome = Outcome(0, "", "")

    def build(self, content: str, **more: Any) -> dict[str, Any]:
        """Return a deployment of a JAR with this content."""
        jar = str(self._ansible.folder / f"{BUILD}.jar")
        variables = {"flink_deploy_jar": jar, **more.pop("variables", {})}
        return {"title": f"build {content}", "build": content, "variables": variables, **more}

    def deploy(self, *deployments: dict[str, Any], flags: tuple[str, ...] = ()) -> list[dict[str, Any]]:
        """Deploy once after the other, and return for each whether the job was changed, and why it failed."""
        known = self._service.credentials
        paths = [self._ansible.environment["ANSIBLE_COLLECTIONS_PATH"], str(COLLECTIONS)]
        results = self._ansible.folder / "results.json"
        env = {
            "ANSIBLE_COLLECTIONS_PATH": ":".join(paths),
            "OS_AUTH_URL": self._service.auth_url,
            "OS_DLI_ENDPOINT_OVERRIDE": self._service.url,
            "OS_USERNAME": known["username"],
            "OS_PASSWORD": known["password"],
            "OS_USER_DOMAIN_NAME": known["user_domain_name"],
            "OS_PROJECT_ID": known["project_id"],
            "OBS_ACCESS_KEY": ACCESS_KEY,
            "OBS_SECRET_KEY": SECRET_KEY,
            **self._env,
        }
        variables = {
            "deployments": deployments,
            "job": self._job,
            "results_file": str(results),
            "flink_deploy_endpoint": self._s3.url,
            "flink_deploy_region": REGION,
            "flink_deploy_access_key": "{{ lookup('env', 'OBS_ACCESS_KEY') }}",
            "flink_deploy_secret_key": "{{ lookup('env', 'OBS_SECRET_KEY') }}",
        }
        self.outcome = self._ansible.playbook("flink_deploy.yml", *flags, variables=variables, env=env)
        assert self.outcome.code == 0, self.outcome.stdout + self.outcome.stderr
        return json.loads(results.read_text(encoding="utf-8"))

    def writes(self) -> list[str]:
        """Return the requests so far that change something on DLI, by their last part."""
        paths = [call for call in calls(self._service) if not call.startswith(("GET ", "POST /v3/auth/"))]
        return ["update" if call.startswith("PUT") else call.split()[1].rpartition("/")[2] for call in paths]

    def entrypoint(self) -> str:
        """Return what runs."""
        (job,) = [job for job in self._service.jobs.all() if job.name == self._job["name"]]
        assert job.status == "job_running"
        return job.fields["entrypoint"]
