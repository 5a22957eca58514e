"""The results and their table."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

Sample = Callable[[], float]
NGSHARE = "ngshare 0.6.0"


@dataclass
class Figure:
    """A row: the samples of both systems, and the wanted values."""

    scenario: str
    unit: str
    better: Literal["more", "less"]
    # Wanted ratio to the other system.
    wanted: float | None = None
    # Maximum value in the unit, independent of the other system.
    ceiling: float | None = None
    note: str = ""
    # The system that nbcourier is compared with.
    beside: str = NGSHARE
    other: list[float] = field(default_factory=list)
    nbcourier: list[float] = field(default_factory=list)

    def of(self, name: str) -> list[float]:
        """The samples of nbcourier, or of the other system for any other name."""
        return self.nbcourier if name == "nbcourier" else self.other

    @property
    def ratio(self) -> float | None:
        """Ratio of the medians, larger than 1 if nbcourier is better. None if the other system has no samples."""
        if not self.other or not self.nbcourier:
            return None
        theirs, ours = map(statistics.median, (self.other, self.nbcourier))
        worse, better = (theirs, ours) if self.better == "more" else (ours, theirs)
        return better / worse if worse else None

    @property
    def reached(self) -> bool | None:
        """Whether all wanted values are reached. None if there are none."""
        verdicts = []
        if self.wanted is not None and self.ratio is not None:
            verdicts.append(self.ratio >= self.wanted)
        if self.ceiling is not None and self.nbcourier:
            verdicts.append(max(self.nbcourier) <= self.ceiling)
        return all(verdicts) if verdicts else None

    def row(self) -> list[str]:
        """Returns the cells of the row."""
        wanted = []
        if self.wanted is not None:
            wanted.append(f"≥ {self.wanted:g} ×")
        if self.ceiling is not None:
            wanted.append(f"≤ {self.ceiling:g} {self.unit}")
        verdict = {None: "", True: "yes", False: "**no**"}[self.reached]
        ratio = "" if self.ratio is None else f"{_digits(self.ratio)} ×"
        name = f"{self.scenario}, {self.unit}"
        return [
            name,
            _spread(self.other),
            _spread(self.nbcourier),
            ratio,
            ", ".join(wanted),
            verdict,
            self.note,
        ]


def table(figures: list[Figure]) -> str:
    """Returns all rows as Markdown, with a table for each system that nbcourier is compared with."""
    systems = dict.fromkeys(figure.beside for figure in figures)
    return "\n\n".join(
        _table(system, [figure for figure in figures if figure.beside == system])
        for system in systems
    )


def _table(beside: str, figures: list[Figure]) -> str:
    """Returns these rows, padded so that the source is readable too."""
    headings = ["scenario", beside, "nbcourier", "ratio", "wanted", "reached", "note"]
    rows = [headings, *(figure.row() for figure in figures)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "| "
        + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        + " |"
        for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def alternate(figure: Figure, rounds: int, ngshare: Sample, nbcourier: Sample) -> None:
    """Takes the samples of both servers in turn, so that a slow machine slows both."""
    for _ in range(rounds):
        figure.other.append(ngshare())
        figure.nbcourier.append(nbcourier())


def _spread(samples: list[float]) -> str:
    """Returns the median and the range."""
    if not samples:
        return "–"
    middle = _digits(statistics.median(samples))
    if len(samples) == 1:
        return middle
    return f"{middle} ({_digits(min(samples))}–{_digits(max(samples))})"


def _digits(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    if value >= 10:
        return f"{value:.1f}"
    return f"{value:.3g}"
