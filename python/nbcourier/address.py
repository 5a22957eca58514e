"""Finds the address of the exchange, from the settings or else from the variables that a hub sets.

The program has the same rules in src/config/client.rs; tests/addresses.json tests both.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import SplitResult, quote, unquote, urlsplit

from .errors import CourierError

SERVICE = "nbcourier"
# The default port of configurable-http-proxy. The hub's own API port serves no services.
_PROXY_PORT = "8000"
# The port of the hub of The Littlest JupyterHub. Its proxy listens on the default port of the web.
_TLJH_HUB_PORT = 15001
# The services of JupyterHub's chart: the public proxy, and the one behind it if the chart gets certificates itself.
_PUBLIC, _PLAIN = "PROXY_PUBLIC_SERVICE_", "PROXY_HTTP_SERVICE_"
# The labels of a domain that JupyterHub 5 uses unchanged.
_LABEL = re.compile(r"(?!.*--)(?!\d+$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)

_NUMBERS = re.compile(r"[0-9a-fx.]+", re.IGNORECASE)


@dataclass(frozen=True)
class Address:
    """The address below which all requests go, without a slash at its end."""

    url: str
    # The environment variable from which the address was derived; empty if the address was set.
    source: str = ""

    @property
    def direct(self) -> bool:
        """Whether to bypass the proxies of the environment: after a wrong guess, a proxy would get the token."""
        return bool(self.source) or _is_near(urlsplit(self.url).hostname or "")

    @property
    def advice(self) -> str:
        """Returns a sentence about what to do if the address is wrong."""
        if self.source:
            return (
                f"That address was derived from {self.source}. If it is wrong, set NBCOURIER_URL or c.NbCourier.url to"
                " the exchange's address"
            )
        return (
            "Correct NBCOURIER_URL or c.NbCourier.url, or ask the administrators of your JupyterHub"
        )


def find(configured: str, service_name: str, environment: Mapping[str, str]) -> Address:
    """Returns the address; raises `CourierError` if there is no clue, or if the configured address is invalid."""
    said = (configured or environment.get("NBCOURIER_URL") or "").strip()
    if said:
        return Address(_checked(said).rstrip("/"))
    service = service_name or environment.get("NBCOURIER_SERVICE_NAME") or SERVICE
    origin, source = _origin(service, environment)
    path = f"{_base(environment)}/services/{quote(service, safe='')}"
    return Address(_checked(origin + path), source)


def for_browsers(
    exchange: Address, environment: Mapping[str, str]
) -> tuple[str | None, str]:
    """Returns the address at which browsers find the exchange's pages, and its path.

    The first is None if the exchange is known only by an address inside of the cluster or of the hub's machine.
    """
    url = urlsplit(exchange.url)
    path = url.path
    base, services, service = path.rpartition("/services/")
    # The hub's proxy serves no other paths.
    if services and exchange.direct and base == _base(environment):
        public = _public_origin(unquote(service), environment)
        if public is not None:
            return public[0] + path, path
    is_inside = exchange.direct and environment.get("JUPYTERHUB_API_URL")
    return None if is_inside else exchange.url, path


def _checked(url: str) -> str:
    parts = _parsed(url)
    if parts is None:
        raise CourierError(
            f"The exchange's address should begin with http:// or https://, but it is '{url}'. Correct NBCOURIER_URL"
            " or c.NbCourier.url"
        )
    if parts.username is not None or parts.password is not None:
        raise CourierError(
            "The exchange's address contains a user name or password, which the exchange does not use. Remove them from"
            " NBCOURIER_URL or c.NbCourier.url"
        )
    if "?" in url or "#" in url:
        raise CourierError(
            f"The exchange's address should have no '?' and no '#', but it is '{url}'"
        )
    return url


def _base(environment: Mapping[str, str]) -> str:
    """Returns the path below which the hub answers, without a slash at its end."""
    base = environment.get("JUPYTERHUB_BASE_URL") or ""
    if not base and (hub := _parsed(environment.get("JUPYTERHUB_PUBLIC_HUB_URL"))):
        base = hub.path.rstrip("/").removesuffix("/hub")
    base = base.strip("/")
    return f"/{base}" if base else ""


def _origin(service: str, environment: Mapping[str, str]) -> tuple[str, str]:
    """Returns the scheme, host and port, and the name of the variable that they come from."""
    public = _public_origin(service, environment)
    if public is not None:
        origin, source, has_subdomains = public
        if has_subdomains or origin.startswith("https:"):
            return origin, source
    hub = _parsed(environment.get("JUPYTERHUB_API_URL"))
    if in_cluster := _in_cluster(environment, hub):
        return in_cluster
    if public is not None:
        return origin, source
    if hub is None:
        raise CourierError(
            "The address of the exchange is unknown. Set NBCOURIER_URL, or c.NbCourier.url in nbgrader_config.py"
        )
    host = hub.hostname or ""
    port = _PROXY_PORT
    if _is_here(host) and hub.port == _TLJH_HUB_PORT:
        port = ""
    # The request stays on this machine, where nobody can read it on the way.
    scheme = "http" if _is_here(host) else hub.scheme
    return _joined(scheme, host, port), "JUPYTERHUB_API_URL"


def _public_origin(
    service: str, environment: Mapping[str, str]
) -> tuple[str, str, bool] | None:
    """Returns the origin for browsers, the variable that it comes from, and whether each service has a domain."""
    # JupyterHub 5 and newer set the first and the last if the public address is configured. The second is set if each
    # user has a domain.
    known = {
        name: url
        for name in (
            "JUPYTERHUB_PUBLIC_HUB_URL",
            "JUPYTERHUB_HOST",
            "JUPYTERHUB_PUBLIC_URL",
        )
        if (url := _parsed(environment.get(name)))
    }
    for source, url in known.items():
        if not _has_subdomains(known):
            return f"{url.scheme}://{url.netloc}", source, False
        is_new = known.keys() != {"JUPYTERHUB_HOST"}
        return f"{url.scheme}://{_label(service, is_new)}.{url.netloc}", source, True
    return None


def _has_subdomains(known: Mapping[str, SplitResult]) -> bool:
    hub = known.get("JUPYTERHUB_PUBLIC_HUB_URL")
    own = known.get("JUPYTERHUB_PUBLIC_URL")
    differs = hub is not None and own is not None and hub.netloc != own.netloc
    return "JUPYTERHUB_HOST" in known or differs


def _label(service: str, is_new: bool) -> str:
    if not is_new:
        return "services"
    if not _LABEL.fullmatch(service):
        raise CourierError(
            f"The address of the exchange is unknown, and the domain of a service named '{service}' cannot be derived."
            " Set NBCOURIER_URL, or c.NbCourier.url in nbgrader_config.py"
        )
    return f"{service.lower()}--service"


def _in_cluster(
    environment: Mapping[str, str], hub: SplitResult | None
) -> tuple[str, str] | None:
    # Kubernetes sets variables in every pod with the addresses of the services. They begin with the services' names.
    release = _release(environment, hub)
    if release is None:
        return None

    def port(name: str) -> str:
        found = environment.get(release + name) or ""
        return found if found.isascii() and found.isdigit() else ""

    is_https = hub is not None and hub.scheme == "https"
    plain = environment.get(f"{release}{_PLAIN}HOST")
    if plain and not is_https:
        source = f"{release}{_PLAIN}HOST"
        return _joined("http", plain, port(f"{_PLAIN}PORT")), source
    source = f"{release}{_PUBLIC}HOST"
    usual, secure = port(f"{_PUBLIC}PORT"), port(f"{_PUBLIC}PORT_HTTPS")
    if is_https or secure or usual == "443":
        return _joined("https", environment[source], secure or usual), source
    return _joined("http", environment[source], usual), source


def _release(environment: Mapping[str, str], hub: SplitResult | None) -> str | None:
    """Returns the prefix of the variables of the hub's own services: often empty, else the name of the release."""
    end = f"{_PUBLIC}HOST"
    found = [
        name.removesuffix(end)
        for name, host in environment.items()
        if host and (name == end or name.endswith(f"_{end}"))
    ]
    name = ((hub.hostname or "") if hub else "").split(".")[0]
    own = name.removesuffix("hub").upper().replace("-", "_")
    for release in (own, ""):
        if release in found:
            return release
    return found[0] if len(found) == 1 else None


