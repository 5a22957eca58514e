"""Finding the exchange from a notebook server's environment, with real hubs and the proxies in front of them."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hub import ADMIN, Hub
from people import Outcome, all_at_once
from plugin_person import PluginPerson
from relay import Authority, Relay, Responder

COURSE = "algebra"
STUDENT = "ada"
# The variables that send programs to a proxy.
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY")
SETTING = "NBCOURIER_URL"


class Street:
    """A hub behind one more address of this machine, on which all ports are free for a test."""

    def __init__(self, hub: Hub, student: PluginPerson, authority: Authority) -> None:
        self.host = f"127.{random.randint(64, 250)}.{random.randint(1, 250)}.{random.randint(1, 250)}"
        self.tls = authority.server(self.host)
        self.ca = authority.ca
        self.student = student
        self.hub_port = hub.proxy_port
        self._running: list[Relay | Responder] = []
        # A proxy of the environment, which must never be asked.
        self.proxy = self.add(Responder())

    def add(self, running):  # noqa: ANN001, ANN201 (either of the two)
        """Registers a server that is stopped at the end."""
        self._running.append(running)
        return running

    def take_away(self, running: Relay) -> None:
        """Stops a relay."""
        self._running.remove(running)
        running.stop()

    def relay(self, port: int = 0) -> int:
        """Adds a relay to the hub's proxy, by plain HTTP."""
        return self.add(Relay(self.hub_port, self.host, port)).port

    def relay_by_tls(self, port: int = 0) -> int:
        """Adds a relay to the hub's proxy, by TLS."""
        return self.add(Relay(self.hub_port, self.host, port, self.tls)).port

    def ask(self, environment: dict[str, str]) -> list[Outcome]:
        """Asks for the student's courses with the plugin and the program, in this environment."""
        person = self.student
        own = {
            "JUPYTERHUB_API_TOKEN": person.token,
            "JUPYTERHUB_USER": person.name,
            "JUPYTERHUB_BASE_URL": "/",
        }
        proxies = dict.fromkeys(PROXIES, self.proxy.url)
        kept = {
            name: value
            for name, value in person.env.items()
            if not name.startswith(("JUPYTERHUB_", "NBCOURIER_", "SSL_", "REQUESTS_"))
        }
        person.env = kept | own | proxies | environment
        try:
            return all_at_once(
                lambda: person.attempt("nbgrader", "list", f"--course={COURSE}"),
                lambda: person.attempt("nbcourier", "course", "show", COURSE),
            )
        finally:
            person.env = kept | own

    def stop(self) -> None:
        """Stops all servers, and checks the requests to the proxy."""
        for running in self._running:
            running.stop()
        assert self.proxy.asked == []


def require_found(outcomes: list[Outcome]) -> None:
    """Checks that both reached the exchange."""
    for outcome in outcomes:
        assert outcome.code == 0, str(outcome)
        assert "ps1" in outcome.text, str(outcome)


def require_message(outcomes: list[Outcome], *words: str) -> None:
    """Checks that both ended with an error that contains all of these words."""
    for outcome in outcomes:
        assert outcome.code != 0, str(outcome)
        assert "Traceback" not in outcome.text, str(outcome)
        for word in words:
            assert word in outcome.text, (word, str(outcome))


