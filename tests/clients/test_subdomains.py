"""A hub with a domain for each user, behind a proxy that ends TLS: finding it, and its pages in a browser."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from browser import log_in, start_browser, text_of, wait_for_text
from hub import ADMIN, Hub
from people import Outcome, all_at_once
from plugin_person import PluginPerson
from processes import free_ports
from relay import Authority, Relay, Responder
from selenium.webdriver.common.by import By

COURSE = "algebra"
STUDENT = "ada"
DOMAIN = "hub.test"
EXCHANGE = f"nbcourier--service.{DOMAIN}"
NAMES = (DOMAIN, EXCHANGE, f"exchange--service.{DOMAIN}")


@dataclass
class Town:
    """The hub, and a student with the environment of their notebook server."""

    hub: Hub
    student: PluginPerson
    authority: Authority
    # A proxy of the environment, which must never be asked.
    proxy: Responder

    def ask(self, without: str = "", **more: str) -> list[Outcome]:
        """Asks for the student's courses with the plugin and the program."""
        kept = dict(self.student.env)
        self.student.env |= more
        self.student.env.pop(without, None)
        try:
            return all_at_once(
                lambda: self.student.attempt("nbgrader", "list", f"--course={COURSE}"),
                lambda: self.student.attempt("nbcourier", "course", "list"),
            )
        finally:
            self.student.env = kept


@pytest.fixture(scope="module", params=["hub6", "hub5"])
def town(
    request: pytest.FixtureRequest,
    binary: Path,
    cache: Path,
    proxy: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Town]:
    directory = tmp_path_factory.mktemp(request.param)
    hosts = directory / "hosts"
    hosts.write_text("".join(f"127.0.0.1 {name}\n" for name in ("localhost", *NAMES)))
    authority = Authority(directory / "authority")
    tls = authority.server(*NAMES)
    (port,) = free_ports(1)
    about = {"TEST_SUBDOMAIN_HOST": f"https://{DOMAIN}:{port}"}
    hub = Hub(cache / request.param, proxy, binary, directory, about)
    relay = Relay(hub.proxy_port, port=port, tls=tls)
    listener = Responder()
    try:
        hub.person_class = PluginPerson
        PluginPerson.binary = binary
        hub.add_user(ADMIN)
        hub.add_user(STUDENT, f"nbgrader-{COURSE}")
        admin = hub.person(ADMIN)
        student = hub.person_with_environment(STUDENT)
        trusted = {"SSL_CERT_FILE": str(authority.ca)}
        proxies = dict.fromkeys(("http_proxy", "https_proxy"), listener.url)
        for person in (admin, student):
            person.hosts = hosts
            person.env |= trusted | proxies
        admin.env["NBCOURIER_URL"] = hub.service_url
        del admin.env["https_proxy"]
        made = admin.attempt("nbcourier", "course", "create", COURSE)
        assert made.code == 0, str(made)
        yield Town(hub, student, authority, listener)
        assert listener.asked == []
    finally:
        listener.stop()
        relay.stop()
        hub.stop()


def test_both_clients_find_it_at_its_own_domain(town: Town) -> None:
    for outcome in (found := town.ask()):
        assert outcome.code == 0, str(outcome)
    assert COURSE in found[1].text


def test_a_certificate_of_an_unknown_authority_is_named_with_the_setting(
    town: Town,
) -> None:
    for outcome in town.ask(without="SSL_CERT_FILE"):
        assert outcome.code != 0, str(outcome)
        assert f"{town.hub.service_url}" in outcome.text, str(outcome)
        assert "derived from JUPYTERHUB_PUBLIC_HUB_URL" in outcome.text
        assert "NBCOURIER_URL" in outcome.text
        assert "Traceback" not in outcome.text


def test_a_wrong_name_of_the_service_leads_to_a_page_of_the_hub(town: Town) -> None:
    for outcome in town.ask(NBCOURIER_SERVICE_NAME="exchange"):
        assert outcome.code != 0, str(outcome)
        tried = town.hub.service_url.replace("nbcourier", "exchange")
        assert f"The server at {tried} is not an exchange" in outcome.text, str(outcome)
        assert "is an ngshare" not in outcome.text


def test_a_browser_logs_in_and_out(town: Town, tmp_path: Path) -> None:
    flags = [f"--host-resolver-rules=MAP *.{DOMAIN} 127.0.0.1, MAP {DOMAIN} 127.0.0.1"]
    browser = start_browser(tmp_path / "profile", *flags, "--ignore-certificate-errors")
    try:
        log_in(browser, town.hub, STUDENT, f"{town.hub.service_url}/")
        assert COURSE in text_of(browser)
        browser.find_element(By.TAG_NAME, "button").click()
        wait_for_text(browser, "logged out")
    finally:
        browser.quit()
