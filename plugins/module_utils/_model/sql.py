# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds the secrets in SQL, of Flink's dialect and of DLI's own, and shows SQL without them.

It reads tokens, not statements: what stands in a comment or a string cannot pass for an option, and it makes no
difference how an option is quoted or spaced. DLI's own dialect writes C(WITH (type = "rds", password = "…")).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from .._text import MASK
from .sensitive import holds_secret, is_sensitive

# What has no end goes to the end. Hints are no comments. Only in double quotes and after E a backslash escapes. The
# quotation marks of a word processor are no SQL, but what stands in them is what a person meant as a string.
_TOKEN = re.compile(
    r"""
    (?P<comment> --[^\n]* | \#[^\n]* | /\*(?!\+)(?:[^*]|\*(?!/))*(?:\*/|\Z) )
    | (?P<string> [eE]'(?:[^'\\]|\\.|'')*(?:'|\Z) | (?:[uU]&|[nNxXbB])?'(?:[^']|'')*(?:'|\Z)
        | "(?:[^"\\]|\\.|"")*(?:"|\Z) | \$(?P<tag>\w*)\$.*?(?:\$(?P=tag)\$|\Z)
        | \u2018[^\u2019]*(?:\u2019|\Z) | [\u201c\u201e][^\u201c\u201d]*(?:[\u201c\u201d]|\Z) | ´[^´]*(?:´|\Z) )
    | (?P<name> `(?:[^`]|``)*(?:`|\Z) )
    | (?P<word> [\w$@](?:[\w$@.]|-(?!-)|/(?![*/]))* )
    | (?P<space> \s+ )
    | (?P<sign> => | := | == | -> | <> | != | :: | . )
    """,
    re.VERBOSE | re.DOTALL,
)
# What stands between a key and its value.
_ASSIGNMENTS = ("=", "=>", ":=", ":", "==", "->", "<>", "!=", "\uff1d", "\uff1a", "VALUE", "LIKE", "IN")
# What ends a value, beside commas, semicolons and closing parentheses.
_BEHIND_VALUES = frozenset(
    (
        *("AND", "OR", "FROM", "WHERE", "GROUP", "ORDER", "HAVING", "LIMIT", "UNION", "EXCEPT", "INTERSECT", "JOIN"),
        *("ON", "THEN", "WHEN", "ELSE", "END", "AS", "SELECT", "INSERT", "CREATE", "ALTER", "DROP", "SET", "WITH"),
    )
)
# Before the parentheses with the options of a table or a query.
_OPTIONS = ("WITH", "OPTIONS")
# What stands before the name of a table or a column. In double quotes DLI has strings, and others have names.
_BEFORE_NAMES = ("FROM", "JOIN", "INTO", "TABLE", "VIEW", "UPDATE", "AS", "BY")
_QUOTE = re.compile(r"\$\w*\$|['\"`\u2018\u201c\u201e´]")
# What closes a string that begins otherwise than it ends.
_CLOSING = {"\u2018": "\u2019", "\u201c": "\u201d", "\u201e": "\u201c"}
# The form of a literal that is meant as a key.
_KEY = re.compile(r"[A-Za-z_][\w./-]{0,199}")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class _Token:
    """A piece of SQL, and what is known of it.

    C(word) is a word or a sign in upper case, and C(quote) the quotation mark of anything else; "" where it has none.
    C(key) is the option whose value it is, "" for none. C(is_key) is whether it names one. C(shown) is what is shown in
    its place where it is secret, None where it is not. C(secrets) are what is secret then.
    """

    __slots__ = ("kind", "text", "word", "quote", "key", "is_key", "shown", "secrets")

    def __init__(self, kind: str, text: str) -> None:
        self.kind = kind
        self.text = text
        self.word = text.upper() if kind in ("word", "sign") else ""
        quote = _QUOTE.search(text) if kind in ("string", "name") else None
        self.quote = quote[0] if quote else ""
        self.key = ""
        self.is_key = False
        self.shown: str | None = None
        self.secrets: Iterable[str] = ()

    def hide(self) -> None:
        """Mark it as a secret."""
        self.shown, self.secrets = self.masked(), self._meanings()

    def masked(self) -> str:
        """Return how it is shown when it is redacted."""
        if self.kind == "comment":
            begin, end = ("/*", " */") if self.text.startswith("/*") else (self.text[: 1 + (self.text[0] == "-")], "")
            return f"{begin} {MASK}{end}"
        quote = self.quote
        closing = _CLOSING.get(quote, quote)
        return f"{self.text[: self.text.find(quote)]}{quote}{MASK}{closing}" if quote else MASK

    @property
    def content(self) -> str:
        """What stands between its quotation marks."""
        quote = self.quote
        if not quote:
            return self.text
        return self.text[self.text.find(quote) + len(quote) :].removesuffix(_CLOSING.get(quote, quote))

    def _meanings(self):
        """Return what it can stand for: as it is written, and with its escapes resolved."""
        written, quote = self.content, self.quote
        meanings = {written, written.replace(quote * 2, quote)} if quote else {written}
        return meanings | {_ESCAPED.sub(r"\1", meaning) for meaning in meanings}