def _joined(scheme: str, host: str, port: str) -> str:
    name = f"[{host}]" if ":" in host else host
    return f"{scheme}://{name}:{port}" if port else f"{scheme}://{name}"


def _parsed(url: str | None) -> SplitResult | None:
    """Returns the parts of an HTTP or HTTPS address, or None for anything else."""
    try:
        parts = urlsplit(url or "")
        # Reading an invalid port raises `ValueError`.
        usable = parts.port is None or parts.port >= 0
    except ValueError:
        return None
    is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
    return parts if usable and is_address and " " not in (url or "") else None


def _is_here(host: str) -> bool:
    host = _without_root(host)
    address = _ip_address(host)
    if address is None:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback


def _without_root(host: str) -> str:
    """Returns the name without the dot at its end, which stands for the root of all domains."""
    return host.removesuffix(".")


def _ip_address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(host)
    except ValueError:
        if not _NUMBERS.fullmatch(host):
            return None
        try:
            # Other ways to write an address, such as 127.1, which programs of the system understand.
            return IPv4Address(socket.inet_aton(host))
        except OSError:
            return None
    # An address of the fourth version may be written as one of the sixth.
    return getattr(address, "ipv4_mapped", None) or address


def _is_near(host: str) -> bool:
    """Whether the host is this machine, or in the same cluster or private network."""
    host = _without_root(host)
    address = _ip_address(host)
    if address is None:
        inside = (".local", ".internal", ".svc", ".localhost")
        return "." not in host or host.endswith(inside)
    return address.is_private or address.is_link_local
