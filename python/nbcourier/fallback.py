"""The newer of two protocols where the server knows it, else the older one."""

from __future__ import annotations

import logging
from typing import Any, Callable

from .errors import CourierError, Unspoken
from .transport import Transport

# What comes of reading an answer that has another form than it should, whatever that form is.
_MISREAD = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
# Of which exchanges it was said already: a command makes several of these, and formgrader one for each page.
_told: set[str] = set()


class Fallback:
    """A `Transport` that asks `newer`, and `older` for all of which the server turns out to know nothing."""

    def __init__(
        self, newer: Transport, older: Transport, url: str, log: logging.Logger
    ) -> None:
        self._newer = newer
        self._older = older
        self._url = url
        self._log = log
        self._unspoken: set[str] = set()
        self._newer_is_unspoken = False

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def ask(*arguments: Any, **more: Any) -> Any:
            try:
                return self._ask(name, *arguments, **more)
            except _MISREAD as error:
                raise CourierError(
                    f"What answers at {self._url} does not answer as an exchange does ({error!r});"
                    " ask whoever runs your JupyterHub"
                ) from error

        return ask

    def _ask(self, name: str, *arguments: Any, **more: Any) -> Any:
        if not self._newer_is_unspoken and name not in self._unspoken:
            try:
                return getattr(self._newer, name)(*arguments, **more)
            except Unspoken as unspoken:
                self._remember(name, unspoken)
        return getattr(self._older, name)(*arguments, **more)

    def _remember(self, name: str, unspoken: Unspoken) -> None:
        self._unspoken.add(name)
        self._newer_is_unspoken = unspoken.entirely
        if self._url not in _told:
            _told.add(self._url)
            self._log.info(
                "The exchange at %s is an ngshare, or older than this plugin: some things take longer,"
                " and there may be no receipts",
                self._url,
            )
