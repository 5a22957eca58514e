"""The configuration and the command that pages for operators show, with a real hub."""

import re
import subprocess
import textwrap
from pathlib import Path

from hub import ADMIN, Hub
from plugin_person import PluginPerson

DOCS = Path(__file__).resolve().parents[2] / "docs"
# A service and a role that the hub has already, as The Littlest JupyterHub has.
BEFORE = """\
import os

c = get_config()
c.JupyterHub.services = [{"name": "other"}]
c.JupyterHub.load_roles = [{"name": "other", "services": ["other"], "scopes": ["list:users"]}]
load_subconfig(os.environ["TEST_SNIPPET"])
"""
DOCTOR_LIMIT_S = 60


def block(page: str, language: str, word: str) -> str:
    """Returns the block of a page that contains the word."""
    text = (DOCS / page).read_text("utf-8")
    blocks = re.findall(rf"^ *```{language}\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)
    (found,) = (each for each in blocks if word in each)
    return textwrap.dedent(found)


def replaced(text: str, values: dict[str, str]) -> str:
    for old, new in values.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def test_the_file_for_the_littlest_jupyterhub_adds_to_its_services_and_doctor_checks_the_hub(
    binary: Path, cache: Path, proxy: Path, tmp_path: Path
) -> None:
    snippet, data = tmp_path / "nbcourier.py", tmp_path / "data"
    values = {
        '"http://127.0.0.1:10101"': 'os.environ["NBCOURIER_SERVICE_URL"]',
        "/opt/tljh/hub/bin/nbcourier": str(binary),
        "/srv/nbcourier": str(data),
        '"root"': f'"{ADMIN}"',
    }
    shown = block("moving-in-from-tljh.md", "python", "services.extend")
    snippet.write_text("import os\n\n" + replaced(shown, values))
    (tmp_path / "before.py").write_text(BEFORE)
    servers = {"TEST_EXAMPLE": str(tmp_path / "before.py"), "TEST_SNIPPET": str(snippet)}
    hub = Hub(cache / "hub6", proxy, binary, tmp_path, servers)
    try:
        hub.person_class, PluginPerson.binary = PluginPerson, binary
        hub.add_user(ADMIN)
        admin = hub.person(ADMIN)
        admin.env["NBCOURIER_URL"] = hub.service_url
        made = admin.attempt("nbcourier", "course", "create", "algebra")
        assert made.code == 0, str(made)
        values = {
            # The pattern must not match the shell that runs the command.
            "pgrep -o nbcourier": f"pgrep -of '[s]erve --data-dir {data}'",
            "nbcourier doctor": f"{binary} doctor",
            "/srv/nbcourier": str(data),
            "--admins root": f"--admins {ADMIN}",
        }
        command = replaced(block("operations.md", "sh", "xargs"), values)
        done = subprocess.run(
            ["bash", "-c", command],
            capture_output=True,
            text=True,
            timeout=DOCTOR_LIMIT_S,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "The hub lists its groups" in done.stdout
    finally:
        hub.stop()
