"""All scenarios by their names, in the order of the table."""

from collections.abc import Callable

from bench import Bench

from . import (
    clients,
    directories,
    disk,
    hub,
    idle,
    large,
    own,
    pages,
    reads,
    roster,
    rush,
    submit,
    sync,
)

SCENARIOS: dict[str, Callable[[Bench], None]] = {
    "idle": idle.measure,
    "reads": reads.measure,
    "class-listing": reads.measure_class_listing,
    "submit": submit.measure,
    "rush": rush.measure,
    "enrol": roster.measure_enrolment,
    "delete": roster.measure_deletion,
    "hub": hub.measure,
    "large": large.measure,
    "client": clients.measure,
    "plugin": clients.measure_plugin,
    "own-exchange": own.measure,
    "pages": pages.measure,
    "disk": disk.measure,
    "commits": directories.measure_commits,
    "starts": directories.measure_starts,
    "pulls": directories.measure_pulls,
    "sync": sync.measure,
}
