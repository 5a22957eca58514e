"""The addresses of the exchange's pages for people, which a browser opens."""

from __future__ import annotations

from urllib.parse import quote

from .settings import NbCourier


def whole(exchange: NbCourier, course: str, assignment: str = "") -> str | None:
    """Returns the address of the page of a course or assignment; None if no address for browsers is known."""
    origin, _ = exchange.for_browsers
    return None if origin is None else origin + _below(course, assignment)


def link(exchange: NbCourier, course: str, assignment: str = "") -> str:
    """Returns the address of the same page for a link on a page of a notebook server, which the hub serves as well."""
    origin, path = exchange.for_browsers
    return (path if origin is None else origin) + _below(course, assignment)


def _below(course: str, assignment: str) -> str:
    page = f"/c/{quote(course, safe='')}"
    return f"{page}/a/{quote(assignment, safe='')}" if assignment else page
