"""A Debian inside this machine, with processes, a network and a host name of its own. systemd does not run there, so the
tests start the units' commands themselves, as the units' accounts.
"""

import contextlib
import ctypes
import os
import pwd
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from unit import Unit

T = TypeVar("T")
CLONE_NEWNET = 0x40000000
LIMIT_S = 120
POLL_S = 0.3
INIT = Path(__file__).parent / "init.py"
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
BEGIN = """
set -e
mount --types tmpfs tmpfs "$2"
mkdir "$2/changes" "$2/work" "$2/root"
mount --types overlay overlay --options "lowerdir=$1,upperdir=$2/changes,workdir=$2/work" "$2/root"
cd "$2/root"
mount --types proc proc proc
mount --rbind --make-rslave /dev dev
mount --types tmpfs tmpfs run
mount --types tmpfs --options mode=1777 tmpfs tmp
mkdir debs && mount --bind "$3" debs
hostname "$4"
install -m 644 "$5" run/init.py
exec chroot . /usr/bin/python3 -IS /run/init.py
"""


class Machine:
    """A running Debian. What it changes is in memory, and gone with it."""

    def __init__(self, base: Path, place: Path, debs: Path, name: str = "hub") -> None:
        self._init = subprocess.Popen(
            [
                *("unshare", "--mount", "--pid", "--net", "--uts", "--fork"),
                *("--kill-child", "bash", "-c", BEGIN, "machine"),
                *map(str, (base, place, debs, name, INIT)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._init.stdout.readline() == "ready\n"
        self._pid = child_of(self._init.pid)
        self._services: dict[str, subprocess.Popen] = {}
        self.logs = place

    def path(self, inside: str) -> Path:
        """Returns the path at which this machine finds a file of the other one."""
        return Path(f"/proc/{self._pid}/root{inside}")

    def command(
        self,
        *words: str,
        user: str = "root",
        variables: dict[str, str] | None = None,
        with_privileges: bool = True,
    ) -> list[str]:
        """Returns the words that run a command there, as this account, with these variables and no others."""
        enter = f"nsenter --target {self._pid} --mount --pid --net --uts --root --wd"
        begin = ["env", "--ignore-environment", f"PATH={SYSTEM_PATH}"]
        drop = []
        if user != "root":
            account = self.account(user)
            drop = [
                *("setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}"),
                "--init-groups",
            ]
            drop += [] if with_privileges else ["--no-new-privs", "--bounding-set=-all"]
        given = {"LC_ALL": "C.UTF-8"} | (variables or {})
        named = [f"{name}={value}" for name, value in given.items()]
        return [*enter.split(), *begin, *drop, "env", *named, *words]

    def run(
        self, *words: str, user: str = "root", given: str = "", **more: object
    ) -> subprocess.CompletedProcess:
        """Runs a command, and returns how it ended."""
        return subprocess.run(
            self.command(*words, user=user, **more),
            input=given,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )

    def do(self, *words: str, **more: object) -> str:
        """Runs a command that has to succeed, and returns its output."""
        done = self.run(*words, **more)
        assert done.returncode == 0, (
            f"{shlex.join(words)}:\n{done.stdout}\n{done.stderr}"
        )
        return done.stdout + done.stderr

    def install(self, *names: str) -> str:
        """Installs packages with apt, from the directory of the tests, without a network."""
        # The machine is gone after the test, so no file has to reach a disk.
        return self.do(
            *("apt-get", "install", "--yes", "--no-install-recommends"),
            *("-o", "Dpkg::Options::=--force-unsafe-io", *names),
            variables={"DEBIAN_FRONTEND": "noninteractive"},
        )

    def account(self, name: str) -> pwd.struct_passwd:
        """Returns the account there."""
        for line in self.path("/etc/passwd").read_text().splitlines():
            fields = line.split(":")
            if fields[0] == name:
                fields[2:4] = map(int, fields[2:4])
                return pwd.struct_passwd(fields)
        raise LookupError(name)

    def start(self, service: str) -> None:
        """Starts the command of a unit, as systemd would do."""
        unit = Unit.read(self.path("/"), service)
        account = self.account(unit.one("User"))
        for name in unit.one("StateDirectory", "").split():
            state = self.path(f"/var/lib/{name}")
            state.mkdir(exist_ok=True)
            os.chown(state, account.pw_uid, account.pw_gid)
            state.chmod(int(unit.one("StateDirectoryMode"), 8))
        words = shlex.split(unit.one("ExecStart"))
        chdir = ["env", f"--chdir={unit.one('WorkingDirectory', '/')}"]
        command = self.command(
            *chdir,
            *words,
            user=account.pw_name,
            variables={"HOME": account.pw_dir, **unit.variables(self.path("/"))},
            with_privileges=unit.one("NoNewPrivileges") != "yes",
        )
        log = (self.logs / f"{service}.log").open("ab")
        self._services[service] = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )

    def stop(self, service: str) -> None:
        """Stops the process of a unit, and leaves alone what it has started."""
        running = self._services.pop(service)
        with contextlib.suppress(ProcessLookupError, IndexError):
            os.kill(child_of(running.pid), signal.SIGTERM)
        running.wait(LIMIT_S)

    def log(self, service: str) -> str:
        """Returns what a service has written."""
        return (self.logs / f"{service}.log").read_text(errors="replace")

    def inside(self, work: Callable[[], T]) -> T:
        """Calls `work` in a thread that is in the network of that machine. Sockets that it opens stay there."""

        def enter_and_work() -> T:
            with open(f"/proc/{self._pid}/ns/net") as namespace:
                libc = ctypes.CDLL(None, use_errno=True)
                if libc.setns(namespace.fileno(), CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), "setns")
            return work()

        with ThreadPoolExecutor(1) as threads:
            return threads.submit(enter_and_work).result(LIMIT_S)

    def processes(self) -> list[tuple[int, str]]:
        """Returns the account's number and the command line of each process there that has not ended."""
        found = []
        for entry in self.path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                words = (entry / "cmdline").read_text().replace("\0", " ")
                if state_of(entry) != "Z":
                    found.append((entry.stat().st_uid, words))
        return found

    def close(self) -> None:
        """Ends the machine with all its processes."""
        self._init.stdin.close()
        self._init.stdout.close()
        self._init.wait(LIMIT_S)
        for running in self._services.values():
            running.wait(LIMIT_S)


def child_of(pid: int) -> int:
    """Returns the number of the only child of a process."""
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


def state_of(entry: Path) -> str:
    """Returns the letter for the state of a process. Its name, which comes before it, can contain anything."""
    return (entry / "stat").read_text().rpartition(") ")[2][:1]


def eventually(check: Callable[[], T], limit_s: float = 60, what: str = "") -> T:
    """Returns the first result of `check` that counts as true."""
    deadline = time.monotonic() + limit_s
    while True:
        result = check()
        if result:
            return result
        assert time.monotonic() < deadline, (
            what or f"{check} has not come true in {limit_s} s"
        )
        time.sleep(POLL_S)


def require_root() -> None:
    """Fails if this process may not run a Debian."""
    if os.geteuid() != 0:
        sys.exit("These tests run a Debian, which takes root. Run scripts/test-deb.sh")
