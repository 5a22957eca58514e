"""The packages on machines that are not as they should be."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Browser
from machine import Machine, eventually
from town import packages


@pytest.fixture(scope="module")
def machine(
    base: Path, debs: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Machine]:
    """A Debian without a name and without IPv6."""
    made = Machine(base, tmp_path_factory.mktemp("bare"), debs, name="localhost")
    made.do("sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6")
    yield made
    made.close()


def test_a_hub_that_somebody_has_configured_stays(machine: Machine) -> None:
    config = machine.path("/etc/jupyterhub/jupyterhub_config.py")
    delivered = config.read_text()
    config.write_text(delivered + "c.JupyterHub.port = 443\n")
    done = machine.run("apt-get", "install", "--yes", *packages(machine))
    assert done.returncode != 0
    # apt gives dpkg a terminal, so errors arrive with the rest.
    assert "this machine has a hub already" in done.stdout
    assert "mkdir /etc/nbcourier-hub" in done.stdout
    dropped = "/usr/lib/systemd/system/jupyterhub.service.d/nbcourier-hub.conf"
    assert not machine.path(dropped).exists()
    config.write_text(delivered)


def test_half_an_installation_is_completed(machine: Machine) -> None:
    openssl = machine.path("/usr/bin/openssl")
    away = openssl.with_name("openssl-away")
    openssl.rename(away)
    taken = machine.inside(lambda: listening(8000))
    done = machine.run("apt-get", "install", "--yes", *packages(machine))
    assert done.returncode != 0
    # Everything but the certificate is there, and stays the same.
    token = machine.path("/etc/nbcourier-hub/token").read_text()
    away.rename(openssl)
    machine.do("dpkg", "--configure", "-a")
    assert machine.path("/etc/nbcourier-hub/token").read_text() == token
    states = machine.do("dpkg-query", "--show", "--showformat=${db:Status-Abbrev},")
    assert set(states.split(",")) == {"ii ", ""}
    before = machine.path("/etc/nbcourier-hub/tls/cert.pem").read_text()
    machine.do("dpkg-reconfigure", "nbcourier-hub")
    assert machine.path("/etc/nbcourier-hub/tls/cert.pem").read_text() == before
    taken.close()


def test_a_taken_port_is_left_to_its_program(machine: Machine) -> None:
    text = machine.path("/etc/nbcourier-hub/addresses").read_text()
    assert "HUB_PORT=8002\n" in text


def test_the_hub_starts_without_a_name_and_without_ipv6(machine: Machine) -> None:
    machine.start("nbcourier")
    machine.start("jupyterhub")
    browser = Browser(machine, 8002)
    eventually(lambda: browser.open("/hub/login").status == 200)
    names = machine.do(
        *("openssl", "x509", "-in", "/etc/nbcourier-hub/tls/cert.pem"),
        *("-noout", "-ext", "subjectAltName"),
    )
    assert "DNS:localhost, IP Address:127.0.0.1" in names
    assert (
        machine.path("/etc/nbcourier-hub/tls/key.pem").stat().st_mode & 0o777 == 0o640
    )


def test_the_hub_opens_to_the_network_and_closes_again(machine: Machine) -> None:
    done = machine.run("nbcourier-hub-open", "--to", "lan", "--port", "8000x")
    assert done.returncode == 2
    done = machine.run("nbcourier-hub-open", "--to", "lan", user="nobody")
    assert "Only root changes the address" in done.stderr
    done = machine.run("nbcourier-hub-open", "--to", "lan", "--port", "8081")
    assert "Another program has port 8081" in done.stderr
    said = machine.do("nbcourier-hub-open", "--to", "lan", "--port", "8443")
    assert "sha256 Fingerprint=" in said
    machine.stop("jupyterhub")
    machine.start("jupyterhub")
    browser = Browser(machine, 8443)
    eventually(lambda: browser.open("/hub/login").status == 200)
    assert machine.inside(lambda: listens("127.0.0.2", 8443))
    machine.do("nbcourier-hub-open", "--to", "this-machine")
    machine.stop("jupyterhub")
    machine.start("jupyterhub")
    eventually(lambda: browser.open("/hub/login").status == 200)
    assert not machine.inside(lambda: listens("127.0.0.2", 8443))


def test_only_the_hub_and_the_exchange_read_the_token(machine: Machine) -> None:
    for user, may in (("jupyterhub-hub", True), ("nbcourier", True), ("nobody", False)):
        done = machine.run("cat", "/etc/nbcourier-hub/token", user=user)
        assert (done.returncode == 0) == may
    for path in ("/var/lib/nbcourier", "/var/lib/nbcourier-hub"):
        assert machine.run("ls", path, user="nobody").returncode != 0


def test_systemd_understands_the_units(machine: Machine) -> None:
    for unit in ("nbcourier", "jupyterhub"):
        said = machine.do("systemd-analyze", "verify", f"{unit}.service")
        assert "Unknown" not in said
        assert "Failed to parse" not in said
    unit = machine.do(
        *("nbcourier", "sync", "unit", "--url", "https://hub.example.org/services/nbcourier"),
        *("--token-file", "/home/ada/token"),
    )
    machine.path("/etc/systemd/user/sync.service").write_text(unit)
    said = machine.do(
        *("systemd-analyze", "verify", "--user", "sync.service"),
        variables={"XDG_RUNTIME_DIR": "/run", "HOME": "/root"},
    )
    assert said == "", said
    said = machine.do(
        *("systemd-analyze", "security", "--offline=true", "--threshold=20"),
        "nbcourier.service",
    )
    assert "OK" in said


def listening(port: int) -> socket.socket:
    """Returns a socket that listens on this port."""
    made = socket.socket()
    made.bind(("127.0.0.1", port))
    made.listen()
    return made


def listens(address: str, port: int) -> bool:
    """Whether a program listens there."""
    with socket.socket() as any_socket:
        return any_socket.connect_ex((address, port)) == 0
