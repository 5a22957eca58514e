"""The settings of the plugin, `c.NbCourier` in nbgrader_config.py, and the exchange that they lead to."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from traitlets import Float, Integer, Unicode
from traitlets.config import LoggingConfigurable

from . import address
from .errors import CourierError, is_invisible
from .fallback import Fallback
from .http import Connection
from .ngshare import NgshareTransport
from .transport import Transport
from .v1 import V1Transport


class NbCourier(LoggingConfigurable):
    """The common base of our classes that nbgrader loads."""

    url = Unicode(
        "",
        help="The exchange's address as this server sees it; NBCOURIER_URL and the hub's environment stand in for it.",
    ).tag(config=True)

    service_name = Unicode(
        "",
        help="What the hub's configuration calls the exchange. Defaults to NBCOURIER_SERVICE_NAME, then `nbcourier`",
    ).tag(config=True)

    timeout = Float(
        60.0, help="The longest silence to bear in a request, in seconds."
    ).tag(config=True)

    attempts = Integer(
        4, help="How often a request that may be repeated is sent at most."
    ).tag(config=True)

    @cached_property
    def transport(self) -> Transport:
        """Returns the exchange, created at first use because formgrader creates these objects outside of any `try`."""
        found = self._address
        connection = Connection(
            found, _token(), timeout=self.timeout, attempts=self.attempts, log=self.log
        )
        newer, older = V1Transport(connection), NgshareTransport(connection)
        return Fallback(newer, older, found.url, self.log)

    @cached_property
    def _address(self) -> address.Address:
        return address.find(self.url, self.service_name, _Text())

    @cached_property
    def for_browsers(self) -> tuple[str | None, str]:
        """Returns the address at which browsers find the exchange, if it is known, and the path of the address."""
        return address.for_browsers(self._address, _Text())

    @property
    def username(self) -> str:
        """Returns the name of the person who runs this, as the hub knows them."""
        environment = _Text()
        hub_name = environment.get("JUPYTERHUB_USER")
        return hub_name or environment.get("USER") or getpass.getuser()


class _Text(Mapping[str, str]):
    """The environment, of which only text is read. Python shows other bytes as characters that no request can carry."""

    def __getitem__(self, name: str) -> str:
        value = os.environ[name]
        try:
            value.encode()
        except UnicodeEncodeError:
            raise CourierError(
                f"The environment variable {name} is not valid UTF-8. Set it to plain text, or unset it"
            ) from None
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(os.environ)

    def __len__(self) -> int:
        return len(os.environ)


def _token() -> str:
    # As in the program, a configured file comes first.
    file = os.environ.get("NBCOURIER_TOKEN_FILE")
    source = f"'{file}' (NBCOURIER_TOKEN_FILE)" if file else "JUPYTERHUB_API_TOKEN"
    if file:
        try:
            token = Path(file).read_text("utf-8").strip()
        except (OSError, ValueError) as error:
            raise CourierError(
                f"The token in {source} cannot be read: {error}"
            ) from error
    else:
        # Secrets are often files, whose last line ends.
        token = (_Text().get("JUPYTERHUB_API_TOKEN") or "").strip()
    if not token:
        raise CourierError(
            "There is no JUPYTERHUB_API_TOKEN here, so the exchange cannot know who you are"
        )
    if any(map(is_invisible, token)):
        raise CourierError(
            f"What {source} holds is no token of a hub: it has several lines or invisible characters. Copy the token again"
        )
    return token
