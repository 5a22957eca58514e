"""Reads units of systemd with their drop-ins, as far as the units of the packages need it."""

from dataclasses import dataclass, field
from pathlib import Path

UNITS = "usr/lib/systemd/system"


@dataclass
class Unit:
    """The settings of a service."""

    settings: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, root: Path, name: str) -> "Unit":
        """Reads a unit and its drop-ins below this root directory."""
        made = cls()
        files = [root / UNITS / f"{name}.service"]
        files += sorted((root / UNITS / f"{name}.service.d").glob("*.conf"))
        for file in files:
            for line in file.read_text().splitlines():
                made.take(line)
        return made

    def take(self, line: str) -> None:
        """Takes a line. An empty value takes back the earlier ones."""
        if "=" not in line or line.startswith(("#", "[")):
            return
        key, value = line.split("=", 1)
        values = self.settings.setdefault(key, [])
        if value:
            values.append(value)
        else:
            values.clear()

    def one(self, key: str, default: str | None = None) -> str:
        """Returns the last value of a setting."""
        values = self.settings.get(key, [])
        if not values and default is None:
            raise LookupError(key)
        return values[-1] if values else default

    def variables(self, root: Path) -> dict[str, str]:
        """Returns the environment that the unit sets."""
        lines = list(self.settings.get("Environment", []))
        for file in self.settings.get("EnvironmentFile", []):
            path = root / file.lstrip("-/")
            if path.exists() or not file.startswith("-"):
                lines += path.read_text().splitlines()
        return dict(
            line.split("=", 1)
            for line in lines
            if "=" in line and not line.startswith("#")
        )
