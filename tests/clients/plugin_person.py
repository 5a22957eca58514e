"""A person with the plugin and the program, behind any hub, and the files of an operator for notebook servers."""

import json
import os
import shutil
from pathlib import Path

from people import PROGRAMS, Outcome, WarmPerson
from trees import write_tree

PYTHON = Path(__file__).resolve().parents[2] / "python"
# The configuration that an operator puts on every notebook server.
CONFIG = """\
import nbcourier

nbcourier.configure(get_config())
"""
# Without this, JupyterLab asks everybody whether they want to read news from the network.
NO_NEWS = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}


class PluginPerson(WarmPerson):
    """A person whose nbgrader uses the plugin, which finds the exchange by itself."""

    config = CONFIG.replace("{", "{{").replace("}", "}}")
    # The program under test, which the person also has.
    binary = Path()
    # The addresses of names that no name server knows, as in /etc/hosts.
    hosts: Path | None = None

    def attempt(self, program: str, *arguments: str) -> Outcome:
        """Runs a program of nbgrader's environment, or nbcourier itself."""
        self.env["PYTHONPATH"] = str(PYTHON)
        command = [str(self.binary) if program == "nbcourier" else program]
        if self.hosts is not None:
            unshare = shutil.which("unshare")
            assert unshare, "there is no unshare (util-linux)"
            inside = ["sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"']
            path = PROGRAMS / command[0]
            command = [unshare, "--map-root-user", "--mount", *inside]
            command += [str(self.hosts), str(path)]
        return super().attempt(*command, *arguments)


def lab_servers(cache: Path, directory: Path) -> dict[str, str]:
    """Returns the settings of hub_config.py for notebook servers with JupyterLab, nbgrader and the plugin."""
    config = {
        "nbgrader_config.py": CONFIG.encode(),
        "labconfig/page_config.json": json.dumps(NO_NEWS).encode(),
    }
    write_tree(directory / "etc", config)
    # The configuration that the wheel installs, at its place in the repository.
    ours = PYTHON / "install" / "data" / "etc" / "jupyter"
    shared = PYTHON / "install" / "data" / "share" / "jupyter"
    return {
        "TEST_LAB_PATH": str(shared),
        "TEST_LAB": str(cache / "lab"),
        "TEST_LAB_PYTHONPATH": str(PYTHON),
        "TEST_LAB_CONFIG_PATH": f"{directory / 'etc'}{os.pathsep}{ours}",
    }
