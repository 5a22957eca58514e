"""Tells Python of the plugin in a directory of packages, as an installer does: name, version, licence and entry points."""

import sys
import tomllib
from pathlib import Path


def main(project_file: str, version: str, site: str) -> None:
    """Writes the description of the plugin from pyproject.toml."""
    project = tomllib.loads(Path(project_file).read_text())["project"]
    name = project["name"]
    place = Path(site) / f"{name}-{version}.dist-info"
    place.mkdir()
    head = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    more = [f"Summary: {project['description']}", f"License: {project['license']}"]
    needed = [f"Requires-Dist: {each}" for each in project["dependencies"]]
    (place / "METADATA").write_text("\n".join([*head, *more, *needed]) + "\n")
    (place / "INSTALLER").write_text("dpkg\n")
    groups = project["entry-points"].items()
    lines = [
        line
        for group, points in groups
        for line in (
            f"[{group}]",
            *(f"{key} = {point}" for key, point in points.items()),
        )
    ]
    (place / "entry_points.txt").write_text("\n".join(lines) + "\n")


main(*sys.argv[1:])
