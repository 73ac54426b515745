# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the lists of the service to their end, page by page, and notices when others change them meanwhile."""

from __future__ import annotations

from contextlib import nullcontext

from .._errors import UnexpectedResponse
from .._model.responses import is_whole_number, lacking
from .connection import object_of

# The documented maximum; a larger limit is refused.
PAGE_SIZE = 100
# Far more than a project has: a list that goes on beyond it has no end.
_MOST_ELEMENTS = 100_000
# How often a list is read when others delete elements of it meanwhile.
_MOST_READINGS = 3


class TooMany(Exception):
    """A list has more elements than the caller can use."""


def read_pages(request, operation: str, key: str, what: str, id_name: str, concurrency: int, at_most=None):
    """Yield the elements of a list, page by page as the caller goes on.

    :param request: callable that takes the query parameters of a page, and returns the response.
    :param operation: how errors name the request.
    :param key: the object of the response that has the page.
    :param what: its property with the elements.
    :param id_name: the property of an element that identifies it.
    :param concurrency: how many pages may be read concurrently.
    :param at_most: how many elements the caller can use.
    :raises TooMany: there are more.
    :raises UnexpectedResponse: the list has fewer elements than it says itself, each time that it is read.
    """

    def read(offset):
        response = request({"limit": PAGE_SIZE, "offset": offset})
        return _page(object_of(response, key, operation), operation, what)

    seen: set = set()
    for _reading in range(_MOST_READINGS):
        with _page_reader(read, concurrency) as page_at:
            was_changed, count, total = yield from _new_elements(page_at, seen, operation, id_name, at_most)
        is_short = total is not None and count < total
        if not was_changed and not is_short:
            return
    if is_short:
        # Who takes the rest for gone may create it anew, or report a deletion that nobody has carried out.
        raise UnexpectedResponse(
            f"The service responded to {operation} with {count} of {total} {what}, so the list is incomplete.",
            operation,
            200,
            lasting=True,
        )


def _page_reader(read, concurrency):
    """Return a context manager that gives a callable, which returns the page at an offset (see C(ReadAhead))."""
    if concurrency == 1:
        return nullcontext(lambda offset, _step, _end: read(offset))
    # A task of one job needs none of this, and each file to be compiled makes every task slower.
    from .._parallel import ReadAhead

    return ReadAhead(read, concurrency)


def _new_elements(page_at, seen, operation, id_name, at_most):
    """Yield the elements of a list that were not seen yet, and return how it was read.

    An element that is deleted meanwhile shifts those behind it to pages that were read already.

    :returns: a tuple of whether the total changed from page to page, of the number of elements, and of the total (None
        where the service does not count).
    """
    offset, step, total, longest, was_changed = 0, PAGE_SIZE, None, 0, False
    here: set = set()
    while True:
        total_before = total
        page, total = page_at(offset, step, total)
        was_changed = was_changed or total_before not in (None, total)
        # What is created meanwhile shifts the pages the other way, so that an element can come twice.
        elements = {_key(element.get(id_name)): element for element in page}
        is_over = elements.keys() <= here
        here.update(elements)
        new = {key: element for key, element in elements.items() if key not in seen}
        seen.update(new)
        if at_most is not None and max(total or 0, len(seen)) > at_most:
            raise TooMany(operation)
        yield from new.values()
        offset, step, longest = offset + len(page), len(page), max(longest, len(page))
        # A page can be short before the last one, if the service has a limit of its own.
        if is_over or (len(page) < longest if total is None else offset >= total):
            return was_changed, len(here), total
        if offset >= _MOST_ELEMENTS:
            raise UnexpectedResponse(
                f"The service responded to {operation} with a list without end.", operation, 200, lasting=True
            )


def _key(element_id):
    """Return what distinguishes an element from the others, also where it has no valid id."""
    return int(element_id) if is_whole_number(element_id) else repr(element_id)


def _page(listing, operation, what):
    """Return a tuple of what is on a page of the list and the number of all, None when the list has none."""
    page, total = listing.get(what), listing.get("total_count")
    if page is None:
        page = []
    if not isinstance(page, list) or not all(isinstance(element, dict) for element in page):
        raise lacking(operation, f"a list of {what}")
    if total is not None and not is_whole_number(total):
        raise lacking(operation, "a valid total_count")
    return page, None if total is None else int(total)
