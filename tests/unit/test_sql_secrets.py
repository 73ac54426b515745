# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets in SQL are recognised however the SQL writes them, and nothing else of it is hidden from its owner."""

from __future__ import annotations

import pytest
from ansible_collections.otc.dli.plugins.module_utils._model.redact import redacted, sensitive_sql_values
from ansible_collections.otc.dli.plugins.module_utils._model.sensitive import is_sensitive
from hypothesis import given
from hypothesis import strategies as st

M = "********"
# The SQL, and what its own task may see of it.
WRITTEN = {
    "DLI's own dialect": (
        'CREATE SOURCE STREAM s (a INT) WITH (type = "rds", username = "u", password = "planted");',
        f'CREATE SOURCE STREAM s (a INT) WITH (type = "rds", username = "u", password = "{M}");',
    ),
    "DLI's own dialect, without quotes": (
        "WITH (type = rds, password = planted-1)",
        f"WITH (type = rds, password = {M})",
    ),
    "DLI's own dialect, escaped": (r'WITH (password = "plan\"ted", a = "b")', f'WITH (password = "{M}", a = "b")'),
    "a comment beside the sign": ("'password' /* x */ = -- y\n 'planted'", f"'password' /* x */ = -- y\n '{M}'"),
    "many blanks": ("'password'" + " " * 500 + "=" + "\n" * 500 + "'planted'", None),
    "a key with underscores": ("'_db_password' = 'planted'", f"'_db_password' = '{M}'"),
    "a key with a slash": ("'obs/secret/key' = 'planted'", f"'obs/secret/key' = '{M}'"),
    "a bare key with a slash": ("WITH (obs/secret = 'planted')", f"WITH (obs/secret = '{M}')"),
    "a key in backquotes": ("`secret-key` = 'planted'", f"`secret-key` = '{M}'"),
    "a key of several parts": ("`s3`.`secret-key` = 'planted'", f"`s3`.`secret-key` = '{M}'"),
    "a key in double quotes": ("\"password\" = 'planted'", f"\"password\" = '{M}'"),
    "sk": ("'sk' = 'planted'", f"'sk' = '{M}'"),
    "obs.sk": ("'obs.sk'='planted'", f"'obs.sk'='{M}'"),
    "passwd": ("'passwd' = 'planted'", f"'passwd' = '{M}'"),
    "accessKey": ("'accessKey' = 'planted'", f"'accessKey' = '{M}'"),
    "a quote in it": ("'password' = 'it''s planted', 'a' = 'b'", f"'password' = '{M}', 'a' = 'b'"),
    "an empty one": ("'password' = '', 'a' = 'b'", f"'password' = '{M}', 'a' = 'b'"),
    "without an end": ("'password' = 'planted", f"'password' = '{M}'"),
    "an escape string": (r"'password' = E'plan\'ted', 'a' = 'b'", f"'password' = E'{M}', 'a' = 'b'"),
    "a Unicode string": ("'password' = U&'planted' UESCAPE '!'", f"'password' = U&'{M}' UESCAPE '{M}'"),
    "a national string": ("'password' = N'planted'", f"'password' = N'{M}'"),
    "a string of a character set": ("'password' = _utf8'planted'", f"'password' = _utf8'{M}'"),
    "two strings": ("'password' = 'planted-1' 'planted-2'", f"'password' = '{M}' '{M}'"),
    "two strings on two lines": ("'password' = 'planted-1'\n  'planted-2'", f"'password' = '{M}'\n  '{M}'"),
    "joined strings": ("'password' = 'planted-1' || 'planted-2', 'a'='b'", f"'password' = '{M}' || '{M}', 'a'='b'"),
    "a function": ("password => CONCAT('planted-1', 'planted-2')", f"password => CONCAT('{M}', '{M}')"),
    "in parentheses": ("'password' = ('planted')", f"'password' = ('{M}')"),
    "a cast": ("password = CAST('planted' AS STRING), 'a'", f"password = CAST('{M}' AS STRING), 'a'"),
    "a number": ("WITH ('token' = 47114711)", f"WITH ('token' = {M})"),
    "a map": ("MAP['user', 'u', 'password', 'planted']", f"MAP['user', 'u', 'password', '{M}']"),
    "a JSON object": ("JSON_OBJECT('password' VALUE 'planted')", f"JSON_OBJECT('password' VALUE '{M}')"),
    "without a sign": ("CREATE USER u PASSWORD 'planted'", f"CREATE USER u PASSWORD '{M}'"),
    "a hint": ("FROM t /*+ OPTIONS('password'='planted') */", f"FROM t /*+ OPTIONS('password'='{M}') */"),
    "JSON in a string": ("""'config' = '{"user": "u", "password": "planted"}'""", f"'config' = '{M}'"),
    "JSON in JSON": (r"""'config' = '{"a": "{\"password\": \"planted\"}"}'""", f"'config' = '{M}'"),
    "a URL": ("'url' = 'jdbc:db://u:planted@host/x'", f"'url' = '{M}'"),
    "a parameter of a URL": ('url = "jdbc:db://host/x?user=u&password=planted"', f'url = "{M}"'),
    "a comment of MySQL": ("# the password: planted\nSELECT 1", f"# {M}\nSELECT 1"),
    "dollar quotes": ("'password' = $$planted two$$, 'a'", f"'password' = $${M}$$, 'a'"),
    "dollar quotes with a name": ("'password' = $x$planted $$ 'two$x$, 'a'", f"'password' = $x${M}$x$, 'a'"),
    "quotes of a word processor": (
        "(\u2018password\u2019 = \u2018planted two\u2019)",
        f"(\u2018password\u2019 = \u2018{M}\u2019)",
    ),
    "double quotes of a word processor": (
        "(\u201cpassword\u201d = \u201cplanted two\u201d)",
        f"(\u201cpassword\u201d = \u201c{M}\u201d)",
    ),
    "an acute accent for a quote": ("(´password´ = ´planted two´)", f"(´password´ = ´{M}´)"),
    "a wide sign": ("'password' \uff1d 'planted'", f"'password' \uff1d '{M}'"),
    "a wide key": ("'\uff50\uff57\uff44' = 'planted'", f"'\uff50\uff57\uff44' = '{M}'"),
    "a line that goes on": ("SET password = plan\\\nted;\nSELECT 1", f"SET password = {M};\nSELECT 1"),
    "a setting without a sign": ("SET s3.secret-key planted;\nSELECT 'a'", f"SET s3.secret-key {M};\nSELECT 'a'"),
    "a comparison": ("WHERE password <> 'planted' AND a = 'b'", f"WHERE password <> '{M}' AND a = 'b'"),
    "a comparison with many": ("WHERE pwd NOT IN ('planted-1', 'planted-2')", f"WHERE pwd NOT IN ('{M}', '{M}')"),
    "a pattern": ("WHERE password NOT LIKE 'planted%'", f"WHERE password NOT LIKE '{M}'"),
    "two equals signs": ("'password' == 'planted'", f"'password' == '{M}'"),
    "an arrow": ("f(password -> 'planted', a -> 'b')", f"f(password -> '{M}', a -> 'b')"),
    "an array": ("'password' = ARRAY['planted'], 'a'", f"'password' = ARRAY['{M}'], 'a'"),
    "a map of a function": ("MAP('user', 'u', 'password', 'planted')", f"MAP('user', 'u', 'password', '{M}')"),
    "a case": (
        "SELECT password = CASE WHEN a THEN 'planted' END, 'b'",
        f"SELECT password = CASE WHEN a THEN '{M}' END, 'b'",
    ),
    "another type": ("password = 'x'::text || 'planted' AND a = 'b'", f"password = '{M}'::text || '{M}' AND a = 'b'"),
    "the next option without a comma": ("('password' = 'planted' 'a' = 'b')", f"('password' = '{M}' 'a' = 'b')"),
    "without a key": ("CREATE USER u IDENTIFIED BY 'planted'", f"CREATE USER u IDENTIFIED BY '{M}'"),
    "a header": ("'http.header.Authorization' = 'Basic planted'", f"'http.header.Authorization' = '{M}'"),
    "a header in a value": ("'header' = 'Authorization: Basic planted'", f"'header' = '{M}'"),
    "XML in a string": ("'config' = '<password>planted</password>'", f"'config' = '{M}'"),
    "a private key": ("'pem' = '-----BEGIN PRIVATE KEY-----planted'", f"'pem' = '{M}'"),
    "a URL of Oracle": ("'url' = 'jdbc:oracle:thin:u/planted@host:1521:x'", f"'url' = '{M}'"),
    "a signed URL": ("'url' = 'https://host/x?sv=1&sig=planted'", f"'url' = '{M}'"),
    "a comment": ("-- the password: planted\nSELECT 1", f"-- {M}\nSELECT 1"),
    "a comment of several lines": ("/* 'password' =\n 'planted' */ SELECT 1", f"/* {M} */ SELECT 1"),
}
# What seems to be a secret and is none.
HARMLESS = [
    "SELECT 'a', \"b\", `c`, d FROM t WHERE a = 'x' AND `b` = \"y\" -- why\n/* what */",
    "WHERE t.password = s.password AND name = 'x'",
    "WITH ('connector' = 'kafka', 'topic' = 'orders', 'compass' = 'north', 'task' = 'x')",
    "SET 'table.exec.state.ttl' = '1 d'; SET parallelism.default = 2;\nSELECT 1",
    "SELECT a - b, a / b, a -- c\n, 1.5, x['k'] FROM `t` WHERE t.k => 1",
    "SELECT a FROM t WHERE f(x) = 'b' AND t.password = s.password; SELECT 'x' -> 'y', $$z$$, \u2018a\u2019 # why",
    "SELECT CASE WHEN a = 'k' THEN 'v' END, JSON_VALUE(x, '$.a') FROM t",
]


