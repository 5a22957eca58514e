"""A machine with the packages installed, its hub, and the people of the tests.

Mum is a delegate, and teaches. Ada is added by her. Eve has an account, and is no member. Boss may use sudo.
"""

import re
from pathlib import Path

from browser import Browser, token_in
from machine import Machine, eventually

MEMBER = "/usr/sbin/nbcourier-hub-member"
SERVER = "jupyterhub.singleuser"


class Town:
    """The hub and its people."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.said = machine.install(*packages(machine))
        self.passwords = {name: f"{name}-knows-4711" for name in ("mum", "eve", "boss")}
        for name, password in self.passwords.items():
            machine.do("useradd", "--create-home", "--shell", "/bin/bash", name)
            machine.do("chpasswd", given=f"{name}:{password}\n")
        for group in ("jupyterhub", "jupyterhub_adm"):
            machine.do("gpasswd", "--add", "mum", group)
        machine.do("gpasswd", "--add", "boss", "sudo")
        self.start()

    def start(self) -> None:
        """Starts what systemd would start."""
        self.machine.start("nbcourier")
        self.machine.start("jupyterhub")

    def stop(self) -> None:
        """Stops what systemd would stop. Servers of people go on."""
        self.machine.stop("jupyterhub")
        self.machine.stop("nbcourier")

    def add(self, name: str) -> str:
        """Lets mum add a person, and returns the first password."""
        said = self.machine.do("sudo", "-n", MEMBER, "add", name, user="mum")
        return re.search(r"^The first password is (\S+)$", said, re.MULTILINE).group(1)

    def move_in(self, name: str, first: str) -> Browser:
        """Lets a new person log in and choose a password. Returns the browser once JupyterLab is there."""
        browser = Browser(self.machine)
        browser.log_in(name, first)
        page = browser.start_server(name)
        own = f"{name}-chose-0815"
        form = {
            "first": first,
            "new": own,
            "again": own,
            "_xsrf": token_in(page),
        }
        done = browser.open(f"/user/{name}/", form)
        assert "The password is changed" in done.text, done
        browser.lab(name)
        self.passwords[name] = own
        return browser

    def log_in(self, name: str) -> Browser:
        """Logs a person in, and returns the browser once JupyterLab is there."""
        browser = Browser(self.machine)
        browser.log_in(name, self.passwords[name])
        browser.start_server(name)
        browser.lab(name)
        return browser

    def servers(self, name: str) -> list[Path]:
        """Returns the directories below /proc of a person's notebook servers."""
        uid = self.machine.account(name).pw_uid
        entries = self.machine.path("/proc").glob("[0-9]*")
        return [each for each in entries if is_server(each, uid)]

    def terminal(self, name: str, *words: str) -> str:
        """Runs a command as it runs in a terminal of the person's JupyterLab."""
        (server,) = self.servers(name)
        text = (server / "environ").read_text()
        variables = dict(line.split("=", 1) for line in text.split("\0") if line)
        home = self.machine.account(name).pw_dir
        return self.machine.do(
            "env", f"--chdir={home}", *words, user=name, variables=variables
        )


def is_server(entry: Path, uid: int) -> bool:
    """Whether a process is a notebook server of this account."""
    try:
        words = (entry / "cmdline").read_text().split("\0")
        return SERVER in words and entry.stat().st_uid == uid
    except OSError:
        return False


def packages(machine: Machine) -> list[str]:
    """Returns the paths of the packages on the machine."""
    found = sorted(machine.path("/debs").glob("*.deb"))
    assert len(found) == 2, found
    return [f"/debs/{each.name}" for each in found]


def wait_for_hub(machine: Machine) -> None:
    """Waits until the hub replies."""
    browser = Browser(machine)
    eventually(lambda: browser.open("/hub/login").status == 200)
