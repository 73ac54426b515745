# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which keys of settings hold secrets, and which values hold a secret key with its value, or a URL with a password."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

# What the names of secret settings hold, with or without a separator where a space is: the parts that Flink itself
# treats as sensitive when it shows its configuration, and what connectors, DLI's SQL and people call the same things.
_SENSITIVE_PARTS = (
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "credential",
    "api key",
    "access key",
    "account key",
    "private key",
    "service key",
    "auth params",
    "basic auth",
    "jaas config",
    "http headers",
    "authorization",
    "shared access",
    "sas key",
    "ssh key",
    "signing key",
    "encryption key",
    "passcode",
)
# What is too short to be recognised as a part of a word: it has to stand between separators, as "Pwd" does in dbPwd1.
_SENSITIVE_WORDS = frozenset(("ak", "sk", "pw", "pwd", "pswd", "pass", "sig"))
_SEPARATORS = re.compile(r"[^a-z0-9]+")
_WORD_BEGINS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=[0-9])")
_WITHOUT_SEPARATORS = tuple(part.replace(" ", "") for part in _SENSITIVE_PARTS)

_PRIVATE_KEY = "PRIVATE KEY-----"
# The second is Oracle's way: jdbc:oracle:thin:user/password@…
_PASSWORD_IN_URL = re.compile(r"(?:://[^/\s@:]{0,999}:|\bjdbc:oracle:\w{1,9}:[^/\s@:]{1,99}/)([^/\s@]{1,999})@")


@lru_cache(maxsize=1024)
def is_sensitive(key: str) -> bool:
    """Whether the value of a setting, an option in SQL or a property in JSON is secret, by its key."""
    # Letters of other widths mean the same.
    key = unicodedata.normalize("NFKC", key)
    words = _SEPARATORS.split(_WORD_BEGINS.sub(" ", key).lower())
    if not _SENSITIVE_WORDS.isdisjoint(words):
        return True
    plain = "".join(words)
    return any(part in plain for part in _WITHOUT_SEPARATORS)


@cache
def _key_and_value():
    """Return the pattern of a sensitive key with a value; most tasks need none, and to compile it takes half a ms."""
    return re.compile(
        "(?:"
        + "|".join(part.replace(" ", "[._/-]?") for part in _SENSITIVE_PARTS)
        + r"|(?<![a-z0-9])(?:"
        + "|".join(sorted(_SENSITIVE_WORDS))
        + r")(?![a-z]))[\w./-]{0,99}(?:[\"'`\\]{0,9}\s{0,9}[=:]|>)",
        re.IGNORECASE,
    )


def holds_secret(value: str) -> bool:
    """Whether a string itself holds a sensitive key with a value, in whatever notation, or a URL with a password."""
    return bool(_key_and_value().search(value) or _PASSWORD_IN_URL.search(value) or _PRIVATE_KEY in value)


def passwords_in_urls(value: str) -> list[str]:
    """Return the passwords that the URLs in a string hold."""
    return [value[start:end] for start, end in places_of_passwords_in_urls(value)]


def places_of_passwords_in_urls(value: str) -> list[tuple[int, int]]:
    """Return where in a string the passwords are that its URLs hold, from where to where."""
    return [match.span(1) for match in _PASSWORD_IN_URL.finditer(value)] if ":" in value and "@" in value else []
