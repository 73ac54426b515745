# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What IAM is asked for: a token for a user or an agency, and the id of a project. Few tasks need it."""

from __future__ import annotations

from typing import Callable, NamedTuple

from .._errors import ApiError, AuthenticationFailed, ConflictError, UnexpectedResponse
from .._text import quoted
from .credentials import Credentials, check_transport, is_project_id, regional_endpoint, service_root

_LOGIN = "POST /v3/auth/tokens"


class Login(NamedTuple):
    """What a login gives.

    :param endpoint: URL of the service, without version and trailing slash.
    :param catalog_url: the service's URL in the catalog of the token, "" where that does not name the service.
    :param again: callable that logs in anew and returns another token.
    """

    token: str
    project_id: str
    endpoint: str
    catalog_url: str
    again: Callable[[], str]


def log_in(client, credentials: Credentials, keep_secret: Callable[[str], None]) -> Login:
    """Ask for a token: C(POST /v3/auth/tokens). It comes in a header, the project and the catalog in the body.

    :raises ConflictError: the service's address cannot be determined.
    :raises RequestError: IAM rejected a request or did not respond.
    """
    login_url = f"{credentials.auth_url}/auth/tokens"

    def token_for(identity, scope, headers=None, repeatable=True):
        # Unlike most writes a login may be repeated, unless its passcode counts only once.
        body = {"auth": {"identity": identity, "scope": scope}}
        payload, given = client.request_with_headers(
            "POST", login_url, body=body, headers=headers, repeatable=repeatable
        )
        token = payload.get("token") if isinstance(payload, dict) else None
        secret = given.get("X-Subject-Token")
        if not isinstance(token, dict) or not secret:
            raise UnexpectedResponse("IAM responded to the login without a token.", _LOGIN, 201)
        keep_secret(secret)
        return secret, token

    def token_of_project():
        if credentials.agency_name:
            own = credentials.token or as_user({"domain": _domain(credentials)})[0]
            try:
                return token_for(_agency(credentials), _project_scope(credentials), {"X-Auth-Token": own})
            except ApiError as exc:
                raise exc.explained(
                    "Check agency_name, agency_domain_name and the project, and whether the user may act for agencies "
                    "(Agent Operator)."
                ) from exc
        return as_user(_project_scope(credentials))

    def as_user(scope):
        try:
            return token_for(_user(credentials), scope, repeatable=not credentials.passcode)
        except AuthenticationFailed as exc:
            if credentials.passcode:
                raise exc.explained("A passcode counts once, and for less than a minute; give a new one.") from exc
            raise

    secret, token = token_of_project()
    project = token.get("project")
    project_id = credentials.project_id or (project.get("id") if isinstance(project, dict) else None)
    if not isinstance(project_id, str) or not is_project_id(project_id):
        raise UnexpectedResponse("IAM's token names no project.", _LOGIN, 201)
    catalog_url = _catalog_url(token, credentials)
    endpoint = (
        credentials.endpoint
        or _catalog_endpoint(catalog_url, credentials, project_id)
        or regional_endpoint(credentials.region)
    )
    if not endpoint:
        raise ConflictError("The token's catalog lists no service of type dli; give endpoint or region.")
    shown_url = catalog_url if isinstance(catalog_url, str) else ""
    return Login(secret, project_id, endpoint, shown_url, lambda: token_of_project()[0])


def _domain(credentials):
    domain_id = credentials.user_domain_id
    return {"id": domain_id} if domain_id else {"name": credentials.user_domain_name}


def _user(credentials):
    """Return who logs in, and by what."""
    # An id is unique without a domain.
    by_id = {"id": credentials.user_id}
    user = by_id if credentials.user_id else {"name": credentials.username, "domain": _domain(credentials)}
    by_password = {"password": {"user": {**user, "password": credentials.password}}}
    if not credentials.passcode:
        return {"methods": ["password"], **by_password}
    by_passcode = {"totp": {"user": {**by_id, "passcode": credentials.passcode}}}
    return {"methods": ["password", "totp"], **by_password, **by_passcode}


def _agency(credentials):
    """Return the agency that a user acts for, as the API names it."""
    agency = {"domain_name": credentials.agency_domain_name, "xrole_name": credentials.agency_name}
    return {"methods": ["assume_role"], "assume_role": agency}


def _project_scope(credentials):
    """Return the project that a token is for; an agency's is one of the domain that has created the agency."""
    if credentials.project_id:
        return {"project": {"id": credentials.project_id}}
    domain = {"name": credentials.agency_domain_name} if credentials.agency_name else _domain(credentials)
    return {"project": {"name": credentials.project_name, "domain": domain}}


def _catalog_url(token, credentials):
    """Return what the catalog has in the place of the service's URL, "" where it does not name the service."""
    endpoints = [
        endpoint
        for service in _dicts(token.get("catalog"))
        if service.get("type") == "dli"
        for endpoint in _dicts(service.get("endpoints"))
        if endpoint.get("interface", "public") == "public"
    ]
    region = credentials.region
    in_region = [endpoint for endpoint in endpoints if region in (endpoint.get("region"), endpoint.get("region_id"))]
    chosen = in_region or ([] if region else endpoints)
    return (chosen[0].get("url") if chosen else None) or ""


def _catalog_endpoint(url, credentials, project_id):
    if not url:
        return ""
    source = "The address of DLI in the token's catalog"
    if not isinstance(url, str):
        raise UnexpectedResponse(f"{source} is not a string.", _LOGIN, 201)
    return service_root(check_transport(source, url, credentials.allow_http), project_id)


def _dicts(value):
    """Return the objects of a list; anything else in a response of IAM's is passed over."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def project_id_by_name(client, credentials: Credentials, auth) -> str:
    """Ask for the id of a project: C(GET /v3/projects?name=).

    It is compared again here, because a filter may match more than was asked for.

    :param auth: puts the credentials on a prepared request.
    :raises ConflictError: there is none of that name, or several.
    :raises RequestError: IAM rejected the request or did not respond.
    """
    url = f"{credentials.auth_url}/projects"
    try:
        payload = client.request("GET", url, auth, query={"name": credentials.project_name})
    except AuthenticationFailed as exc:
        raise exc.explained(auth.advice) from exc
    projects = payload.get("projects") if isinstance(payload, dict) else None
    if not isinstance(projects, list):
        raise UnexpectedResponse(
            "IAM responded to the search for the project without a list of projects.", "GET /v3/projects", 200
        )
    ids = [project.get("id") for project in _dicts(projects) if project.get("name") == credentials.project_name]
    if not all(map(is_project_id, ids)):
        raise UnexpectedResponse("IAM returned a project without a valid id.", "GET /v3/projects", 200)
    if len(ids) != 1:
        found = f"{len(ids)} projects ({', '.join(map(str, ids))})" if ids else "no project"
        raise ConflictError(f"IAM knows {found} named {quoted(credentials.project_name)}; give project_id instead.")
    return ids[0]
