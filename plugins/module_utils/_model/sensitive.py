# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which keys of settings hold secrets, and which values hold a secret key with its value, or a URL with a password."""

from __future__ import annotations

import re
from functools import lru_cache

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
)
# What is too short to be recognised as a part of a word: it has to stand between separators.
_SENSITIVE_WORDS = frozenset(("ak", "sk", "pw", "pwd", "pass"))
_SEPARATORS = re.compile(r"[^a-z0-9]+")
_WITHOUT_SEPARATORS = tuple(part.replace(" ", "") for part in _SENSITIVE_PARTS)

_SENSITIVE_KEY_AND_VALUE = re.compile(
    "(?:"
    + "|".join(part.replace(" ", "[._/-]?") for part in _SENSITIVE_PARTS)
    + r"|(?<![a-z0-9])(?:"
    + "|".join(sorted(_SENSITIVE_WORDS))
    + r")(?![a-z0-9]))[\w./-]{0,99}[\"'`\\]{0,9}\s{0,9}[=:]",
    re.IGNORECASE,
)
_PASSWORD_IN_URL = re.compile(r"://[^/\s@:]{0,999}:([^/\s@]{1,999})@")


@lru_cache(maxsize=1024)
def is_sensitive(key: str) -> bool:
    """Whether the value of a setting, an option in SQL or a property in JSON is secret, by its key."""
    words = _SEPARATORS.split(key.lower())
    if not _SENSITIVE_WORDS.isdisjoint(words):
        return True
    plain = "".join(words)
    return any(part in plain for part in _WITHOUT_SEPARATORS)


def holds_secret(value: str) -> bool:
    """Whether a text itself holds a sensitive key with a value, in whatever notation, or a URL with a password."""
    return bool(_SENSITIVE_KEY_AND_VALUE.search(value) or _PASSWORD_IN_URL.search(value))


def passwords_in_urls(value: str) -> list[str]:
    """Return the passwords that the URLs in a text hold."""
    return _PASSWORD_IN_URL.findall(value)
