# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From credentials to access: who signs the requests, which project they are for, and where the service is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

from ansible_collections.otc.dli.plugins.module_utils._credentials import (
    Credentials,
    regional_endpoint,
    service_root,
)
from ansible_collections.otc.dli.plugins.module_utils._errors import ConflictError, UnexpectedAnswer
from ansible_collections.otc.dli.plugins.module_utils._signer import SignatureAuth


@dataclass(frozen=True)
class Access:
    """What every request to the service needs.

    :param endpoint: URL of the service, without version and trailing slash.
    :param auth: callable that puts the credentials on a prepared request.
    """

    endpoint: str
    project_id: str
    auth: Callable


class TokenAuth:
    """Puts a token on each request that it is called with."""

    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, prepared):
        prepared.headers["X-Auth-Token"] = self.token
        return prepared


def open_access(client, credentials: Credentials) -> Access:
    """Turn credentials into access, with no request when token or keys, project id and endpoint are all known.

    :raises ConflictError: the project or the service's address cannot be determined.
    :raises RequestError: IAM refused or did not answer.
    """
    if credentials.password:
        return _access_by_password(client, credentials)
    project_id = credentials.project_id or _project_id_by_name(client, credentials)
    return Access(credentials.endpoint, project_id, _request_auth(credentials, project_id))


def _request_auth(credentials, project_id=""):
    if credentials.token:
        return TokenAuth(credentials.token)
    return SignatureAuth(credentials.access_key, credentials.secret_key, credentials.security_token, project_id)


def _project_id_by_name(client, credentials):
    """C(GET /v3/projects?name=), compared again here because a filter may match more than was asked for."""
    url = f"{credentials.auth_url}/projects"
    payload = client.request("GET", url, _request_auth(credentials), query={"name": credentials.project_name})
    projects = payload.get("projects") if isinstance(payload, dict) else None
    if not isinstance(projects, list):
        raise UnexpectedAnswer(
            "IAM answered the search for the project without a list of projects.", "GET /v3/projects", 200
        )
    ids = [project.get("id") for project in projects if project.get("name") == credentials.project_name]
    if len(ids) != 1:
        found = f"{len(ids)} projects ({', '.join(map(str, ids))})" if ids else "no project"
        raise ConflictError(f"IAM knows {found} named {credentials.project_name}; give project_id instead.")
    return ids[0]


def _access_by_password(client, credentials):
    """C(POST /v3/auth/tokens): the token comes in a header, the project and the catalog in the body."""
    domain = {"name": credentials.user_domain_name}
    if credentials.project_id:
        project = {"id": credentials.project_id}
    else:
        project = {"name": credentials.project_name, "domain": domain}
    user = {"name": credentials.username, "password": credentials.password, "domain": domain}
    body = {
        "auth": {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": project},
        }
    }
    payload, headers = client.request_with_headers("POST", f"{credentials.auth_url}/auth/tokens", body=body)
    token = payload.get("token") if isinstance(payload, dict) else None
    secret = headers.get("X-Subject-Token")
    if not isinstance(token, dict) or not secret:
        raise UnexpectedAnswer("IAM answered the login without a token.", "POST /v3/auth/tokens", 201)
    project_id = credentials.project_id or (token.get("project") or {}).get("id")
    if not project_id:
        raise UnexpectedAnswer("IAM's token names no project.", "POST /v3/auth/tokens", 201)
    endpoint = (
        credentials.endpoint or _catalog_endpoint(token, credentials.region) or regional_endpoint(credentials.region)
    )
    if not endpoint:
        raise ConflictError("The token's catalog lists no service of type dli; give endpoint or region.")
    return Access(endpoint, project_id, TokenAuth(secret))


def _catalog_endpoint(token, region):
    endpoints = [
        endpoint
        for service in token.get("catalog") or []
        if service.get("type") == "dli"
        for endpoint in service.get("endpoints") or []
        if endpoint.get("interface", "public") == "public"
    ]
    in_region = [endpoint for endpoint in endpoints if region in (endpoint.get("region"), endpoint.get("region_id"))]
    chosen = in_region or ([] if region else endpoints)
    return service_root(chosen[0]["url"]) if chosen and chosen[0].get("url") else ""