@pytest.mark.parametrize("form", WRITTEN)
def test_a_secret_is_hidden_however_it_is_written(form):
    sql, expected = WRITTEN[form]
    shown = redacted("sql_body", sql, sql)
    assert "plant" not in shown and "ted" not in shown and "4711" not in shown
    assert expected is None or shown == expected
    # Nobody else's SQL shows more.
    assert redacted("sql_body", sql, "").count(M) >= shown.count(M)
    found = sensitive_sql_values(sql)
    assert any("ted" in value or value == "47114711" for value in found) == ("ted" in sql or "4711" in sql)


def test_a_secret_is_known_as_it_is_meant():
    assert {"it''s planted", "it's planted"} <= sensitive_sql_values("'password' = 'it''s planted'")
    assert 'plan"ted' in sensitive_sql_values(r'WITH (password = "plan\"ted")')
    assert "plan'ted" in sensitive_sql_values(r"'password' = E'plan\'ted'")


@pytest.mark.parametrize("sql", HARMLESS)
def test_nothing_else_is_hidden_from_its_owner(sql):
    assert redacted("sql_body", sql, sql) == sql
    assert sensitive_sql_values(sql) == set()


@pytest.mark.parametrize("sql", [*HARMLESS, *(sql for sql, _shown in WRITTEN.values())])
def test_of_what_others_have_written_no_string_and_no_comment_is_shown(sql):
    shown = redacted("sql_body", sql, "")
    for word in ("plant", "kafka", "orders", "rds", "why", "what", "north"):
        assert word not in shown.replace("type = rds", ""), shown


