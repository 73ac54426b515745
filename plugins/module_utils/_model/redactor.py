# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Takes the secrets of a task out of everything that the task shows.

Masking each secret wherever its letters stand would garble the rest: C(--pin 1000) is no reason to hide the job 100001,
and C(--env prod) none to hide the name of the job prod-a. So the secrets to search for depend on where a string stands.
The cost depends on the length of the text, not on the number of secrets.
"""

from __future__ import annotations

import re
from typing import Any

from .._text import MASK
from .fields import FIELDS_BY_NAME
from .secret_forms import certain_values, decoded_runs, parts_of, written_forms_of
from .sensitive import places_of_passwords_in_urls

# Shorter secrets count only as whole words: their letters can stand in other words by chance.
SHORTEST_ANYWHERE = 8
# How many first characters of a secret are searched for before the rest is compared.
_HEAD = 4

# What identifies, counts or classifies. It is shown as it is where it has that form, and only what is a secret as a
# whole, such as a token, is taken out.
_IDENTIFYING = frozenset(
    (
        *("name", "user_name", "user_id", "queue_name", "job_type", "flink_version", "checkpoint_mode", "run_mode"),
        *("status", "last_status", "verdict", "operation", "fields", "type", "state", "option", "error_code"),
        *("job_id", "template_id", "old_job_id", "new_job_id", "request_id", "jid", "resource_config_version"),
        *("create_time", "start_time", "update_time", "feature", "project_id", "upgrade_mode", "purge_state"),
        # An answer that a check of the service has observed is one of a few words or numbers.
        *("observed", "level", "date", "region", "collection"),
    )
)
_IDENTIFIER = re.compile(r"[\w.-]{1,64}")
# Who cannot read where a savepoint is has lost it. The name of a bucket may well be a word of secret arguments.
_PATHS = frozenset(("savepoint_path", "obs_dir", "zip_file"))
_PATH = re.compile(r"(?:obs://|s3a?://)?[\w./-]{1,512}")
# These hold the name of what is changed, and nothing that others have written.
_HEADERS = ("before_header", "after_header")
# The fields of a job, and what else is no free text. Short words in them are there by chance.
_FIELDS = frozenset(FIELDS_BY_NAME) | {"savepoint_path", "zip_file", "tags", "obs_dir", "invocation"}
# What has the value of a field below it, or of what stands above.
_TRANSPARENT = ("before", "after", "module_args")
# The keys of these are not ours.
_FREE_KEYS = frozenset(("runtime_config", "tags", "stream_graph", "resource_config"))

# Whatever writes a secret leaves these characters as they are.
_PLAIN_HEAD = re.compile(f"[A-Za-z0-9._~-]{{{_HEAD}}}")
_WORD_BEFORE = re.compile(r"[\w-]\Z")
# A letter before a secret that belongs to an escape, as in "\n" or "%20".
_ESCAPE_BEFORE = re.compile(r"(?:\\[abfnrtv]|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|%[0-9A-Fa-f]{2})\Z")
_LONGEST_ESCAPE = 6
_WORD_BEHIND = re.compile(r"[\w-]")


class _Index:
    """Strings to search for; the cost of the search does not depend on how many there are."""

    def __init__(self) -> None:
        self._texts: set[str] = set()
        # By the first characters, secrets whose forms all begin so. They are written out when a text has these.
        self._waiting: dict[str, list[str]] = {}
        self._secrets: set[str] = set()
        # By the first characters, how long the texts are that begin so.
        self._lengths: dict[str, tuple[int, ...]] = {}
        self._heads: tuple[int, ...] = ()

    def add(self, secret: str) -> None:
        """Search for a secret, in all forms in which it can be written."""
        if secret in self._secrets:
            return
        self._secrets.add(secret)
        head = secret[:_HEAD]
        # A mark behind the head would change its last letter.
        if _PLAIN_HEAD.fullmatch(head) and secret[_HEAD : _HEAD + 1].isascii():
            self._waiting.setdefault(head, []).append(secret)
        else:
            self._write_out(secret)

    def _write_out(self, secret):
        new = written_forms_of(secret) - self._texts
        self._texts |= new
        for text in new:
            head = text[:_HEAD]
            lengths = self._lengths.get(head, ())
            if text and len(text) not in lengths:
                self._lengths[head] = tuple(sorted({*lengths, len(text)}, reverse=True))
                self._heads = tuple({*self._heads, len(head)})

    def places(self, text: str) -> list[tuple[int, int]]:
        """Return where in a string something is that was added, from where to where."""
        if self._waiting:
            for head in {text[at : at + _HEAD] for at in range(len(text) - _HEAD + 1)} & self._waiting.keys():
                for secret in self._waiting.pop(head):
                    self._write_out(secret)
        lengths, known = self._lengths, self._texts
        found = []
        for size in self._heads:
            for start in [at for at in range(len(text) - size + 1) if text[at : at + size] in lengths]:
                for length in lengths[text[start : start + size]]:
                    if text[start : start + length] in known and _is_apart(text, start, start + length):
                        found.append((start, start + length))
                        break
        return found


def _is_apart(text, start, end):
    """Whether a part of a string is long enough to count anywhere, or stands there as a whole word."""
    if end - start >= SHORTEST_ANYWHERE:
        return True
    if _WORD_BEHIND.match(text, end):
        return False
    before = text[max(0, start - _LONGEST_ESCAPE) : start]
    return not _WORD_BEFORE.search(before) or bool(_ESCAPE_BEFORE.search(before))


class Redactor:
    """Knows the secrets of a task, and takes them out of texts and results."""

    def __init__(self) -> None:
        # What is secret as a whole; its parts; what was only read; and what is a secret beyond doubt, however short.
        self._whole, self._parts, self._suspected, self._certain = _Index(), _Index(), _Index(), _Index()
        self._seen: set[tuple[str, bool]] = set()
        self._public: set[str] = set()
        self._cache: dict[tuple, str] = {}

    def hide(self, secret: str) -> None:
        """Keep a secret out of all output from now on, as a whole and in parts, however it is written."""
        if not secret.strip() or (secret, True) in self._seen:
            return
        self._seen.add((secret, True))
        for whole in dict.fromkeys((secret, " ".join(secret.split()))):
            self._whole.add(whole)
        for part in parts_of(secret):
            self._parts.add(part)
        for value in certain_values(secret):
            self._certain.add(value)
        self._cache.clear()

    def hide_read(self, text: str) -> None:
        """Keep out of free text what was read from the service and may be secret, such as a previous password.

        It stays in fields that results show, because most of it is no secret there. So does what the task itself gives
        in the open.
        """
        if not text or not self._seen.isdisjoint(((text, True), (text, False))):
            return
        self._seen.add((text, False))
        for part in {text, *parts_of(text)} - self._public:
            self._suspected.add(part)
        self._cache.clear()

    def is_public(self, text: str) -> None:
        """Note what the task itself gives in the open."""
        self._public.add(text)

    def text(self, text: str) -> str:
        """Return free text, such as a message, without secrets."""
        return self._without(text, (self._whole, self._parts, self._suspected, self._certain), 0)

    def result(self, value: Any, name: str = "") -> Any:
        """Return a copy of a result without secrets; what is no text keeps its type and value.

        :param name: the name of the field whose value it is.
        """
        if isinstance(value, str):
            return self._string(value, name)
        if isinstance(value, dict):
            free = name in _FREE_KEYS
            return {
                (self.text(key) if free and isinstance(key, str) else key): self.result(
                    item, name if free or key in _TRANSPARENT or not isinstance(key, str) else key
                )
                for key, item in value.items()
            }
        if isinstance(value, (list, tuple)):
            return [self.result(item, name) for item in value]
        return value

    def _string(self, value, name):
        if name in _HEADERS or (name in _IDENTIFYING and _IDENTIFIER.fullmatch(value)):
            # A whole secret that is short can be a name by chance.
            return value if len(value) < SHORTEST_ANYWHERE else self._without(value, (self._whole,))
        if name in _PATHS and _PATH.fullmatch(value):
            return self._without(value, (self._whole,), exact=(self._certain,))
        if name in _FIELDS:
            return self._without(value, (self._whole, self._parts), exact=(self._certain,))
        return self.text(value)

    def _without(self, text, indexes, at_least=SHORTEST_ANYWHERE, exact=()):
        """Return a string with a mask in place of what an index knows, and of passwords in URLs.

        :param at_least: how long it must be to count.
        :param exact: indexes of which shorter texts count too.
        """
        key = (text, len(indexes), len(exact))
        cached = self._cache.get(key)
        if cached is not None:
            return cached
        found = [place for index in indexes for place in index.places(text)]
        found += [(start, end) for start, end, meant in decoded_runs(text) if _is_in(meant, indexes)]
        found = [(start, end) for start, end in found if end - start >= at_least]
        found += [place for index in exact for place in index.places(text)] + places_of_passwords_in_urls(text)
        found.sort()
        pieces, position = [], 0
        for start, end in found:
            if start >= position:
                pieces += [text[position:start], MASK]
            position = max(position, end)
        result = "".join([*pieces, text[position:]]) if found else text
        self._cache[key] = result
        return result

    def left_over(self, secrets: set[str], value: Any) -> set[str]:
        """Return those secrets that are still in the texts of a redacted result, where they cannot be by chance."""
        if not secrets:
            return set()
        texts = "\n".join(set(_texts_of(value)))
        heads = {texts[at : at + _HEAD] for at in range(len(texts) - _HEAD + 1)}
        return {
            secret
            for secret in secrets
            if len(secret) >= SHORTEST_ANYWHERE and secret[:_HEAD] in heads and secret in texts
        }


def _is_in(text, indexes):
    """Whether anything that counts anywhere is in a string."""
    return any(end - start >= SHORTEST_ANYWHERE for index in indexes for start, end in index.places(text))


def _texts_of(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts_of(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts_of(item)
