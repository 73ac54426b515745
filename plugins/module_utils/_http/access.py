# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From credentials to access: who signs the requests, which project they are for, and where the service is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, NamedTuple

from .._errors import ApiError, AuthenticationFailed, ConflictError, UnexpectedResponse
from .._text import quoted
from .credentials import (
    Credentials,
    check_transport,
    is_project_id,
    regional_endpoint,
    service_root,
)

if TYPE_CHECKING:
    from .signer import SignatureAuth

_LOGIN = "POST /v3/auth/tokens"


class Access(NamedTuple):
    """What every request to the service needs.

    :param endpoint: URL of the service, without version and trailing slash.
    :param auth: puts the credentials on a prepared request; has C(renewed()) for when they are refused, and
        C(advice), a sentence for when that does not help.
    :param keep_secret: callable that takes what must not be shown.
    :param keep_read: callable that takes what was read and may be secret, so that messages leave it out.
    :param catalog_url: the service's URL in the catalog of the token, "" where that does not name the service; None
        without a login.
    """

    endpoint: str
    project_id: str
    auth: TokenAuth | SignatureAuth
    keep_secret: Callable[[str], None] = lambda _secret: None
    keep_read: Callable[[str], None] = lambda _text: None
    catalog_url: str | None = None


class TokenAuth:
    """Puts a token on each request that it is called with."""

    def __init__(self, token: str, advice: str = "The token may have expired; give a new one.") -> None:
        self.token = token
        self.advice = advice

    def __call__(self, prepared):
        prepared.headers["X-Auth-Token"] = self.token
        return prepared

    def renewed(self) -> TokenAuth | None:
        """Return other credentials to try when these are refused, None when there are none."""
        return None


class LoginAuth(TokenAuth):
    """Puts a token on requests that can be had anew, because what it was issued for is known.

    :param log_in: callable that returns a new token.
    """

    def __init__(self, token: str, log_in: Callable[[], str]) -> None:
        super().__init__(token, "So was a token that was issued just before.")
        self._log_in = log_in

    def renewed(self) -> TokenAuth | None:
        return LoginAuth(self._log_in(), self._log_in)


def open_access(client, credentials: Credentials, keep_secret: Callable[[str], None]) -> Access:
    """Turn credentials into access, with no request when token or keys, project id and endpoint are all known.

    :param keep_secret: callable that takes what must not be shown, such as each token of IAM, before it is used.
    :raises ConflictError: the project or the service's address cannot be determined.
    :raises RequestError: IAM rejected a request or did not respond.
    """
    if credentials.password or credentials.agency_name:
        return _access_by_login(client, credentials, keep_secret)
    project_id = credentials.project_id or _project_id_by_name(client, credentials)
    return Access(credentials.endpoint, project_id, _request_auth(credentials, project_id), keep_secret)


def _request_auth(credentials, project_id=""):
    if credentials.token:
        return TokenAuth(credentials.token)
    # Only these credentials need it, and each file to be compiled makes every task slower.
    from .signer import SignatureAuth

    return SignatureAuth(credentials.access_key, credentials.secret_key, credentials.security_token, project_id)


def _project_id_by_name(client, credentials):
    """C(GET /v3/projects?name=), compared again here because a filter may match more than was asked for."""
    url = f"{credentials.auth_url}/projects"
    auth = _request_auth(credentials)
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


def _access_by_login(client, credentials, keep_secret):
    """C(POST /v3/auth/tokens): the token comes in a header, the project and the catalog in the body."""
    login_url = f"{credentials.auth_url}/auth/tokens"

    def token_for(identity, scope, auth=None, repeatable=True):
        # Unlike most writes a login may be repeated, unless its passcode counts only once.
        body = {"auth": {"identity": identity, "scope": scope}}
        payload, headers = client.request_with_headers("POST", login_url, auth, body, repeatable=repeatable)
        token = payload.get("token") if isinstance(payload, dict) else None
        secret = headers.get("X-Subject-Token")
        if not isinstance(token, dict) or not secret:
            raise UnexpectedResponse("IAM responded to the login without a token.", _LOGIN, 201)
        keep_secret(secret)
        return secret, token

    def log_in():
        if credentials.agency_name:
            own = credentials.token or as_user({"domain": _domain(credentials)})[0]
            try:
                return token_for(_agency(credentials), _project_scope(credentials), TokenAuth(own))
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

    secret, token = log_in()
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
    if credentials.passcode:
        auth = TokenAuth(secret, "The token may have expired; run the task again with a new passcode.")
    else:
        auth = LoginAuth(secret, lambda: log_in()[0])
    shown_url = catalog_url if isinstance(catalog_url, str) else ""
    return Access(endpoint, project_id, auth, keep_secret, catalog_url=shown_url)


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
