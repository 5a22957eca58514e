"""Runs a person's notebook server, after the person has changed a first password that somebody else knows.

Everything here runs as the person. While the first password is in use, the server shows one page, whose form goes to
`passwd`. Then the notebook server takes its place: the same process, at the same address.
"""

import asyncio
import html
import os
import pwd
import pty
import re
import select
import subprocess
import sys
from urllib.parse import urlsplit

PASSWD = "/usr/bin/passwd"
# `passwd --status` shows this day when the password has to be changed.
NEVER = "1970-01-01"
LIMIT_S = 20
LONGEST = 256

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>A password of your own</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body {{ font: 1em sans-serif; max-width: 26em; margin: 3em auto; padding: 0 1em }}
label {{ display: block; margin: 1em 0 }} input {{ display: block; width: 100%; padding: .4em; box-sizing: border-box }}
[role=alert] {{ color: #a00 }}</style></head><body><main>
<h1>A password of your own</h1>
<p>Somebody else knows your first password. Choose another one.</p>
{problem}
<form method="post"><input type="hidden" name="_xsrf" value="{token}">
<label>First password <input type="password" name="first" autocomplete="current-password" required></label>
<label>New password <input type="password" name="new" autocomplete="new-password" required></label>
<label>New password again <input type="password" name="again" autocomplete="new-password" required></label>
<button>Change the password</button></form></main></body></html>
"""
DONE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>The password is changed</title>
<meta http-equiv="refresh" content="4; url={address}"></head>
<body><main><p>The password is changed. <a href="{address}">JupyterLab</a> starts.</p></main></body></html>
"""


def has_to_change() -> bool:
    """Whether the password of the account that runs this is a first one."""
    done = subprocess.run(
        [PASSWD, "--status"], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    return done.returncode == 0 and done.stdout.split()[2:3] == [NEVER]


def change(first: str, new: str) -> str:
    """Changes the password with the system's own program. Returns an empty string, or the reason why it refused."""
    process, terminal = pty.fork()
    if process == 0:
        os.execve(PASSWD, [PASSWD], {"LC_ALL": "C", "PATH": "/usr/bin:/bin"})
    said = talk(terminal, [first, new, new])
    os.close(terminal)
    _, status = os.waitpid(process, 0)
    if os.waitstatus_to_exitcode(status) == 0:
        return ""
    for secret in (first, new):
        said = said.replace(secret, "")
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    reasons = [line for line in lines if not re.search(r"assword: ?$|^Changing", line)]
    return " ".join(reasons) or "The password was not changed."


def talk(terminal: int, answers: list[str]) -> str:
    """Answers one question after the other, and returns what the program said."""
    said, asked = "", 0
    waiting = list(answers)
    while True:
        readable, _, _ = select.select([terminal], [], [], LIMIT_S)
        try:
            part = os.read(terminal, 4096) if readable else b""
        except OSError:
            return said
        if not part:
            return said
        said += part.decode("utf-8", "replace")
        if said.count("assword: ") > asked:
            asked += 1
            if not waiting:
                return said
            os.write(terminal, waiting.pop(0).encode() + b"\n")


def problem_with(first: str, new: str, again: str) -> str:
    """Returns what is wrong with the form, or an empty string."""
    if new != again:
        return "The new passwords differ."
    if new == first:
        return "The new password is the first one. Choose another one."
    for text in (first, new):
        if not text.isprintable() or len(text.encode()) > LONGEST:
            return f"A password has at most {LONGEST} bytes, and no control characters."
    return ""


async def show_form() -> None:
    """Serves the form until the password is changed."""
    from jupyterhub.services.auth import (
        HubOAuth,
        HubOAuthCallbackHandler,
        HubOAuthenticated,
    )
    from jupyterhub.utils import url_path_join
    from tornado import web

    prefix = os.environ["JUPYTERHUB_SERVICE_PREFIX"]
    person = pwd.getpwuid(os.getuid()).pw_name
    changed = asyncio.Event()
    one_at_a_time = asyncio.Lock()
    HubOAuth.instance().hub_users = {person}

    class Form(HubOAuthenticated, web.RequestHandler):
        """Shows the form to its person, and changes the password."""

        def set_default_headers(self) -> None:
            self.set_header("Cache-Control", "no-store")
            self.set_header(
                "Content-Security-Policy",
                "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
            )

        @web.authenticated
        def get(self, *_path: str) -> None:
            self.show("")

        @web.authenticated
        async def post(self, *_path: str) -> None:
            names = ("first", "new", "again")
            first, new, again = (
                self.get_body_argument(each, "", strip=False) for each in names
            )
            async with one_at_a_time:
                problem = problem_with(first, new, again) or await asyncio.to_thread(
                    change, first, new
                )
            if problem:
                self.set_status(400)
                self.show(problem)
                return
            await self.finish(DONE.format(address=html.escape(prefix)))
            changed.set()

        def show(self, problem: str) -> None:
            text = f'<p role="alert">{html.escape(problem)}</p>' if problem else ""
            self.write(PAGE.format(problem=text, token=self.xsrf_token.decode()))

    application = web.Application(
        [
            (url_path_join(prefix, "oauth_callback"), HubOAuthCallbackHandler),
            (f"{prefix}(.*)", Form),
        ],
        cookie_secret=os.urandom(32),
        xsrf_cookies=True,
        xsrf_cookie_kwargs={"path": prefix},
    )
    address = urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"])
    server = application.listen(address.port, address.hostname, max_body_size=64 * 1024)
    await changed.wait()
    # The last page still has to arrive.
    await asyncio.sleep(0.5)
    server.stop()
    await server.close_all_connections()


def main() -> None:
    """Shows the form if it has to, and becomes the notebook server."""
    if has_to_change():
        asyncio.run(show_form())
    python = sys.executable
    os.execv(python, [python, "-s", "-m", "jupyterhub.singleuser", *sys.argv[1:]])


if __name__ == "__main__":
    main()
