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
ROLES = [{"id": "0", "name": "te_admin"}]

# A sub-project, whose name differs from the region's, and the region's own project, named like the region.
PROJECT = {"id": "a0000000000000000000000000000001", "name": "eu-de_local"}
REGION_PROJECT = {"id": "a0000000000000000000000000000002", "name": REGION}
PROJECTS = (PROJECT, REGION_PROJECT)

PERMANENT_KEYS = {"local-access-key": "local-secret-key"}
TEMPORARY_KEYS = {"local-temporary-access-key": "local-temporary-secret-key"}
SECURITY_TOKEN = "local-security-token"

TOKEN_LIFE = 24 * 3600.0  # seconds; assumed

CREDENTIALS = {
    "username": USER["name"],
    "user_id": USER["id"],
    "password": PASSWORD,
    "user_domain_name": DOMAIN["name"],
    "user_domain_id": DOMAIN["id"],
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

    def issue_token(self, project: dict[str, str] | None) -> str:
        """Return a new token, for a project or (None) for the domain."""
        value = f"local-token-{next(self._numbers)}"
        self.tokens[value] = Token(project, self._clock() + TOKEN_LIFE)
        return value

    def forget_tokens(self) -> None:
        """Let there be no tokens, as if none was ever issued."""
        self.tokens.clear()

    def expire_tokens(self) -> None:
        """End the life of every token there is."""
        for token in self.tokens.values():
            token.expires = float("-inf")

    def token(self, value: str) -> Token | None:
        """Return what is known of a token, or None when it is unknown or has expired."""
        token = self.tokens.get(value)
        return token if token is not None and self._clock() < token.expires else None

    def create_token(self, body: dict[str, Any], behaviour: Behaviour, url: str, catalog: bool) -> tuple[str, Any]:
        """Answer a request for a token.

        :param url: of this service, for the catalog.
        :param catalog: whether the answer has one.
        :returns: the token and the body of the answer.
        :raises IamError: 401 for a wrong user, password or scope.
        """
        auth = body["auth"]
        user = auth["identity"]["password"]["user"]
        domain_fits = "id" in user or _is(user.get("domain", {}), DOMAIN)
        password_fits = hmac.compare_digest(user["password"].encode(), PASSWORD.encode())
        if not (_is(user, USER) and domain_fits and password_fits):
            raise IamError(401, "Unauthorized", "The user name or the password is wrong.")
        project = self._scope(auth.get("scope", {}))
        value = self.issue_token(project)
        now = self._clock()
        answer: dict[str, Any] = {
            "methods": ["password"],
            "issued_at": self._date(now),
            "expires_at": self._date(now + TOKEN_LIFE),
            "user": USER | {"domain": DOMAIN, "password_expires_at": ""},
            "roles": ROLES,
        }
        if project is None:
            answer["domain"] = DOMAIN
        else:
            answer["project"] = project | {"domain": DOMAIN}
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

    @staticmethod
    def _scope(scope: dict[str, Any]) -> dict[str, str] | None:
        """Return the project of a scope, or None for the domain; no scope is the domain (assumed)."""
        if "project" in scope:
            wanted = scope["project"]
            for project in PROJECTS:
                if _is(wanted, project) and ("id" in wanted or _is(wanted.get("domain", DOMAIN), DOMAIN)):
                    return project
            raise IamError(401, "Unauthorized", "There is no such project for this user.")
        if "domain" in scope and not _is(scope["domain"], DOMAIN):
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
