"""Where the exchange is, when nobody has said so: what the hub tells a notebook server is enough to work it out."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from .errors import CourierError

# Where configurable-http-proxy listens when nobody says otherwise; the hub's own API port serves no services.
_PROXY_PORT = 8000


def find(configured: str, service_name: str, environment: Mapping[str, str]) -> str:
    """The address below which all requests go, without a slash at its end; `CourierError` when there is no clue."""
    url = configured or environment.get("NBCOURIER_URL") or ""
    if not url:
        base = environment.get("JUPYTERHUB_BASE_URL") or "/"
        url = f"{_proxy(environment)}/{base.strip('/')}".rstrip("/")
        url = f"{url}/services/{service_name}"
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
        raise CourierError(
            f"The exchange's address should begin with http:// or https://, but it is '{url}'"
        )
    return url.rstrip("/")


def _proxy(environment: Mapping[str, str]) -> str:
    # Kubernetes sets these two in every pod beside the service that JupyterHub's chart calls proxy-public.
    host = environment.get("PROXY_PUBLIC_SERVICE_HOST")
    if host:
        return _origin("http", host, environment.get("PROXY_PUBLIC_SERVICE_PORT"))
    # JupyterHub 5 and newer, where the operator has set the public address.
    public = urlsplit(environment.get("JUPYTERHUB_PUBLIC_HUB_URL") or "")
    if public.scheme and public.netloc:
        return f"{public.scheme}://{public.netloc}"
    hub = urlsplit(environment.get("JUPYTERHUB_API_URL") or "")
    if hub.hostname:
        return _origin("http", hub.hostname, str(_PROXY_PORT))
    raise CourierError(
        "Nobody said where the exchange is: set NBCOURIER_URL, or c.NbCourier.url in nbgrader_config.py"
    )


def _origin(scheme: str, host: str, port: str | None) -> str:
    name = f"[{host}]" if ":" in host else host
    return f"{scheme}://{name}:{port}" if port else f"{scheme}://{name}"
