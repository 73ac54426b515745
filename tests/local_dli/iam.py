# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Users, projects, keys and tokens of the local service; all of them fixed and plainly not real."""

from __future__ import annotations

import datetime
import hmac
import itertools
from dataclasses import dataclass
from typing import Any, Callable

from local_dli.behaviour import Behaviour
from local_dli.errors import IamError

REGION = "eu-de"
DOMAIN = {"id": "d0000000000000000000000000000001", "name": "local-domain"}
USER = {"id": "local-user-id", "name": "local-user"}
PASSWORD = "local-password"
# A user with a virtual MFA device, whose password alone is not enough.
MFA_USER = {"id": "local-mfa-user-id", "name": "local-mfa-user"}
MFA_PASSWORD = "local-mfa-password"
PASSCODE = "042137"
ROLES = [{"id": "0", "name": "te_admin"}]

# A sub-project, whose name differs from the region's, and the region's own project, named like the region.
PROJECT = {"id": "a0000000000000000000000000000001", "name": "eu-de_local"}
REGION_PROJECT = {"id": "a0000000000000000000000000000002", "name": REGION}
PROJECTS = (PROJECT, REGION_PROJECT)

# Another domain, which has delegated its project to this one by an agency.
DELEGATING_DOMAIN = {"id": "d0000000000000000000000000000002", "name": "local-delegating-domain"}
AGENCY = "local-agency"
DELEGATED_PROJECT = {"id": "a0000000000000000000000000000003", "name": "eu-de_delegated"}

PERMANENT_KEYS = {"local-access-key": "local-secret-key"}
TEMPORARY_KEYS = {"local-temporary-access-key": "local-temporary-secret-key"}
SECURITY_TOKEN = "local-security-token"

METHODS = ({"password"}, {"password", "totp"}, {"assume_role"})
TOKEN_LIFE = 24 * 3600.0  # seconds; assumed

CREDENTIALS = {
    "username": USER["name"],
    "user_id": USER["id"],
    "password": PASSWORD,
    "user_domain_name": DOMAIN["name"],
    "user_domain_id": DOMAIN["id"],
    "mfa_user_id": MFA_USER["id"],
    "mfa_password": MFA_PASSWORD,
    "passcode": PASSCODE,
    "agency_name": AGENCY,
    "agency_domain_name": DELEGATING_DOMAIN["name"],
    "delegated_project_id": DELEGATED_PROJECT["id"],
    "delegated_project_name": DELEGATED_PROJECT["name"],
    "project_name": PROJECT["name"],
    "project_id": PROJECT["id"],
    "access_key": next(iter(PERMANENT_KEYS)),
    "secret_key": next(iter(PERMANENT_KEYS.values())),
    "temporary_access_key": next(iter(TEMPORARY_KEYS)),
    "temporary_secret_key": next(iter(TEMPORARY_KEYS.values())),
    "security_token": SECURITY_TOKEN,
    "region": REGION,
}


@dataclass
class Token:
    """A token: its project, or None for one of the domain, and the end of its life on the service's clock."""

    project: dict[str, str] | None
    expires: float


