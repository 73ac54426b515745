# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the pages of the documentation take for granted: jobs that are there, variables, and values of the reader's."""

from __future__ import annotations

from typing import Any

from local_dli import LocalDli

ORDERS = {
    "name": "orders-enrichment",
    "queue_name": "streaming",
    "entrypoint": "obs://example-bucket/jars/orders-enrichment-1.4.0.jar",
    "main_class": "org.example.orders.Enrichment",
    "flink_version": "1.15",
    "execution_agency_urn": "flink-agency",
    "obs_bucket": "example-bucket",
}
ARCHIVE = {"name": "orders-archive", "queue_name": "streaming", "entrypoint": "obs://example-bucket/jars/archive.jar"}
RUNNING = {"status": "job_running"}

# The jobs that are there when a reader comes to a page, as JobStore.add takes them.
JOBS: dict[str, list[dict[str, Any]]] = {
    "docs/audit.md": [{**ORDERS, **RUNNING}, {**ARCHIVE, **RUNNING}],
    "docs/deploy.md": [{**ORDERS, **RUNNING}],
    "docs/migrating.md": [ORDERS],
    "docs/upgrade.md": [{**ARCHIVE, "status": "job_finish", "start_time": 1}],
    "plugins/modules/dli_flink_jar_job.py": [{**ARCHIVE, "job_id": 131}],
    "plugins/modules/dli_flink_job_adopt.py": [{**ORDERS, **RUNNING}, {**ARCHIVE, **RUNNING}],
    "plugins/modules/dli_flink_job_audit.py": [{**ORDERS, **RUNNING}, {**ARCHIVE, **RUNNING}],
    "plugins/modules/dli_flink_job_info.py": [{**ORDERS, **RUNNING}, {**ARCHIVE, **RUNNING, "job_id": 131}],
    "plugins/modules/dli_flink_job_export.py": [
        ORDERS,
        {"name": "orders-hourly", "job_type": "flink_sql_job", "queue_name": "streaming"},
    ],
    "plugins/modules/dli_flink_job_import.py": [ORDERS],
    "plugins/modules/dli_flink_savepoint.py": [{**ORDERS, **RUNNING}, {**ORDERS, "name": "orders-enrichment-copy"}],
}

# The files that lie beside the reader's playbook.
_SQL = "SELECT 1 AS one"
_VAULT = "vault_access_key: example-access-key\nvault_secret_key: example-secret-key\n"
FILES: dict[str, dict[str, str]] = {
    "docs/deploy.md": {"target/orders-enrichment-1.5.0.jar": "a JAR"},
    "docs/environments.md": {
        **{f"inventory/group_vars/{name}/vault.yml": _VAULT for name in ("stage", "prod")},
        **{f"home/vault/{name}": f"a long password for {name}" for name in ("dev", "stage", "prod")},
    },
    "plugins/modules/dli_flink_job_template.py": {"orders-hourly.sql": _SQL},
    "plugins/modules/dli_flink_sql_job.py": {"orders-hourly.sql": _SQL, "orders-hourly.sql.j2": f"{_SQL} -- all"},
}

# The templates that are there, as TemplateStore.add takes them.
TEMPLATES: dict[str, list[dict[str, Any]]] = {
    "plugins/modules/dli_flink_sql_job.py": [
        {"template_id": 17, "name": "clicks", "desc": "", "sql_body": _SQL, "job_type": "flink_opensource_sql_job"}
    ],
}

# The pages with the role flink_deploy, which has tasks for each thing that may have to be done, and what is in OBS.
BUCKET = "example-bucket"
OBJECTS: dict[str, list[str]] = {
    "docs/deploy.md": ["jars/orders-enrichment/orders-enrichment-1.4.0-5f2b9a7c0d1e3f48.jar"],
}

# The ZIP files that are there, each with the jobs of the page.
ARCHIVES = {"plugins/modules/dli_flink_job_import.py": "example-bucket/exports/orders-enrichment_1582677879475.zip"}

# How the starts of a job end on a page that says what to do when one fails.
STARTS = {"docs/upgrade.md": ["running", "running", "submit_fail"]}

# Variables of the reader's.
VARIABLES: dict[str, Any] = {
    "db_password": "correct-horse-battery",
    "normalise_jobs": [{"name": f"normalise-{number}", "queue_name": "streaming"} for number in range(3)],
    "orders_defaults": {"queue_name": "streaming"},
    "orders_jobs": [{"name": "orders-enrichment"}, {"name": "orders-archive"}],
}


def variables(service: LocalDli) -> dict[str, Any]:
    """Return the value of each variable that a page may use without setting it."""
    known = service.credentials
    return {
        **VARIABLES,
        "vault_username": known["username"],
        "vault_password": known["password"],
        "vault_domain": known["user_domain_name"],
        "vault_project_id": known["project_id"],
        "vault_access_key": known["access_key"],
        "vault_secret_key": known["secret_key"],
        "vault_temporary_access_key": known["temporary_access_key"],
        "vault_temporary_secret_key": known["temporary_secret_key"],
        "vault_security_token": known["security_token"],
        "vault_token": service.issue_token(),
        "vault_mfa_user_id": known["mfa_user_id"],
        "vault_mfa_password": known["mfa_password"],
        "passcode": known["passcode"],
        "vault_agency": known["agency_name"],
        "vault_agency_domain": known["agency_domain_name"],
        "vault_delegated_project": known["delegated_project_name"],
    }