def secrets_in_sql(sql: str) -> set[str]:
    """Return the values of sensitive options and settings, as they are written and as they are meant."""
    return {secret for token in _tokens(sql) for secret in token.secrets if secret.strip()}


def redacted_sql(sql: str, public_sql: str) -> str:
    """Return SQL without values of sensitive options, and without comments and strings that nobody gave in the open.

    Previous values of the options that the task gives in the open are shown, as with arguments.

    :param public_sql: the SQL that the task itself gives; its own secrets are hidden all the same.
    """
    public = _tokens(public_sql)
    public_texts = {token.text for token in public if token.shown is None}
    public_keys = {token.key for token in public if token.key and token.shown is None}

    def shown(token):
        if token.shown is not None:
            return token.shown
        is_public = token.is_key or token.key in public_keys or token.text in public_texts
        # A name with an apostrophe can be the rest of a string.
        can_be_foreign = token.kind in ("comment", "string") or (token.kind == "name" and "'" in token.text)
        return token.masked() if can_be_foreign and not is_public else token.text

    return "".join(map(shown, _tokens(sql)))


def _tokens(sql):
    """Return the tokens of SQL, with the secret ones marked."""
    tokens = [_Token(match.lastgroup or "", match[0]) for match in _TOKEN.finditer(sql)]
    for token in tokens:
        if token.kind in ("comment", "string") and holds_secret(token.text):
            token.hide()
    _Marker(tokens).mark()
    return tokens


