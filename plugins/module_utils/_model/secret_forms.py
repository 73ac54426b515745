# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The forms in which a secret can come out: in part, quoted, escaped or encoded."""

from __future__ import annotations

import base64
import json
import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import quote, unquote

from .._text import printable
from .sensitive import is_sensitive, passwords_in_urls

# Shorter parts are left alone: hiding each "1" or "on" would garble all output.
SHORTEST_PART = 4
# What many options have as a value is not worth hiding on its own.
_COMMON = frozenset(("true", "false", "none", "null"))
# A word as a shell reads it: also where a quotation mark has no end, with which a shell would refuse it all. It is much
# faster than shlex, which matters in a fleet.
_SHELL_WORD = re.compile(r"""(?:[^\s'"\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*"|['"\\])+""", re.DOTALL)
_SHELL_SPECIAL = re.compile(r"['\"\\]")
_SHELL_QUOTES = re.compile(r"""\$'((?:[^'\\]|\\.)*)'|'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)""", re.DOTALL)
_ESCAPED_IN_QUOTES = re.compile(r'\\([$`"\\\n])')
_SEPARATORS = re.compile(r"[,;|&?\s]+")
_PAIR = re.compile("[:=]")
_QUOTES_AND_BRACKETS = "'\"`()[]{}<>"
# Nothing takes it apart; but it may be base64.
_IN_ONE_PIECE = re.compile(r"[\w./+-]*")
# Nothing would write it otherwise than it is.
_PLAIN = re.compile(r"[A-Za-z0-9._~-]*")
# What strings in quotation marks would write otherwise.
_QUOTED = re.compile(r"[^ -~]|[\"'\\]")
# The digits of a character in a URL that small letters write otherwise.
_HEX = re.compile("%(?:[A-F][0-9A-F]|[0-9][A-F])")
# A shorter one could not hold a secret that counts anywhere.
_BASE64 = re.compile("[A-Za-z0-9+/_-]{11,}")
_URL_SAFE = {ord("-"): "+", ord("_"): "/"}
_MOST_LEVELS = 5
_MOST_QUOTES = 3
_SHORT_ESCAPE = re.compile(r"\\u00([0-9a-f]{2})")


def parts_of(secret: str) -> set[str]:
    """Return what a secret is made of that may be quoted alone.

    Of arguments these are the words, as they are and as a shell takes them, the values behind an equals sign, the
    parts of C(user:password) and of lists with commas, and the values in JSON; of a string of several lines each line.
    """
    parts, new = {line.strip() for line in secret.splitlines()}, {secret}
    known: set[str] = set()
    for _level in range(_MOST_LEVELS):
        # Most words are met again on the next level.
        words = set().union(*map(_words, new)) - known
        if not words:
            break
        known |= words
        new = words.union(*map(_inner_parts, words)) - parts
        parts |= new
    return {part for part in parts if part != secret and _is_worth_hiding(part)}


def _is_worth_hiding(part):
    # What begins with a hyphen is the name of a flag.
    return len(part) >= SHORTEST_PART and part[0] != "-" and part.lower() not in _COMMON


def _words(text):
    """Return the words of a string, as they are and as a shell takes them."""
    return [word for word in {*_shell_words(text), *text.split()} if len(word) >= SHORTEST_PART]


def _shell_words(text):
    if not _SHELL_SPECIAL.search(text):
        return text.split()
    return [_SHELL_QUOTES.sub(_unquoted, word) for word in _SHELL_WORD.findall(text)]


def _unquoted(match):
    escaped, single, double, char = match.groups()
    if escaped is not None:
        # With escapes as in C.
        return escaped.encode(errors="replace").decode("unicode_escape", errors="replace")
    return _ESCAPED_IN_QUOTES.sub(r"\1", double) if double is not None else single or char or ""


def certain_values(secret: str) -> Iterator[str]:
    """Yield what in a secret is one beyond doubt, however short: what is all of it, and what follows C(--password)."""
    words = _shell_words(secret)
    values = [secret] if len(words) == 1 else []
    for word, following in zip(words, [*words[1:], ""]):
        name, sign, value = word.partition("=")
        if (sign or word[:1] == "-") and is_sensitive(name):
            values.append(value if sign else following)
    for value in values:
        if len(value) >= SHORTEST_PART and not value.isdigit() and value.lower() not in _COMMON:
            yield value


