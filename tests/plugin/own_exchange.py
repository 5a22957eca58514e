"""nbgrader's own exchange, a shared directory, for comparison with our plugin."""

import os
from pathlib import Path
from typing import Any

import pytest
from in_process import Desk
from nbgrader.server_extensions.assignment_list.handlers import AssignmentList
from people import PROGRAMS, Person


class OwnDesk(Desk):
    """A person without the plugin, in a directory of their own."""

    def __init__(self, root: Path, name: str, home: Path) -> None:
        """`root` is the directory of the exchange."""
        super().__init__("http://127.0.0.1:9", name, home)
        root.mkdir(exist_ok=True)
        root.chmod(0o777)
        for section in ("ExchangeFactory", "Authenticator", "NbCourier"):
            del self.config[section]
        self.config.Exchange.root = str(root)
        self.config.Exchange.cache = str(home / ".cache")

    def run(self, slot: str, course: str, assignment: str = "", **settings: Any) -> Any:
        """Runs a slot; nbgrader takes the account's name as the student's."""
        if slot == "Submit":
            settings.setdefault("student", self.name)
        with pytest.MonkeyPatch.context() as patch:
            # Collecting creates a gradebook with the program `alembic`.
            patch.setenv("PATH", str(PROGRAMS), prepend=os.pathsep)
            return super().run(slot, course, assignment, **settings)


def configure_page(
    home: Path, who: Person, url: str, patch: pytest.MonkeyPatch, settings: str
) -> AssignmentList:
    """Returns the handler of JupyterLab's *Assignment List* for a person with the plugin, in this process."""
    patch.setenv("JUPYTERHUB_API_TOKEN", who.name)
    patch.setenv("JUPYTERHUB_USER", who.name)
    patch.setenv("JUPYTER_CONFIG_DIR", str(home / ".jupyter"))
    patch.setenv("JUPYTER_DATA_DIR", str(home / "data"))
    (home / ".jupyter").mkdir(parents=True)
    patch.chdir(home)
    (home / ".jupyter" / "nbgrader_config.py").write_text(
        "import nbcourier\n"
        "c = get_config()\n"
        f"nbcourier.configure(c, {url!r})\n"
        f"{settings}\n"
    )
    made = AssignmentList()
    made.root_dir = str(home)
    return made
