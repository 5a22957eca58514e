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
from typing import Any, BinaryIO

START_LIMIT_S = 180
POLL_S = 0.05
# The functions of the programs that can run in this way, besides "python -c".
SCRIPTS = {
    "nbgrader": ("nbgrader.apps.nbgraderapp", "main"),
    "ngshare-course-management": ("ngshare_exchange.course_management", "main"),
    "jupyter-server": ("jupyter_server.serverapp", "main"),
}
PROGRAMS = {"python", *SCRIPTS}
# nbgrader, and what it imports only when a command runs.
NBGRADER = ("nbgrader.apps", "filecmp", "jupyter_core.migrate", "requests", "sqlalchemy.dialects.sqlite")
# The plugin, unless the people have another client. The stock client reads the environment when it is imported.
PLUGIN = ("nbcourier.exchange", "nbcourier.roster")
# The extensions that nbgrader's environment enables in notebook servers.
NOTEBOOK_SERVER = (
    "jupyter_server.serverapp",
    "jupyter_lsp",
    "jupyter_server_terminals",
    "jupyterlab.labapp",
    "nbgrader.server_extensions.assignment_list",
    "nbgrader.server_extensions.course_list",
    "nbgrader.server_extensions.formgrader",
    "nbgrader.server_extensions.validate_assignment",
    "notebook.app",
    "notebook_shim.nbserver",
)


class Running:
    """A command that was started."""

    def __init__(self, connection: socket.socket) -> None:
        self._answers = connection.makefile()
        self._connection = connection
        self.pid = int(self._answers.readline())

    def wait(self, limit_s: float) -> int:
        """Waits for the end, and returns the exit code."""
        self._connection.settimeout(limit_s)
        with self._connection, self._answers:
            return int(self._answers.readline())

    def stop(self, limit_s: float) -> int:
        """Asks the command to end, and returns the exit code."""
        os.kill(self.pid, signal.SIGTERM)
        return self.wait(limit_s)


class Kitchen:
    """The waiting process, started with the first command and ended with the tests."""

    def __init__(self, python_path: str, modules: tuple[str, ...] = ()) -> None:
        """`python_path` is the variable PYTHONPATH of the commands; it may contain a client.

        `modules` are imported in addition.
        """
        self._python_path = python_path
        self._modules = modules
        self._directory = tempfile.TemporaryDirectory(prefix="nbgrader-")
        self._address = str(Path(self._directory.name) / "socket")
        self._process: subprocess.Popen | None = None
        self._starting = threading.Lock()
        atexit.register(self._stop)

    def run(
        self, command: list[str], *, cwd: Path, env: dict[str, str], limit_s: float
    ) -> tuple[int, str, str]:
        """Returns the exit code, standard output and standard error."""
        with (
            tempfile.TemporaryFile() as stdout,
            tempfile.TemporaryFile() as stderr,
        ):
            running = self.start(command, cwd=cwd, env=env, outputs=(stdout, stderr))
            code = running.wait(limit_s)
            said = []
            for output in (stdout, stderr):
                output.seek(0)
                said.append(output.read().decode())
        return code, said[0], said[1]

    def start(
        self,
        command: list[str],
        *,
        cwd: Path,
        env: dict[str, str],
        outputs: tuple[BinaryIO, BinaryIO],
    ) -> Running:
        """Starts a command with these files as standard output and standard error."""
        with self._starting:
            if self._process is None:
                self._start()
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(START_LIMIT_S)
        connection.connect(self._address)
        order = {"command": command, "cwd": str(cwd), "env": env}
        descriptors = [output.fileno() for output in outputs]
        socket.send_fds(connection, [b"x"], descriptors)
        connection.sendall(json.dumps(order).encode() + b"\n")
        return Running(connection)

    def _start(self) -> None:
        # Python reads these variables only when it starts, and nbgrader looks for `alembic` on the PATH. All others come
        # with each command.
        own = {
            "LC_ALL": "C.UTF-8",
            "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
            "PYTHONPATH": self._python_path,
        }
        self._process = subprocess.Popen(
            [sys.executable, __file__, self._address, *self._modules],
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


def serve(address: str, *modules: str) -> None:
    """Imports nbgrader and these modules, and forks for each command until it is killed."""
    # Replaces the directory of this file, which has all modules of the tests.
    sys.path[0] = str(Path(sys.executable).parent)
    _import_all(modules)
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


def _import_all(modules: tuple[str, ...]) -> None:
    """Imports what most commands import, so that the forks have it."""
    for name in (*NBGRADER, *modules):
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
    connection.sendall(b"%d\n" % child)
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
def kitchen(python_path: str, modules: tuple[str, ...] = ()) -> Kitchen:
    """Returns the process for commands with this variable PYTHONPATH that need these modules."""
    return Kitchen(python_path, modules)


if __name__ == "__main__":
    serve(*sys.argv[1:])