def _inner_parts(word):
    inner = {meant for _start, _end, meant in decoded_runs(word) if meant.isprintable()}
    if not _IN_ONE_PIECE.fullmatch(word):
        passwords = passwords_in_urls(word)
        inner.update(passwords, map(unquote, passwords))
        inner |= set(_json_values(word) if word[:1] in ("{", "[") else ()) or _values_in(word)
    # What is too short on its own holds nothing that is longer.
    return {part.strip() for part in inner if len(part) >= SHORTEST_PART}


def _values_in(word):
    """Return what a word holds without its quotation marks, behind its equals sign, and between commas and colons."""
    stripped = word.strip(_QUOTES_AND_BRACKETS)
    # The program may show what the shell makes of a word.
    values = {stripped}
    _key, sign, value = stripped.partition("=")
    for piece in _SEPARATORS.split(value if sign else stripped):
        values.add(piece)
        # Of a URL host and port are no secrets.
        if "://" not in piece:
            first, *others = _PAIR.split(piece)
            values.update(others)
            # As in user:password, but not the key of "password": "…".
            if others and not is_sensitive(first):
                values.add(first)
    if sign:
        # Brackets belong to a value such as JSON.
        values |= {value, word.partition("=")[2]}
    return values | {unquote(value) for value in values if "%" in value} if "%" in word else values


def _json_values(word):
    try:
        values = [json.loads(word)]
    except (ValueError, RecursionError):
        return
    while values:
        value = values.pop()
        if isinstance(value, dict):
            values.extend(value.values())
        elif isinstance(value, list):
            values.extend(value)
        elif isinstance(value, (str, int, float)) and not isinstance(value, bool):
            yield str(value)


def written_forms_of(secret: str) -> set[str]:
    """Return a secret as JSON, Python, a URL, a shell, SQL, HTML and messages of this collection would write it.

    Letters with marks are in each of their forms.
    """
    if _PLAIN.fullmatch(secret):
        return {secret}
    # Whether the service keeps a letter and its mark apart, or puts them together, is not known.
    spelled = {secret, unicodedata.normalize("NFC", secret), unicodedata.normalize("NFD", secret)}
    return {form for text in spelled for form in _quoted_forms(text) | _forms_in_urls(text) | _forms_with_quotes(text)}


def _quoted_forms(secret):
    forms, new = {secret}, {secret}
    # A response in JSON can hold a string that is JSON itself, in which a dictionary is quoted.
    for _level in range(_MOST_QUOTES if _QUOTED.search(secret) else 0):
        new = {again for form in new for again in _quoted_once(form)} - forms
        forms |= new
    if not secret.isprintable() or "  " in secret:
        # As messages show the service's words, and as they show options.
        forms.add(printable(secret))
        forms.add("".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in secret))
    return forms - {""}


def _forms_in_urls(secret):
    # Half a character cannot be sent, but must not stop this either.
    in_full = quote(secret, safe="", errors="replace")
    forms = {in_full, in_full.replace("%2F", "/"), in_full.replace("%20", "+")}
    return forms | {_HEX.sub(lambda match: match[0].lower(), form) for form in forms}


def _forms_with_quotes(secret):
    html = secret.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    forms = {html}
    if "'" in secret or '"' in secret:
        forms |= {html.replace('"', "&quot;").replace("'", "&#x27;"), html.replace('"', "&#34;").replace("'", "&#39;")}
        forms |= {secret.replace("'", quoted) for quoted in ("''", "'\"'\"'", "'\\''")}
    return forms


def _quoted_once(text):
    """Return what JSON, Python and YAML make of a string, between its quotation marks."""
    in_json = json.dumps(text)[1:-1]
    in_yaml = _SHORT_ESCAPE.sub(lambda match: f"\\x{match[1].upper()}", in_json)
    return {in_json, in_yaml, json.dumps(text, ensure_ascii=False)[1:-1], repr(text)[1:-1]}


def decoded_runs(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield what in a string could be base64, from where to where, and what it stands for.

    So a header with C(user:password) is recognised, whatever stands beside the password.
    """
    for match in _BASE64.finditer(text):
        encoded = match[0].translate(_URL_SAFE)
        # What is no multiple of four has lost its end.
        data = base64.b64decode(encoded[: len(encoded) // 4 * 4] if len(encoded) % 4 == 1 else encoded + "==")
        yield match.start(), match.end(), data.decode(errors="replace")