class _Marker:
    """Marks keys and values: options of tables and queries, settings, and whatever else has a key and a value."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        # The places of those that mean something.
        self._places = [place for place, token in enumerate(tokens) if token.kind not in ("space", "comment")]
        # For each open parenthesis or bracket what it is; "options" where these are in it.
        self._open: list[str] = []

    def mark(self) -> None:
        index = 0
        end = len(self._places)
        while index < end:
            index = self._marked_from(index)

    def _at(self, index):
        """Return a token that means something, by its number among these; one without text where there is none."""
        return self._tokens[self._places[index]] if 0 <= index < len(self._places) else _NOTHING

    def _marked_from(self, index):
        """Mark what begins here, and return the number of the token to go on with."""
        token = self._at(index)
        word = token.word
        if token.quote == '"' and self._at(index - 1).word in _BEFORE_NAMES:
            token.kind = "name"
        if word in ("(", "["):
            is_options = word == "(" and self._at(index - 1).word in _OPTIONS
            self._open.append("options" if is_options else word)
        elif word in (")", "]"):
            del self._open[-1:]
        elif word == ";":
            self._open.clear()
        elif word == "SET" and self._begins_a_statement(index):
            return self._setting(index)
        elif word in _ASSIGNMENTS:
            # As in NOT LIKE.
            return self._value(index + 1, self._key(index - 1 - (self._at(index - 1).word == "NOT")))
        elif word == "," and self._names_an_element(index - 1):
            return self._value(index + 1, self._at(index - 1).content)
        elif token.kind == "string" and self._is_password_by_its_words(index):
            return self._value(index, "password")
        return index + 1

    def _names_an_element(self, index):
        """Whether a literal in MAP['password', '…'] or MAP('password', '…') is a sensitive key."""
        token = self._at(index)
        is_in_a_map = self._open[-1:] == ["["] or (self._open[-1:] == ["("] and token.kind == "string")
        return is_in_a_map and is_sensitive(token.content)

    def _is_password_by_its_words(self, index):
        """Whether the words before a string name it one, as in IDENTIFIED BY '…' and PASSWORD '…'."""
        before = self._at(index - 1)
        if before.word == "BY":
            return self._at(index - 2).word == "IDENTIFIED"
        return before.kind == "word" and before.word not in _ASSIGNMENTS and is_sensitive(before.text)

    def _begins_a_statement(self, index):
        if self._at(index - 1).word == ";" or index == 0:
            return True
        between = self._tokens[self._places[index - 1] + 1 : self._places[index]]
        return any("\n" in token.text for token in between)

    def _key(self, index):
        """Return the key that ends here, and mark it as one; "" where there is none."""
        parts: list[str] = []
        while self._at(index).kind in ("string", "name", "word") and len(parts) < 9:
            token = self._at(index)
            parts.insert(0, token.content)
            if token.kind == "string" and _KEY.fullmatch(token.content):
                token.is_key = True
            # Only what stands without a gap belongs to one key, such as `a`.`b`.
            if index == 0 or self._places[index] - self._places[index - 1] > 1:
                break
            index -= 1
        return "".join(parts)

    def _value(self, index, key):
        """Mark the value that begins here, and return the number of the token to go on with."""
        is_option = self._open[-1:] == ["options"]
        if not is_sensitive(key):
            token = self._at(index)
            # A bare key in a query, as in WHERE a = 'b', is no option of the task's.
            if token.kind == "string" and (is_option or self._at(index - 2).is_key):
                token.key = key
            return index
        first, depth = index, 0
        while True:
            token = self._at(index)
            word = token.word
            if word == ";" or token is _NOTHING or (depth == 0 and self._is_behind_a_value(index, first)):
                return index
            if word in ("(", "[", "CASE"):
                depth += 1
            elif word in (")", "]", "END"):
                depth -= 1
            elif token.kind in ("string", "name") or (token.kind == "word" and (is_option or word[0].isdigit())):
                token.hide()
            index += 1

    def _is_behind_a_value(self, index, first):
        """Whether a value is over at a place, for there is the end of its list, or the next key."""
        word = self._at(index).word
        if word in (")", "]", ",") or word in _BEHIND_VALUES:
            return True
        return index > first and self._at(index + 1).word in _ASSIGNMENTS

    def _setting(self, index):
        """Mark the setting whose SET stands here: C(SET key = value), with or without quotes, to the end of the line.

        Return the number of the token to go on with.
        """
        equals = index + 1
        while equals <= index + 9 and self._at(equals).kind in ("string", "name", "word"):
            equals += 1
        if self._at(equals).word != "=" and is_sensitive(self._at(index + 1).content):
            # The sign was left out.
            equals = index + 1
        elif equals == index + 1 or self._at(equals).word != "=":
            return index + 1
        key = self._key(equals - (self._at(equals).word == "="))
        first = self._places[equals] + 1
        end = self._end_of_setting(first)
        value = self._tokens[first:end]
        if is_sensitive(key) or holds_secret("".join(token.text for token in value)):
            self._hide_setting(value)
        else:
            for token in value:
                token.key = key if token.kind == "string" else ""
        following = next(
            (number for number in range(equals + 1, len(self._places)) if self._places[number] >= end), None
        )
        return len(self._places) if following is None else following

    def _end_of_setting(self, place):
        """Return where a setting's value ends that begins at a place: at a semicolon, or at the end of its line."""
        has_begun = False
        while place < len(self._tokens):
            token = self._tokens[place]
            is_continued = self._tokens[place - 1].text == "\\"
            if token.text == ";" or (has_begun and token.kind == "space" and "\n" in token.text and not is_continued):
                break
            # A value may begin on the next line.
            has_begun = has_begun or token.kind != "space"
            place += 1
        return place

    @staticmethod
    def _hide_setting(value):
        """Hide a value as a whole, but for its quotation marks where it is one string."""
        means = [token for token in value if token.kind not in ("space", "comment")]
        if len(means) == 1 and means[0].quote:
            means[0].hide()
            return
        begun = [token for number, token in enumerate(value) if number or token.kind != "space"]
        for token in begun:
            token.shown = ""
        if begun:
            begun[0].shown = MASK
            begun[0].secrets = {"".join(token.text for token in begun if token.kind != "comment").strip()}


_NOTHING = _Token("", "")
