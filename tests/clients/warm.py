"""Runs nbgrader's commands without its start-up time: a process that has imported nbgrader forks for each command.

Each command calls the function that its program calls, with a process, a directory and an environment of its own.
Importing nbgrader and the plugin takes ten times as long as most commands of the tests.
"""

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path
from typing import Any

START_LIMIT_S = 60
POLL_S = 0.05
# The functions of the programs that can run in this way, besides "python -c".
SCRIPTS = {
    "nbgrader": ("nbgrader.apps.nbgraderapp", "main"),
    "ngshare-course-management": ("ngshare_exchange.course_management", "main"),
}
PROGRAMS = {"python", *SCRIPTS}
# nbgrader, and what it imports only when a command runs.
NBGRADER = ("nbgrader.apps", "filecmp", "jupyter_core.migrate", "requests", "sqlalchemy.dialects.sqlite")
# The plugin, unless the people have another client. The stock client reads the environment when it is imported.
PLUGIN = ("nbcourier.exchange", "nbcourier.roster")


class Kitchen:
    """The waiting process, started with the first command and ended with the tests."""

    def __init__(self, python_path: str) -> None:
        """`python_path` is the variable PYTHONPATH of the commands; it may contain a client."""
        self._python_path = python_path
        self._directory = tempfile.TemporaryDirectory(prefix="nbgrader-")
        self._address = str(Path(self._directory.name) / "socket")
        self._process: subprocess.Popen | None = None
        self._starting = threading.Lock()
        atexit.register(self._stop)

    def run(
        self, command: list[str], *, cwd: Path, env: dict[str, str], limit_s: float
    ) -> tuple[int, str, str]:
        """Returns the exit code, standard output and standard error."""
        with self._starting:
            if self._process is None:
                self._start()
        with (
            tempfile.TemporaryFile(dir=self._directory.name) as stdout,
            tempfile.TemporaryFile(dir=self._directory.name) as stderr,
            socket.socket(socket.AF_UNIX) as connection,
        ):
            connection.settimeout(limit_s)
            connection.connect(self._address)
            order = {"command": command, "cwd": str(cwd), "env": env}
            outputs = [stdout.fileno(), stderr.fileno()]
            socket.send_fds(connection, [b"x"], outputs)
            connection.sendall(json.dumps(order).encode() + b"\n")
            code = connection.makefile().readline()
            said = []
            for output in (stdout, stderr):
                output.seek(0)
                said.append(output.read().decode())
        return int(code), said[0], said[1]

    def _start(self) -> None:
        # Python reads these variables only when it starts, and nbgrader looks for `alembic` on the PATH. All others come
        # with each command.
        own = {
            "LC_ALL": "C.UTF-8",
            "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
            "PYTHONPATH": self._python_path,
        }
        self._process = subprocess.Popen(
            [sys.executable, __file__, self._address],
            env=os.environ | own,
            stdin=subprocess.DEVNULL,
        )
        limit = time.monotonic() + START_LIMIT_S
        while not os.path.exists(self._address):
            assert self._process.poll() is None and time.monotonic() < limit
            time.sleep(POLL_S)

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(START_LIMIT_S)
        self._directory.cleanup()


def serve(address: str) -> None:
    """Imports nbgrader, and forks for each command until it is killed."""
    # Replaces the directory of this file, which has all modules of the tests.
    sys.path[0] = str(Path(sys.executable).parent)
    _import_all()
    # Otherwise each child would copy the memory of all these objects when it collects garbage.
    gc.collect()
    gc.freeze()
    # The child processes are not waited for, so the kernel removes them.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listening:
        # The socket gets its final name only once it is listening.
        listening.bind(f"{address}.new")
        listening.listen(64)
        os.rename(f"{address}.new", address)
        while True:
            connection, _ = listening.accept()
            with connection:
                if os.fork() == 0:
                    listening.close()
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    _take(connection)
                    os._exit(0)


def _import_all() -> None:
    """Imports what most commands import, so that the forks have it."""
    for name in NBGRADER:
        importlib.import_module(name)
    with contextlib.suppress(ModuleNotFoundError):
        for name in PLUGIN:
            importlib.import_module(name)
    # For each new gradebook, nbgrader runs `alembic`, which only prints the version of nbgrader's own tables.
    from nbgrader import api

    version = api.get_alembic_version()
    api.get_alembic_version = lambda: version


def _take(connection: socket.socket) -> None:
    _, outputs, _, _ = socket.recv_fds(connection, 1, 2)
    order = json.loads(connection.makefile().readline())
    child = os.fork()
    if child == 0:
        connection.close()
        for target, output in enumerate(outputs, start=1):
            os.dup2(output, target)
            os.close(output)
        os._exit(_execute(**order))
    _, status = os.waitpid(child, 0)
    connection.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))


def _execute(command: list[str], cwd: str, env: dict[str, str]) -> int:
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    try:
        _main(command)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    else:
        code = 0
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def _main(command: list[str]) -> Any:
    program, *arguments = command
    if program == "python":
        option, text, *more = arguments
        assert option == "-c"
        sys.argv = [option, *more]
        sys.path[0] = ""
        exec(compile(text, "<string>", "exec"), {"__name__": "__main__"})
        return
    module, function = SCRIPTS[program]
    sys.argv = [program, *arguments]
    sys.exit(getattr(importlib.import_module(module), function)())


@functools.cache
def kitchen(python_path: str) -> Kitchen:
    """Returns the process for commands with this variable PYTHONPATH."""
    return Kitchen(python_path)


if __name__ == "__main__":
    serve(sys.argv[1])
