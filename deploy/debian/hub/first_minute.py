"""Makes what the hub needs in its first minute: free ports, a token, and a certificate. What is there already stays."""

import contextlib
import grp
import os
import pwd
import re
import secrets
import socket
import subprocess
import tempfile
from pathlib import Path

SETTINGS = Path("/etc/nbcourier-hub")
PORT = 8000
HUB_PORT = 8081
PROXY_PORT = 8001
EXCHANGE_PORT = 10101
TRIES = 100
DAYS = 3650
HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,58}[A-Za-z0-9])?")
HEAD = """\
# Chosen when the package was installed. nbcourier-hub-open changes the first two; then restart jupyterhub. After a change
# of the others, restart jupyterhub and nbcourier.
"""


def main() -> None:
    """Makes what is missing, and says what a person has to know."""
    SETTINGS.mkdir(mode=0o755, exist_ok=True)
    hub = pwd.getpwnam("jupyterhub-hub")
    exchange = grp.getgrnam("nbcourier")
    token = SETTINGS / "token"
    if not token.exists():
        write(token, secrets.token_hex(32) + "\n", 0o440, hub.pw_uid, exchange.gr_gid)
    if not (SETTINGS / "addresses").exists():
        chosen = choose_addresses()
        write_addresses(chosen)
        if chosen["HUB_PORT"] != str(PORT):
            print(f"nbcourier-hub: another program has port {PORT}.")
        print(f"nbcourier-hub: the hub is at https://127.0.0.1:{chosen['HUB_PORT']}/")
        print("nbcourier-hub: to add a person, run: nbcourier-hub-member add NAME")
        print(
            "nbcourier-hub: to let other machines in, run: nbcourier-hub-open --to lan"
        )
    make_certificate(SETTINGS / "tls", hub.pw_gid)


def choose_addresses() -> dict[str, str]:
    """Returns the addresses of the hub and its parts, on ports that no program has."""
    hub, proxy, exchange = map(free_port, (HUB_PORT, PROXY_PORT, EXCHANGE_PORT))
    return {
        "HUB_ADDRESS": "127.0.0.1",
        "HUB_PORT": str(free_port(PORT, but=(hub, proxy, exchange))),
        "PROXY_PORT": str(proxy),
        "JUPYTERHUB_API_URL": f"http://127.0.0.1:{hub}/hub/api",
        "JUPYTERHUB_SERVICE_URL": f"http://127.0.0.1:{exchange}/",
    }


def free_port(wanted: int, but: tuple[int, ...] = ()) -> int:
    """Returns this port, or the next one that no program has."""
    for port in range(wanted, wanted + TRIES):
        if port not in but and is_free(port):
            return port
    raise SystemExit(f"nbcourier-hub: ports {wanted} to {port} are taken. Free one.")


def is_free(port: int) -> bool:
    """Whether a program could listen on this port of all addresses."""
    with socket.socket() as any_socket, contextlib.suppress(OSError):
        any_socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        any_socket.bind(("", port))
        any_socket.listen()
        return True
    return False


def read_addresses() -> dict[str, str]:
    """Returns the addresses in use."""
    lines = (SETTINGS / "addresses").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and line[0] != "#")


def write_addresses(chosen: dict[str, str]) -> None:
    """Writes the file of addresses, which systemd reads too."""
    lines = "".join(f"{name}={value}\n" for name, value in chosen.items())
    write(SETTINGS / "addresses", HEAD + lines, 0o644, 0, 0)


def write(path: Path, text: str, mode: int, uid: int, gid: int) -> None:
    """Writes a file that is there whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with open(handle, "w") as file:
        file.write(text)
        os.fchown(handle, uid, gid)
        os.fchmod(handle, mode)
        os.fsync(handle)
    os.replace(name, path)


def make_certificate(place: Path, group: int) -> None:
    """Makes a certificate for the names of this machine, and its key, unless both are there."""
    certificate, key = place / "cert.pem", place / "key.pem"
    if certificate.exists() and key.exists():
        return
    place.mkdir(mode=0o755, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place) as work:
        made = Path(work)
        (made / "conf").write_text(request_for(names_of_host()))
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "ec", "-noenc"),
                *("-pkeyopt", "ec_paramgen_curve:P-256", "-days", str(DAYS)),
                *("-config", made / "conf"),
                *("-keyout", made / "key", "-out", made / "cert"),
            ],
            check=True,
            capture_output=True,
        )
        write(key, (made / "key").read_text(), 0o640, 0, group)
        write(certificate, (made / "cert").read_text(), 0o644, 0, 0)


def request_for(names: list[str]) -> str:
    """Returns the configuration of OpenSSL for a certificate that vouches for these names, and for nothing else."""
    return f"""\
[req]
prompt = no
distinguished_name = name
x509_extensions = extensions
[name]
CN = {names[0]}
[extensions]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always
subjectAltName = {", ".join(map(alternative, names))}
"""


def alternative(name: str) -> str:
    """Returns a name as certificates list it."""
    is_address = ":" in name or name.replace(".", "").isdigit()
    return f"IP:{name}" if is_address else f"DNS:{name}"


def names_of_host() -> list[str]:
    """Returns the names and addresses of this machine, which need not have a name."""
    names = []
    own = socket.gethostname()
    if HOST_NAME.fullmatch(own) and own != "localhost":
        names = [own] if "." in own else [own, f"{own}.local"]
    return [*names, "localhost", "127.0.0.1", "::1", *other_addresses()]


def other_addresses() -> list[str]:
    """Returns the addresses of this machine in its networks."""
    done = subprocess.run(["hostname", "-I"], capture_output=True, text=True)
    return [word for word in done.stdout.split() if "%" not in word]


if __name__ == "__main__":
    main()