def test_previous_values_of_the_options_that_the_task_gives_are_shown():
    own = "CREATE TABLE t WITH (type = \"rds\", 'topic' = 'new')"
    shown = redacted("sql_body", "CREATE TABLE t WITH (type = \"obs\", 'topic' = 'old', 'other' = 'x')", own)
    assert shown == f"CREATE TABLE t WITH (type = \"obs\", 'topic' = 'old', 'other' = '{M}')"
    assert redacted("sql_body", "WHERE type = 'x'", own) == f"WHERE type = '{M}'", "no option of a table"


SENSITIVE = "userPwd db.pwd1 dbPass sasKey passcode http.Authorization "
SENSITIVE += (
    "password PASSWORD db.passwd s3.secret-key s3_secret_key api_key apiKey fs.account.key jaas.config pwd a/sk"
)
NOT_SENSITIVE = "topic primary.key task compass passage skip ask keys format state.ttl username"


@pytest.mark.parametrize("key", SENSITIVE.split())
def test_a_key_is_sensitive_by_what_it_means(key):
    assert is_sensitive(key)


@pytest.mark.parametrize("key", NOT_SENSITIVE.split())
def test_a_key_is_not_sensitive_by_chance(key):
    assert not is_sensitive(key)


PIECES = ["'", '"', "`", "--", "/*", "*/", "\n", " ", ";", "=", "(", ")", "[", "]", ",", "||", "\\", "E'", "a", "1"]
PIECES += ["SET ", "WITH (", "password", "'password'", "'a'", "VALUE", "://u:p@"]


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_whatever_is_written_only_strings_comments_and_secrets_are_replaced(sql):
    shown = redacted("sql_body", sql, sql)
    assert redacted("sql_body", shown, shown) is not None
    if M not in shown:
        assert shown == sql