class Iam:
    """Tokens and what they are good for.

    :param clock: seconds that only grow.
    :param wall_ms: gives the time of day, in ms since the epoch, of a time of that clock.

    ``tokens`` has what is known of each token that was issued.
    """

    def __init__(self, clock: Callable[[], float], wall_ms: Callable[[float], int]) -> None:
        self._clock = clock
        self._wall_ms = wall_ms
        self.tokens: dict[str, Token] = {}
        self._numbers = itertools.count(1)
        self._used_passcodes: set[str] = set()

    def issue_token(self, project: dict[str, str] | None) -> str:
        """Return a new token, for a project or (None) for the domain."""
        value = f"local-token-{next(self._numbers)}"
        self.tokens[value] = Token(project, self._clock() + TOKEN_LIFE)
        return value

    def forget_tokens(self) -> None:
        """Let there be no tokens, as if none was ever issued."""
        self.tokens.clear()

    def renew_passcodes(self) -> None:
        """Let each passcode count again."""
        self._used_passcodes.clear()

    def expire_tokens(self) -> None:
        """End the life of every token there is."""
        for token in self.tokens.values():
            token.expires = float("-inf")

    def token(self, value: str) -> Token | None:
        """Return what is known of a token, or None when it is unknown or has expired."""
        token = self.tokens.get(value)
        return token if token is not None and self._clock() < token.expires else None

    def create_token(
        self, body: dict[str, Any], behaviour: Behaviour, url: str, catalog: bool, own_token: str | None = None
    ) -> tuple[str, Any]:
        """Answer a request for a token.

        :param own_token: that of the request's header, which an agency needs.
        :param url: of this service, for the catalog.
        :param catalog: whether the answer has one.
        :returns: the token and the body of the answer.
        :raises IamError: 400 for methods that do not go with what is given for them, 401 for a wrong user, password,
            passcode, agency or scope.
        """
        auth = body["auth"]
        identity, methods = auth["identity"], auth["identity"]["methods"]
        if set(methods) != identity.keys() - {"methods"} or set(methods) not in METHODS:
            raise IamError(400, "Bad Request", "The methods are not those that are given.")
        if methods == ["assume_role"]:
            known, domain = self._assumed(identity["assume_role"], own_token), DELEGATING_DOMAIN
            project = self._scope(auth.get("scope", {}), domain, (DELEGATED_PROJECT,))
        else:
            known, domain = self._user(identity), DOMAIN
            project = self._scope(auth.get("scope", {}), domain, PROJECTS)
        value = self.issue_token(project)
        now = self._clock()
        answer: dict[str, Any] = {
            "methods": methods,
            "issued_at": self._date(now),
            "expires_at": self._date(now + TOKEN_LIFE),
            "user": known | {"domain": domain, "password_expires_at": ""},
            "roles": ROLES,
        }
        if project is None:
            answer["domain"] = domain
        else:
            answer["project"] = project | {"domain": domain}
        if methods == ["assume_role"]:
            answer["assumed_by"] = {"user": USER | {"domain": DOMAIN}}
        if catalog:
            answer["catalog"] = _catalog(behaviour, url, project)
        return value, {"token": answer}

    @staticmethod
    def projects(name: str | None, domain_id: str | None) -> list[dict[str, Any]]:
        """Return the projects of this name and domain."""
        found = [project | {"domain_id": DOMAIN["id"], "enabled": True} for project in PROJECTS]
        if domain_id is not None and domain_id != DOMAIN["id"]:
            return []
        return [project for project in found if name is None or project["name"] == name]

    def _user(self, identity: dict[str, Any]) -> dict[str, str]:
        """Return who proves to be whom; the passcode of a virtual MFA device counts once."""
        given, code = identity["password"]["user"], identity.get("totp", {}).get("user", {})
        user, password = (MFA_USER, MFA_PASSWORD) if _is(given, MFA_USER) else (USER, PASSWORD)
        domain_fits = "id" in given or _is(given.get("domain", {}), DOMAIN)
        password_fits = hmac.compare_digest(given["password"].encode(), password.encode())
        if not (_is(given, user) and domain_fits and password_fits):
            raise IamError(401, "Unauthorized", "The user name or the password is wrong.")
        if user is MFA_USER or code:
            passcode = code.get("passcode")
            if code.get("id") != MFA_USER["id"] or passcode != PASSCODE or passcode in self._used_passcodes:
                raise IamError(401, "Unauthorized", "The passcode is missing or wrong.")
            self._used_passcodes.add(passcode)
        return user

    def _assumed(self, agency: dict[str, Any], own_token: str | None) -> dict[str, str]:
        """Return who acts for an agency."""
        if own_token is None or self.token(own_token) is None:
            raise IamError(401, "Unauthorized", "The token is missing, unknown or has expired.")
        domain = {key.removeprefix("domain_"): agency[key] for key in ("domain_id", "domain_name") if key in agency}
        if len(domain) != 1:
            raise IamError(400, "Bad Request", "Either domain_id or domain_name has to be given.")
        if agency["xrole_name"] != AGENCY or not _is(domain, DELEGATING_DOMAIN):
            raise IamError(401, "Unauthorized", "There is no such agency for this user.")
        return {"id": f"{AGENCY}-id", "name": f"{DELEGATING_DOMAIN['name']}/{AGENCY}"}

    @staticmethod
    def _scope(
        scope: dict[str, Any], domain: dict[str, str], projects: tuple[dict[str, str], ...]
    ) -> dict[str, str] | None:
        """Return the project of a scope, or None for the domain; no scope is the domain (documented)."""
        if "project" in scope:
            wanted = scope["project"]
            for project in projects:
                if _is(wanted, project) and ("id" in wanted or _is(wanted.get("domain", domain), domain)):
                    return project
            raise IamError(401, "Unauthorized", "There is no such project for this user.")
        if "domain" in scope and not _is(scope["domain"], domain):
            raise IamError(401, "Unauthorized", "There is no such domain for this user.")
        return None

    def _date(self, moment: float) -> str:
        date = datetime.datetime.fromtimestamp(self._wall_ms(moment) / 1000, tz=datetime.timezone.utc)
        return date.strftime("%Y-%m-%dT%H:%M:%S.%f") + "Z"


def _is(given: dict[str, Any], known: dict[str, str]) -> bool:
    """Return whether something given by id or by name is what is known."""
    named = [key for key in ("id", "name") if key in given]
    return bool(named) and all(given[key] == known[key] for key in named)


def _catalog(behaviour: Behaviour, url: str, project: dict[str, str] | None) -> list[dict[str, Any]]:
    dli_url = url
    if behaviour.catalog_url == "versioned" and project is not None:
        dli_url = f"{url}/v1.0/{project['id']}"
    services = [("identity", "iam", f"{url}/v3"), ("dli", "dli", dli_url)]
    if behaviour.catalog == "without_dli":
        services.pop()
    return [
        {
            "id": f"{name}-service",
            "name": name,
            "type": kind,
            "endpoints": [
                {
                    "id": f"{name}-endpoint",
                    "interface": "public",
                    "region": REGION,
                    "region_id": REGION,
                    "url": endpoint,
                }
            ],
        }
        for kind, name, endpoint in services
    ]