def environment(service: LocalDli) -> dict[str, str]:
    """Return what stands for "…" behind a variable that a page exports."""
    known = service.credentials
    return {
        "OS_USERNAME": known["username"],
        "OS_PASSWORD": known["password"],
        "OS_USER_DOMAIN_NAME": known["user_domain_name"],
        "OS_PROJECT_ID": known["project_id"],
        "OS_ACCESS_KEY": known["access_key"],
        "OS_SECRET_KEY": known["secret_key"],
        "OS_SECURITY_TOKEN": known["security_token"],
        "OS_TOKEN": service.issue_token(),
        "DB_PASSWORD": VARIABLES["db_password"],
        # Only for commands that are not run.
        "CONTROLLER_OAUTH_TOKEN": "none",
    }


def temporary_key(service: LocalDli) -> dict[str, str]:
    """Return what stands for "…" where a security token is exported too."""
    known = service.credentials
    return {"OS_ACCESS_KEY": known["temporary_access_key"], "OS_SECRET_KEY": known["temporary_secret_key"]}


def credentials(service: LocalDli) -> dict[str, str]:
    """Return the environment for code that leaves credentials to the environment."""
    wanted = ("OS_USERNAME", "OS_PASSWORD", "OS_USER_DOMAIN_NAME", "OS_PROJECT_ID", "DB_PASSWORD")
    return {name: environment(service)[name] for name in wanted}


def addresses(service: LocalDli) -> dict[str, str]:
    """Return the environment that leads to the local service, where a page gives the region alone."""
    region = {"OS_REGION_NAME": "eu-de"}  # that of the pages; in another one these addresses would not count
    return {**region, "OS_AUTH_URL": service.auth_url, "OS_DLI_ENDPOINT_OVERRIDE": service.url}


def substitutions(service: LocalDli, s3_url: str, ca_file: str, repository: str) -> dict[str, str]:
    """Return what has to be something else here than on the pages, all of it the reader's own or of the live service.

    :param s3_url: where the S3 server listens that stands for OBS.
    :param ca_file: path of a file that stands for one with certificate authorities.
    :param repository: path of a git repository that holds the collection.
    """
    known = service.credentials
    return {
        # The local service has one project for all environments of a page.
        **dict.fromkeys(("eu-de_example", "eu-de_dev", "eu-de_stage", "eu-de_prod"), known["project_name"]),
        "https://iam.eu-de.otc.t-systems.com/v3": service.auth_url,
        "https://iam.example.com/v3": service.auth_url,
        "https://dli.example.com": service.url,
        "https://obs.eu-de.otc.t-systems.com": s3_url,
        "http://127.0.0.1:41234": service.url,
        "/etc/ssl/certs/example-ca.pem": ca_file,
        "https://otc-dli.example/otc.dli.git": f"git+file://{repository}",
        "example-domain": known["user_domain_name"],
        "example-user": known["username"],
        "example-password": known["password"],
        "example-token": service.issue_token(),
        "example-temporary-access-key": known["temporary_access_key"],
        "example-temporary-secret-key": known["temporary_secret_key"],
        "example-security-token": known["security_token"],
        "example-access-key": known["access_key"],
        "example-secret-key": known["secret_key"],
        # Nobody wants to wait for minutes here.
        "canary_health_window: 3600": "canary_health_window: 0.5",
        "health_window: 120": "health_window: 0.5",
        "health_window: 30": "health_window: 0.5",
    }


def not_run() -> dict[str, str]:
    """Return the commands that are not run, and why. Each has to be on a page."""
    return {
        "ansible-galaxy collection build": "the fixture installed_collection does it, but not into the checkout",
        "ansible-galaxy collection install .": "the fixture installed_collection does it",
        "pip install ansible-rulebook ansible-core requests pyparsing==3.3.2": (
            "it would change the environment that the tests run in"
        ),
        "ansible-rulebook --rulebook otc.dli.restart_failed_jobs --inventory hosts --vars watch.yml": (
            "it does not end; tests/eda runs it"
        ),
        "ansible-rulebook --rulebook otc.dli.notify --inventory hosts --vars notify.yml": (
            "it does not end; tests/eda runs it"
        ),
        "pip install requests": "it would change the environment that the tests run in",
        "pip install boto3": "it would change the environment that the tests run in",
        "ansible-galaxy collection install amazon.aws": "it needs Galaxy; unpack_wheel.py gets it elsewhere",
        "ansible-builder build --file docs/awx/execution-environment.yml --tag registry.example/dli-ee:1": (
            "it needs podman and images; tests/tools/execution_environment.py checks the file"
        ),
        "podman push registry.example/dli-ee:1": "it needs podman and a registry",
        "ansible-playbook otc.dli.awx_setup -e awx_setup_image=registry.example/dli-ee:1 "
        "-e awx_setup_scm_url=https://git.example/otc/dli.git": "it needs AWX; tests/awx runs it against a stand-in",
        "ansible-playbook otc.dli.awx_setup --tags credential_type": (
            "it needs AWX; tests/awx runs it against a stand-in"
        ),
    }
