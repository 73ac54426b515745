# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From credentials to access: who signs the requests, which project they are for, and where the service is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, NamedTuple

from .credentials import Credentials

if TYPE_CHECKING:
    from .signer import SignatureAuth


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
    # Few tasks need it, and to compile it takes 1.2 ms.
    from .iam import project_id_by_name

    return project_id_by_name(client, credentials, _request_auth(credentials))


def _access_by_login(client, credentials, keep_secret):
    from .iam import log_in

    login = log_in(client, credentials, keep_secret)
    if credentials.passcode:
        auth = TokenAuth(login.token, "The token may have expired; run the task again with a new passcode.")
    else:
        auth = LoginAuth(login.token, login.again)
    return Access(login.endpoint, login.project_id, auth, keep_secret, catalog_url=login.catalog_url)
