# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The API contract as code: what openapi-core says about a request or an answer, and the facts jobs need from it."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Callable, Hashable, Iterator
from pathlib import Path
from typing import Any, cast

import yaml
from flask import Request, Response
from jsonschema import ValidationError
from jsonschema_path import SchemaPath
from openapi_core import V31RequestValidator, V31ResponseValidator
from openapi_core.casting.schemas import oas31_schema_casters_factory
from openapi_core.casting.schemas.factories import SchemaCastersFactory
from openapi_core.contrib.flask import FlaskOpenAPIRequest, FlaskOpenAPIResponse
from openapi_core.validation.schemas import oas31_schema_validators_factory
from werkzeug.datastructures import Headers

MOST_VERDICTS = 20_000

# Job numbers and times differ from answer to answer, and no schema of the contract can tell one whole number of this
# range from another (a test looks for one that can). So the smallest of them stands for all.
ALIKE = range(10**5, 10**15)
_ALIKE = "[1-9][0-9]{5,14}"
# Strings too: what is in them stays as it is.
_IN_JSON = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|(?<=[\s:,\[])%b(?=[\s,}\]])' % _ALIKE.encode(), re.DOTALL)
_IN_PATH = re.compile(rf"(?<=/){_ALIKE}(?=/|$)")

CONTRACT_FILE = Path(__file__).resolve().parents[2] / "contract" / "dli-flink.openapi.yaml"


class _ValidatorCache:
    """openapi-core's factory of schema validators, asked once for each schema.

    openapi-core builds a validator anew for every value it checks; that is most of the time a request takes.
    """

    def __init__(self) -> None:
        self._validators: dict[tuple[Any, ...], Any] = {}

    def create(self, spec: SchemaPath, schema: SchemaPath, **options: Any) -> Any:
        key = schema.parts
        if key not in self._validators:
            self._validators[key] = oas31_schema_validators_factory.create(spec, schema, **options)
        return self._validators[key]


class _Verdicts:
    """What the checks have said; clients that wait send the same request again, and mostly get the same answer.

    A check takes some ms. Nothing else here takes as long.
    """

    def __init__(self) -> None:
        self._known: dict[Hashable, str | None] = {}

    def get(self, key: Hashable, check: Callable[[], str | None]) -> str | None:
        """Return what was said of the key before, else what the check says."""
        if key not in self._known:
            if len(self._known) >= MOST_VERDICTS:
                self._known.clear()
            self._known[key] = check()
        return self._known[key]


class Contract:
    """The contract, loaded and ready to check with."""

    def __init__(self) -> None:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        with CONTRACT_FILE.open(encoding="utf-8") as stream:
            self.document: dict[str, Any] = yaml.load(stream, Loader=loader)
        # openapi-core finds an operation by its server too, and the servers named by the contract are the real ones.
        self.document.pop("servers")
        for path in self.document["paths"].values():
            path.pop("servers", None)
        # It resolves each reference anew, if it is not told to remember; there are some hundred of them.
        spec = SchemaPath.from_dict(self.document, resolved_cache_maxsize=10_000)
        cache = _ValidatorCache()
        factories: dict[str, Any] = {
            "schema_validators_factory": cache,
            "schema_casters_factory": SchemaCastersFactory(cast(Any, cache), oas31_schema_casters_factory.types_caster),
        }
        self._requests = V31RequestValidator(spec, **factories)
        self._responses = V31ResponseValidator(spec, **factories)
        self._verdicts = _Verdicts()

    def schema(self, name: str) -> dict[str, Any]:
        """Return a component schema as it is written."""
        return self.document["components"]["schemas"][name]

    def request_violation(self, request: Request) -> str | None:
        """Return one sentence about the first thing wrong with a request, without any of its values, or None."""
        # All that the contract looks at; of headers other than the type it only wants to know that they are there.
        body = _digest(request.get_data(), request.is_json)
        key = (
            *(request.method, _IN_PATH.sub(str(ALIKE.start), request.path), request.query_string, request.content_type),
            *(_names(request.headers), body),
        )
        return self._verdicts.get(key, lambda: _first(self._requests.iter_errors(FlaskOpenAPIRequest(request))))

    def response_violation(self, request: Request, response: Response) -> str | None:
        """Return one sentence about the first thing wrong with an answer, without any of its values, or None."""
        headers, body = response.headers, _digest(response.get_data(), response.is_json)
        key = (
            *(request.endpoint, response.status_code, response.content_type),
            *(_names(headers), headers.get("Retry-After"), body),
        )

        def check() -> str | None:
            pair = FlaskOpenAPIRequest(request), FlaskOpenAPIResponse(response)
            return _first(self._responses.iter_errors(*pair))

        return self._verdicts.get(key, check)


@functools.cache
def contract() -> Contract:
    """Return the contract; it is read and prepared once in a process."""
    return Contract()


def _names(headers: Headers) -> frozenset[str]:
    return frozenset(name.lower() for name in headers.keys())


def _digest(body: bytes, is_json: bool) -> bytes:
    """Return what stands for a body, and for all that no schema can tell from it."""
    return hashlib.sha256(_IN_JSON.sub(_kept_or_alike, body) if is_json else body).digest()


def _kept_or_alike(found: re.Match[bytes]) -> bytes:
    text = found[0]
    return text if text[:1] == b'"' else b"%d" % ALIKE.start


def _first(errors: Iterator[Exception]) -> str | None:
    return next(map(_sentence, errors), None)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what caused it; openapi-core wraps the schema's complaint in several layers."""
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__


def _sentence(error: BaseException) -> str:
    place = getattr(error, "name", "") or ""
    for cause in _causes(error):
        for complaint in getattr(cause, "schema_errors", ()):
            return _complaint(complaint, place)
    if place:
        return f"The parameter {place} is missing or is not of its type."
    return "The body is missing, is not JSON, or does not say so in its Content-Type."


def _complaint(complaint: ValidationError, place: str) -> str:
    """Say what a schema complains about; jsonschema's own message would repeat the value, which may be secret."""
    path = ".".join([place, *(str(part) for part in complaint.absolute_path)]).strip(".") or "the body"
    if complaint.validator == "additionalProperties":
        known = complaint.schema.get("properties", {})
        extra = ", ".join(sorted(key for key in complaint.instance if key not in known))
        return f"The field {extra} of {path} is not known."
    if complaint.validator == "required":
        missing = ", ".join(key for key in complaint.validator_value if key not in complaint.instance)
        return f"The field {missing} of {path} is missing."
    return f"The field {path} does not satisfy {complaint.validator} {complaint.validator_value}."
