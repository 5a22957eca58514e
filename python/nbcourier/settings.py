"""The settings of the plugin, `c.NbCourier` in nbgrader_config.py, and the exchange that they lead to."""

from __future__ import annotations

import getpass
from functools import cached_property

from traitlets import Bool, Float, Integer, Unicode
from traitlets.config import LoggingConfigurable

from . import address
from .environment import Environment, token
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

    at_start = Bool(
        True,
        help="Whether the folders that courses deliver are brought up to date when a Jupyter server starts.",
    ).tag(config=True)

    sync = Bool(
        True,
        help="Whether `nbcourier sync run` runs beside a Jupyter server, if there are pairs.",
    ).tag(config=True)

    report_activity = Bool(
        True,
        help="Whether work on notebooks is reported to the exchange, for courses that count it.",
    ).tag(config=True)

    activity_every = Float(
        60.0, min=0.1, max=60.0, help="The seconds between two such reports."
    ).tag(config=True)

    @cached_property
    def transport(self) -> Transport:
        """Returns the exchange, created at first use because formgrader creates these objects outside of any `try`."""
        connection = self.connection(timeout=self.timeout, attempts=self.attempts)
        newer, older = V1Transport(connection), NgshareTransport(connection)
        return Fallback(newer, older, self._address.url, self.log)

    def connection(self, *, timeout: float, attempts: int) -> Connection:
        """Returns a connection to the exchange with these limits."""
        return Connection(
            self._address, token(), timeout=timeout, attempts=attempts, log=self.log
        )

    @cached_property
    def _address(self) -> address.Address:
        return address.find(self.url, self.service_name, Environment())

    @cached_property
    def for_browsers(self) -> tuple[str | None, str]:
        """Returns the address at which browsers find the exchange, if it is known, and the path of the address."""
        return address.for_browsers(self._address, Environment())

    @property
    def username(self) -> str:
        """Returns the name of the person who runs this, as the hub knows them."""
        environment = Environment()
        hub_name = environment.get("JUPYTERHUB_USER")
        return hub_name or environment.get("USER") or getpass.getuser()