@pytest.fixture(scope="module")
def hub(
    binary: Path, cache: Path, proxy: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hub]:
    """One hub is enough, because the tests set the environment of the notebook server themselves."""
    running = Hub(cache / "hub6", proxy, binary, tmp_path_factory.mktemp("hub"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def student(hub: Hub, binary: Path) -> PluginPerson:
    """A student in a course with a released assignment."""
    PluginPerson.binary = binary
    hub.person_class = PluginPerson
    return make_course(hub)


def make_course(hub: Hub) -> PluginPerson:
    hub.add_user(ADMIN, f"formgrade-{COURSE}")
    hub.add_user(STUDENT, f"nbgrader-{COURSE}")
    admin, student = hub.person(ADMIN), hub.person(STUDENT)
    admin.env["NBCOURIER_URL"] = hub.service_url
    release = admin.home / "release" / "ps1"
    release.mkdir(parents=True)
    (release / "p1.ipynb").write_text(
        '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
    )
    made = admin.attempt("nbcourier", "course", "create", COURSE)
    assert made.code == 0, str(made)
    admin.nbgrader("release_assignment", "ps1", f"--course={COURSE}")
    return student


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority") / "ca")


@pytest.fixture
def street(hub: Hub, student: PluginPerson, authority: Authority) -> Iterator[Street]:
    running = Street(hub, student, authority)
    yield running
    running.stop()


def test_on_one_host_it_is_behind_the_usual_port_of_the_proxy(street: Street) -> None:
    street.relay(8000)
    require_found(
        street.ask({"JUPYTERHUB_API_URL": f"http://{street.host}:8081/hub/api"})
    )


def test_with_nothing_there_the_address_the_clue_and_the_setting_are_named(
    street: Street,
) -> None:
    outcomes = street.ask({"JUPYTERHUB_API_URL": f"http://{street.host}:8081/hub/api"})
    tried = f"http://{street.host}:8000/services/nbcourier"
    require_message(outcomes, tried, "derived from JUPYTERHUB_API_URL", SETTING)


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_the_littlest_jupyterhub_is_found_with_and_without_https(
    street: Street, name: str
) -> None:
    environment = {"JUPYTERHUB_API_URL": f"http://{street.host}:15001/hub/api"}
    plain = street.add(Relay(street.hub_port, street.host, 80))
    require_found(street.ask(environment))
    street.take_away(plain)
    street.add(Responder(street.host, 80, status=301, redirect=f"https://{street.host}"))
    street.relay_by_tls(443)
    require_found(street.ask(environment | {name: str(street.ca)}))
    # The usual certificate is for the hub's name, and is not signed by an authority that this machine knows.
    outcomes = street.ask(environment)
    tried = f"https://{street.host}/services/nbcourier"
    require_message(outcomes, tried, "derived from JUPYTERHUB_API_URL", SETTING)


def test_a_redirect_to_https_is_followed_by_every_command(street: Street) -> None:
    street.add(Responder(street.host, 80, status=301, redirect=f"https://{street.host}"))
    street.relay_by_tls(443)
    environment = {
        "NBCOURIER_URL": f"http://{street.host}/services/nbcourier",
        "SSL_CERT_FILE": str(street.ca),
    }
    require_found(street.ask(environment))
    person = street.student
    person.env |= environment
    option = f"--course={COURSE}"
    person.nbgrader("fetch_assignment", "ps1", option, "--replace")
    submitted = person.nbgrader("submit", "ps1", option)
    assert "Submitted" in submitted.text
    shown = person.attempt("nbcourier", "dates", COURSE, "ps1")
    assert shown.code == 0, str(shown)


def test_a_redirect_to_another_port_is_named_and_not_followed(street: Street) -> None:
    elsewhere = street.add(Responder(street.host))
    gate = street.add(Responder(street.host, status=308, redirect=elsewhere.url))
    outcomes = street.ask({"NBCOURIER_URL": f"{gate.url}/services/nbcourier"})
    require_message(outcomes, f"{elsewhere.url}/services/nbcourier", SETTING)
    assert elsewhere.asked == []


def test_a_chart_without_tls_is_found_under_any_name_of_the_release(
    street: Street,
) -> None:
    port = str(street.relay())
    for prefix, hub in (("", "hub"), ("COURSES_", "courses-hub"), ("A_B_", "a-b-hub")):
        environment = {
            f"{prefix}PROXY_PUBLIC_SERVICE_HOST": street.host,
            f"{prefix}PROXY_PUBLIC_SERVICE_PORT": port,
            f"{prefix}PROXY_PUBLIC_SERVICE_PORT_HTTP": port,
            "JUPYTERHUB_API_URL": f"http://{hub}:8081/hub/api",
        }
        require_found(street.ask(environment))


def test_a_chart_that_gets_its_certificates_is_found_behind_them(
    street: Street,
) -> None:
    environment = {
        "PROXY_PUBLIC_SERVICE_HOST": street.host,
        "PROXY_PUBLIC_SERVICE_PORT": "443",
        "PROXY_PUBLIC_SERVICE_PORT_HTTPS": "443",
        "PROXY_HTTP_SERVICE_HOST": street.host,
        "PROXY_HTTP_SERVICE_PORT": str(street.relay()),
        "JUPYTERHUB_API_URL": "http://hub:8081/hub/api",
    }
    require_found(street.ask(environment))


def test_a_chart_with_a_certificate_of_its_own_is_asked_by_tls_alone(
    street: Street,
) -> None:
    port = street.relay_by_tls()
    environment = {
        "PROXY_PUBLIC_SERVICE_HOST": street.host,
        "PROXY_PUBLIC_SERVICE_PORT": "443",
        "PROXY_PUBLIC_SERVICE_PORT_HTTPS": str(port),
        "JUPYTERHUB_API_URL": "http://hub:8081/hub/api",
    }
    require_found(street.ask(environment | {"SSL_CERT_FILE": str(street.ca)}))
    tried = f"https://{street.host}:{port}/services/nbcourier"
    require_message(
        street.ask(environment), tried, "derived from PROXY_PUBLIC_SERVICE_HOST", SETTING
    )


def test_a_page_of_the_hub_at_a_wrong_name_is_no_exchange(street: Street) -> None:
    port = street.relay()
    environment = {
        "PROXY_PUBLIC_SERVICE_HOST": street.host,
        "PROXY_PUBLIC_SERVICE_PORT": str(port),
        "NBCOURIER_SERVICE_NAME": "exchange",
    }
    tried = f"The server at http://{street.host}:{port}/services/exchange is not an exchange"
    require_message(street.ask(environment), tried, "derived from PROXY_PUBLIC_SERVICE_HOST", SETTING)
    for path in ("/hub", "/hub/api", "/services", "/user/ada", "", "/services/neighbour"):
        url = f"http://{street.host}:{port}{path}"
        outcomes = street.ask({"NBCOURIER_URL": url})
        require_message(outcomes, f"The server at {url} is not an exchange", SETTING)
