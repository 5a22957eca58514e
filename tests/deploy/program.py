"""The program's own word about its flags, variables and settings."""

import os
import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path

from chart import Rendered
from image import certificates

LIMIT_S = 60


@cache
def help_of(binary: Path, *command: str) -> str:
    """Returns the help of a subcommand."""
    done = subprocess.run(
        [binary, *command, "--help"], capture_output=True, text=True, timeout=LIMIT_S
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def flags_of(binary: Path, *command: str) -> set[str]:
    """Returns the long flags of a subcommand."""
    text = help_of(binary, *command)
    return set(re.findall(r"^\s+(?:-\w, )?(--[a-z0-9-]+)", text, re.MULTILINE))


def variables_of(binary: Path, *command: str) -> set[str]:
    """Returns the environment variables that a subcommand reads as settings."""
    return set(re.findall(r"\[env:\s+(\w+)", help_of(binary, *command)))


def settings_as_read(binary: Path, rendered: Rendered, place: Path) -> str:
    """Lets the program read the rendered configuration with the rendered environment and arguments, and returns its list
    of all settings. Fails if the program refuses one of them.
    """
    config = place / "nbcourier.toml"
    text = rendered.configuration
    token = place / "metrics-token"
    token.write_text("token")
    named = tomllib.loads(text).get("metrics-token-file", "none")
    config.write_text(text.replace(named, str(token)))
    given = rendered.environment()
    plain = {name: str(value) for name, value in given.items() if name.isupper()}
    plain |= {"NBCOURIER_CONFIG": str(config), "JUPYTERHUB_API_TOKEN": "token"}
    if "NBCOURIER_DATABASE" in plain:
        # The chart mounts its own file there.
        mounted = "/etc/nbcourier/database-ca/ca.pem"
        url = plain["NBCOURIER_DATABASE"]
        plain["NBCOURIER_DATABASE"] = url.replace(mounted, str(certificates()))
    if "NBCOURIER_S3_SECRET_KEY_FILE" in plain:
        secret = place / "s3-secret"
        secret.write_text("secret")
        plain |= {
            "NBCOURIER_S3_SECRET_KEY_FILE": str(secret),
            "AWS_ACCESS_KEY_ID": "id",
        }
    _, *arguments = rendered.container["args"]
    done = subprocess.run(
        [binary, "config", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        env={"PATH": os.environ["PATH"]} | plain,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
