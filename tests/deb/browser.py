"""A person's browser, as far as logging in and JupyterLab's own requests go. It trusts the hub's certificate, and no other."""

import http.cookiejar
import json
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass

from machine import Machine, eventually

LIMIT_S = 60


@dataclass(frozen=True)
class Page:
    """What the hub replied with."""

    status: int
    address: str
    text: str

    @property
    def path(self) -> str:
        """Returns the path of the address."""
        return urllib.parse.urlsplit(self.address).path


class Browser:
    """A browser on the machine itself."""

    def __init__(self, machine: Machine, port: int = 8000) -> None:
        trust = ssl.create_default_context(
            cafile=str(machine.path("/etc/nbcourier-hub/tls/cert.pem"))
        )
        self._machine = machine
        self._cookies = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=trust),
            urllib.request.HTTPCookieProcessor(self._cookies),
        )
        self.base = f"https://127.0.0.1:{port}"

    def open(
        self,
        path: str,
        form: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Page:
        """Sends a request, a POST with a form if there is one, and follows redirects."""
        body = None if form is None else urllib.parse.urlencode(form).encode()
        url = urllib.parse.urljoin(self.base, path)
        request = urllib.request.Request(url, body, headers or {})
        return self._machine.inside(lambda: self._send(request))

    def _send(self, request: urllib.request.Request) -> Page:
        try:
            with self._opener.open(request, timeout=LIMIT_S) as reply:
                text = reply.read().decode("utf-8", "replace")
                return Page(reply.status, reply.geturl(), text)
        except urllib.error.HTTPError as error:
            return Page(error.code, error.geturl(), error.read().decode())
        except (OSError, http.client.HTTPException) as error:
            return Page(0, request.full_url, str(error))

    def log_in(self, name: str, password: str) -> Page:
        """Sends the form of the login page."""
        page = eventually(lambda: self._page("/hub/login"), what="the hub is not up")
        form = {"username": name, "password": password, "_xsrf": token_in(page)}
        return self.open("/hub/login", form)

    def _page(self, path: str) -> Page | None:
        page = self.open(path)
        return page if page.status == 200 else None

    def start_server(self, name: str) -> Page:
        """Waits until the person's own server shows a page, which is the form for a new password or JupyterLab."""

        def arrived() -> Page | None:
            page = self.open(f"/user/{name}/")
            here = page.path.startswith(f"/user/{name}/")
            return page if here and page.status == 200 else None

        self.open("/hub/spawn")
        return eventually(arrived, 90, f"the server of {name} does not start")

    def lab(self, name: str) -> Page:
        """Waits for JupyterLab."""

        def arrived() -> Page | None:
            page = self.open(f"/user/{name}/lab")
            return page if "jupyter-config-data" in page.text else None

        return eventually(arrived, 90, f"JupyterLab of {name} does not start")

    def ask(self, name: str, path: str, form: dict | None = None) -> dict:
        """Sends a request of JupyterLab to the person's server, and returns its reply."""
        token = next(
            each.value
            for each in self._cookies
            if each.name == "_xsrf" and each.path == f"/user/{name}/"
        )
        page = self.open(f"/user/{name}/{path}", form, {"X-XSRFToken": token})
        assert page.status == 200, page
        return json.loads(page.text)


def token_in(page: Page) -> str:
    """Returns the token of the form on a page."""
    return re.search(r'name="_xsrf"\s+value="([^"]*)"', page.text).group(1)


def is_refused(page: Page) -> bool:
    """Whether the hub shows the login page again, or refuses in another way."""
    return page.path == "/hub/login" and (
        page.status == 403 or "Invalid username or password" in page.text
    )
