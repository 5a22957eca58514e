"""The stock client's course management and ours: the same commands give the same rosters and gradebooks."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from people import Outcome, Person, all_at_once
from standalone import ADMIN, WarmStandalone

NAME = "ngshare-course-management"
COURSE = "Übungen (B) & more"
TABLES = {
    "class.csv": 'email,student_id,last_name,first_name,note\n'
    'g@x,grace,"Høpper, ""A""",Grace,1\n,ada (2),L,Ada,\n,ira,I,Ira,\n,,Nobody,,\n,bob,,,\n',
    "twice.csv": "student_id,first_name,last_name,email\nbob,B,One,\nbob,B,Two,b@x\n",
    "missing.csv": "student_id,first_name,last_name\nnew,N,\n",
    "short.csv": "student_id,first_name,last_name,email\nnew,N\n",
    "head.csv": "student_id,first_name,last_name,email\n",
    "empty.csv": "",
}
# The commands, and whether each succeeds with the stock client and with ours, which also fails if a part failed.
LINES = {
    "create_course C ira kim": (True, True),
    "create_course C": (False, False),
    "add_instructor C lee": (False, False),
    "add_instructor C lee -f Lee -l O'Neill --email l@x": (True, True),
    "add_instructor --first_name=Ira C ira -l I -e -": (True, True),
    "add_instructor C ira --first Ira --last_n I --em i@x": (True, True),
    "remove_instructor C kim": (True, True),
    "remove_instructor C nobody": (False, False),
    "add_student C ada": (True, True),
    "add_student C zoë -f Zoë -l Ó -e z@x": (True, True),
    "add_student --no-gb C zoë -f Zo": (True, True),
    "add_student C lee": (False, False),
    "add_student --no-gb Nowhere ada": (False, False),
    "add_students C class.csv": (True, False),
    "add_students --no-gb C twice.csv": (True, True),
    "add_students C missing.csv": (False, False),
    "add_students C short.csv": (False, False),
    "add_students C head.csv": (False, False),
    "add_students C empty.csv": (False, False),
    "add_students C no-such-file.csv": (False, False),
    "remove_students C ada": (True, True),
    "remove_students C zoë --force": (True, True),
    "remove_students --no-gb C grace bob": (True, True),
    "remove_students --no-gb C nobody": (False, False),
}


class Side:
    """An administrator with one of the two programs, and an exchange of their own."""

    def __init__(self, binary: Path, directory: Path, program: str) -> None:
        self.service = WarmStandalone(binary, directory)
        self.admin: Person = self.service.person(ADMIN)
        self.admin.env["NBCOURIER_URL"] = self.service.url
        self.program = program
        for name, content in TABLES.items():
            (self.admin.home / name).write_text(content, encoding="utf-8")

    def says(self, line: str) -> Outcome:
        """Runs a line of LINES."""
        words = [COURSE if word == "C" else word for word in line.split()]
        return self.admin.attempt(self.program, *words)

    def roster(self) -> dict:
        """Returns the members of the course."""
        replies = [
            self.admin.get(f"{role}/{COURSE}") for role in ("instructors", "students")
        ]
        return replies[0] | replies[1]

    def gradebook(self) -> str:
        """Returns the students in nbgrader's gradebook."""
        return self.admin.nbgrader("db", "student", "list").text


@pytest.fixture(scope="module")
def sides(
    binary: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Side, Side]]:
    """The stock client, and ours, which is a link of the same name."""
    place = tmp_path_factory.mktemp("management")
    link = place / NAME
    link.symlink_to(binary)
    both = tuple(
        Side(binary, tmp_path_factory.mktemp(which), program)
        for which, program in (("stock", NAME), ("ours", str(link)))
    )
    yield both
    for side in both:
        side.service.stop()


class TestTheSameWords:
    """The commands one after the other, on both sides."""

    in_order = True

    @pytest.mark.parametrize("line", LINES)
    def test_lead_to_the_same_roster(
        self, sides: tuple[Side, Side], line: str
    ) -> None:
        stock, ours = all_at_once(*(lambda side=side: side.says(line) for side in sides))
        assert (stock.code == 0, ours.code == 0) == LINES[line], f"{stock}{ours}"
        assert "Traceback" not in ours.text and "panicked" not in ours.text, str(ours)
        assert sides[0].roster() == sides[1].roster()

    def test_lead_to_the_same_gradebook(self, sides: tuple[Side, Side]) -> None:
        stock, ours = (side.gradebook() for side in sides)
        assert "lee" not in ours
        assert "bob" in ours
        assert stock == ours
