"""A real JupyterHub with nbcourier as its service, and the administration of it that the tests need."""

import os
import secrets
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from neighbour import NAME, Neighbour
from people import Person, WarmPerson
from processes import (
    START_LIMIT_S,
    EndedEarly,
    Program,
    clean_environment,
    free_ports,
    kill_by_argument,
)

ADMIN = "boss"
CALL_LIMIT_S = 30
SPAWN_POLL_S = 0.2
# Another program may take a free port before the hub does. The hub then ends.
STARTS = 3
HERE = Path(__file__).parent
EXAMPLE = HERE.parents[1] / "examples" / "jupyterhub_config.py"


class Hub:
    """A hub of one version, whose configuration loads the example for operators."""

    # The class of its people, which determines their client.
    person_class: type[Person] = WarmPerson

    def __init__(
        self,
        environment: Path,
        proxy: Path,
        binary: Path,
        directory: Path,
        servers: dict[str, str] | None = None,
    ) -> None:
        """`environment` is the virtual environment with the hub, `proxy` the program in front of it.

        `servers` configures the notebook servers in hub_config.py, if they need more than the hub's defaults.
        """
        self.directory = directory
        self.neighbour = Neighbour()
        for start in range(STARTS):
            try:
                self._start(environment, proxy, binary, servers or {})
                return
            except EndedEarly:
                # The hub left its service behind, which keeps the data directory locked.
                kill_by_argument(f"--data-dir={directory / 'data'}")
                if start == STARTS - 1:
                    raise

    def _start(
        self, environment: Path, proxy: Path, binary: Path, servers: dict[str, str]
    ) -> None:
        directory = self.directory
        public, hub, proxy_api, service = free_ports(4)
        self.proxy_port = public
        self.url = f"http://127.0.0.1:{public}"
        self.neighbour_url = f"{self.url}/services/{NAME}/"
        self.service_url = f"{self.url}/services/nbcourier"
        self._inner_url = f"http://127.0.0.1:{service}/services/nbcourier"
        self._api_url = f"{self.url}/hub/api"
        if domain := urlsplit(servers.get("TEST_SUBDOMAIN_HOST", "")).netloc:
            # The proxy routes by the name of the host, which the tests themselves cannot resolve.
            self._api_url = f"http://127.0.0.1:{hub}/hub/api"
            self.url = f"https://{domain}"
            own_domain = f"https://nbcourier--service.{domain}"
            self.service_url = f"{own_domain}/services/nbcourier"
        self._driver_token = secrets.token_hex(32)
        self._program = Program(
            [
                str(environment / "bin" / "jupyterhub"),
                "-f",
                str(HERE / "hub_config.py"),
            ],
            env=clean_environment(path_first=environment / "bin", home=directory)
            | {
                "NBCOURIER_ADMINS": ADMIN,
                "NBCOURIER_COMMAND": str(binary),
                "NBCOURIER_DATA_DIR": str(directory / "data"),
                "NBCOURIER_SERVICE_URL": f"http://127.0.0.1:{service}",
                "TEST_DRIVER_TOKEN": self._driver_token,
                "TEST_EXAMPLE": str(EXAMPLE),
                "TEST_HOMES": str(directory / "servers"),
                "TEST_HUB_URL": f"http://127.0.0.1:{hub}",
                "TEST_NEIGHBOUR": NAME,
                "TEST_NEIGHBOUR_URL": self.neighbour.url,
                "TEST_PROXY": str(proxy),
                "TEST_PROXY_API_URL": f"http://127.0.0.1:{proxy_api}",
                "TEST_PUBLIC_URL": f"http://127.0.0.1:{public}",
            }
            | servers,
            cwd=directory,
            log=directory / "hub.log",
        )
        # First without the proxy, which would log each question that comes too early.
        at_last = self._inner_url if domain else self.service_url
        self._program.wait_until(
            lambda: self._is_well(self._inner_url) and self._is_well(at_last),
            "healthz of the service",
        )

    def stop(self) -> int:
        """Ends the hub, which ends its services, and returns its exit code."""
        self.neighbour.stop()
        return self._program.stop()

    def service_answers(self) -> bool:
        """Whether nbcourier answers a request that does not go through the proxy."""
        return self._is_well(self._inner_url)

    def log(self) -> str:
        """Returns the output of the hub and its services."""
        return self._program.log.read_text(errors="replace")

    def add_user(self, name: str, *groups: str) -> None:
        """Makes a user in these groups; the user and the groups may exist already."""
        self._api("POST", f"users/{quote(name)}", may_exist=True)
        for group in groups:
            self._api("POST", f"groups/{quote(group)}", may_exist=True)
            self._api("POST", f"groups/{quote(group)}/users", users=[name])

    def add_users(self, names: list[str]) -> None:
        """Makes users who are not there yet, in one request."""
        self._api("POST", "users", usernames=names)

    def token(self, name: str) -> str:
        """Returns a new token, as a person makes one on the hub's token page."""
        return self._api("POST", f"users/{quote(name)}/tokens", note="tests")["token"]

    def person(self, name: str) -> Person:
        """Returns the user with a token of the hub."""
        return self._person(name, self.token(name))

    def person_with_server(self, name: str) -> Person:
        """Returns the user with the token of their own notebook server, which is what clients have."""
        inside = self._environment_of_server(name)
        assert inside["JUPYTERHUB_USER"] == name
        return self._person(name, inside["JUPYTERHUB_API_TOKEN"])

    def person_with_environment(self, name: str) -> Person:
        """Returns the user with all variables that the hub sets in their notebook server."""
        inside = self._environment_of_server(name)
        own = {
            variable: value
            for variable, value in inside.items()
            if variable.startswith("JUPYTERHUB_")
        }
        home = self.directory / "home" / name
        return self.person_class(
            name=name, home=home, url=self.service_url, identity=own
        )

    def start_server(self, name: str) -> None:
        """Starts the person's notebook server."""
        self._environment_of_server(name)

    def stop_server(self, name: str) -> None:
        """Stops the person's notebook server."""
        user = f"users/{quote(name)}"
        self._api("DELETE", f"{user}/server")
        limit = time.monotonic() + START_LIMIT_S
        while self._api("GET", user)["servers"]:
            assert time.monotonic() < limit, f"the server of {name} does not stop"
            time.sleep(SPAWN_POLL_S)

    def _person(self, name: str, token: str) -> Person:
        home = self.directory / "home" / name
        identity = {"JUPYTERHUB_USER": name, "JUPYTERHUB_API_TOKEN": token}
        return self.person_class(
            name=name, home=home, url=self.service_url, identity=identity
        )

    def _environment_of_server(self, name: str) -> dict[str, str]:
        user = f"users/{quote(name)}"
        self._api("POST", f"{user}/server")
        limit = time.monotonic() + START_LIMIT_S
        while not (server := self._api("GET", user)["servers"].get("", {})).get(
            "ready"
        ):
            assert time.monotonic() < limit, (
                f"no server for {name}:\n{self.log()[-4000:]}"
            )
            time.sleep(SPAWN_POLL_S)
        # The environment comes from the operating system, because the hub does not reveal it.
        raw = Path(f"/proc/{server['state']['pid']}/environ").read_bytes()
        return dict(
            os.fsdecode(each).split("=", 1) for each in raw.split(b"\0") if b"=" in each
        )

    def _api(
        self, method: str, path: str, *, may_exist: bool = False, **body: Any
    ) -> Any:
        reply = requests.request(
            method,
            f"{self._api_url}/{path}",
            json=body or None,
            headers={"Authorization": f"token {self._driver_token}"},
            timeout=CALL_LIMIT_S,
        )
        if reply.status_code == 409 and may_exist:
            return None
        assert reply.ok, f"{method} {path}: {reply.status_code} {reply.text}"
        return reply.json() if reply.content else None

    def _is_well(self, url: str) -> bool:
        try:
            reply = requests.get(f"{url}/healthz", timeout=CALL_LIMIT_S)
        except requests.ConnectionError:
            return False
        return reply.ok and reply.json().get("success") is True
