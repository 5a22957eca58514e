"""Two browsers with the same commands. Firefox is driven by its own Marionette, as Debian has no geckodriver."""

import contextlib
import itertools
import json
import os
import shutil
import socket
import time
from pathlib import Path
from typing import Any, Protocol

from browser import start_browser
from processes import POLL_S, START_LIMIT_S, Program, clean_environment, free_ports

SCRIPT_LIMIT_S = 60


class Driven(Protocol):
    """A browser with one window, in the state that a person would see."""

    def go(self, url: str) -> None:
        """Opens an address in the window and waits until it is loaded."""

    def url(self) -> str:
        """Returns the address in the window."""

    def run(self, script: str, *arguments: object) -> Any:
        """Runs a script in the page, whose last argument is the function to call with the result."""

    def quit(self) -> None:
        """Ends the browser."""


class Chromium:
    """Debian's Chromium."""

    def __init__(self, profile: Path) -> None:
        self._driver = start_browser(profile)
        self._driver.set_script_timeout(SCRIPT_LIMIT_S)

    def go(self, url: str) -> None:
        """See [`Driven`]."""
        self._driver.get(url)

    def url(self) -> str:
        """See [`Driven`]."""
        return self._driver.current_url

    def run(self, script: str, *arguments: object) -> Any:
        """See [`Driven`]."""
        return self._driver.execute_async_script(script, *arguments)

    def quit(self) -> None:
        """See [`Driven`]."""
        self._driver.quit()


# The browser sends no requests of its own, and does not block windows that a script opens.
PREFERENCES = {
    "app.normandy.enabled": False,
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "dom.disable_open_during_load": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "",
    "signon.rememberSignons": False,
    "toolkit.telemetry.reportingpolicy.firstRun": False,
}


class Firefox:
    """Debian's Firefox, driven by the protocol that geckodriver translates to: lengths and JSON on a socket."""

    def __init__(self, profile: Path) -> None:
        program = shutil.which("firefox-esr")
        assert program, "run scripts/setup-clients.sh: no firefox-esr"
        (port,) = free_ports(1)
        lines = [
            f"user_pref({json.dumps(name)}, {json.dumps(value)});"
            for name, value in (PREFERENCES | {"marionette.port": port}).items()
        ]
        (profile / "user.js").write_text("\n".join(lines) + "\n")
        self._program = Program(
            [program, "--headless", "--no-remote", "--marionette", "--profile", str(profile)],
            env=clean_environment(path_first=Path("/usr/bin"), home=profile)
            | {"MOZ_DISABLE_CONTENT_SANDBOX": "1"},
            cwd=profile,
            log=profile / "firefox.log",
        )
        self._socket = self._connect(port)
        self._received = b""
        self._numbers = itertools.count(1)
        self._message()
        self._ask("WebDriver:NewSession")
        timeouts = {"script": SCRIPT_LIMIT_S * 1000, "pageLoad": SCRIPT_LIMIT_S * 1000}
        self._ask("WebDriver:SetTimeouts", **timeouts)

    def go(self, url: str) -> None:
        """See [`Driven`]."""
        self._ask("WebDriver:Navigate", url=url)

    def url(self) -> str:
        """See [`Driven`]."""
        return self._ask("WebDriver:GetCurrentURL")["value"]

    def run(self, script: str, *arguments: object) -> Any:
        """See [`Driven`]."""
        return self._ask(
            "WebDriver:ExecuteAsyncScript", script=script, args=list(arguments)
        )["value"]

    def quit(self) -> None:
        """See [`Driven`]."""
        with contextlib.suppress(OSError):
            self._socket.close()
        self._program.stop()

    def _connect(self, port: int) -> socket.socket:
        limit = time.monotonic() + START_LIMIT_S
        while True:
            try:
                return socket.create_connection(("127.0.0.1", port), timeout=2 * SCRIPT_LIMIT_S)
            except OSError:
                assert time.monotonic() < limit, self._program.log.read_text(errors="replace")
                time.sleep(POLL_S)

    def _ask(self, command: str, **parameters: object) -> dict:
        number = next(self._numbers)
        request = json.dumps([0, number, command, parameters]).encode()
        self._socket.sendall(b"%d:%s" % (len(request), request))
        kind, answered, error, result = self._message()
        assert (kind, answered) == (1, number)
        assert error is None, f"{command}: {error}"
        return result

    def _message(self) -> Any:
        while b":" not in self._received:
            self._receive()
        length, _, self._received = self._received.partition(b":")
        while len(self._received) < int(length):
            self._receive()
        message, self._received = (
            self._received[: int(length)],
            self._received[int(length) :],
        )
        return json.loads(message)

    def _receive(self) -> None:
        block = self._socket.recv(65536)
        assert block, "Firefox ended"
        self._received += block


BROWSERS = {"chromium": Chromium, "firefox": Firefox}
