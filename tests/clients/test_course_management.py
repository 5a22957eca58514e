"""The stock client's course management: courses and rosters, one by one and from a table."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from people import Person, all_at_once
from standalone import ADMIN, Standalone

COURSE = "Übungen (B) & more"
TABLE = [
    "email,student_id,last_name,first_name",
    'grace@example.org,grace,"Høpper, ""Amazing""",Grace',
    ",ada (2),Lovelace,Ada",
    "ira@example.org,ira,Instructor,Ira",
    ",,Nobody,At all",
]


@pytest.fixture(scope="module")
def service(
    binary: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Standalone]:
    """A service without courses."""
    running = Standalone(binary, tmp_path_factory.mktemp("management"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def admin(service: Standalone) -> Person:
    """The administrator, who may make courses."""
    return service.person(ADMIN)


@pytest.fixture(scope="module")
def ira(service: Standalone) -> Person:
    """The future instructor of the course."""
    return service.person("ira")


def roster(asking: Person, role: str) -> dict[str, tuple]:
    """Returns a roster by user name: first name, last name, e-mail."""
    return {
        entry["username"]: (entry["first_name"], entry["last_name"], entry["email"])
        for entry in asking.get(f"{role}/{COURSE}")[role]
    }


class TestCourseManagement:
    """A course from its creation to the last change of its roster."""

    in_order = True

    def test_only_an_administrator_can_make_a_course(
        self, admin: Person, ira: Person
    ) -> None:
        refused = ira.attempt("ngshare-course-management", "create_course", COURSE)
        assert refused.code != 0
        assert "Permission denied" in refused.text
        assert "Successfully created" in admin.manage("create_course", COURSE).text

    def test_a_course_is_made_only_once(self, admin: Person) -> None:
        again = admin.attempt("ngshare-course-management", "create_course", COURSE)
        assert again.code != 0
        assert "Course already exists" in again.text

    def test_an_instructor_is_added_with_their_name(
        self, admin: Person, ira: Person
    ) -> None:
        details = ("-f", "Ira", "-l", "O'Neill + Söhne", "-e", "ira@example.org")
        unnamed = ("-f", "", "-l", "", "-e", "")
        all_at_once(
            lambda: admin.manage("add_instructor", COURSE, ira.name, *details),
            lambda: admin.manage("add_instructor", COURSE, "kim", *unnamed),
        )
        assert roster(ira, "instructors") == {
            "ira": ("Ira", "O'Neill + Söhne", "ira@example.org"),
            "kim": ("", "", ""),
        }

    def test_an_instructor_without_names_is_asked_for_them(self, admin: Person) -> None:
        refused = admin.attempt(
            "ngshare-course-management", "add_instructor", COURSE, "lee"
        )
        assert "Please supply first name" in refused.text

    def test_students_come_from_a_table_and_an_instructor_in_it_is_left_out(
        self, ira: Person
    ) -> None:
        table = ira.home / "roster.csv"
        table.write_text("\n".join(TABLE), encoding="utf-8")
        outcome = ira.manage("add_students", "--no-gb", COURSE, str(table))
        assert "ada (2) was successfully added" in outcome.text
        assert "Cannot add instructor as student" in outcome.text
        assert roster(ira, "students") == {
            "ada (2)": ("Ada", "Lovelace", ""),
            "grace": ("Grace", 'Høpper, "Amazing"', "grace@example.org"),
        }

    def test_a_student_is_added_to_the_course_and_the_gradebook(
        self, ira: Person
    ) -> None:
        details = ("-f", "Zoë", "-l", "Ó", "-e", "zoe@example.org")
        outcome = ira.manage("add_student", COURSE, "zoë", *details)
        assert roster(ira, "students")["zoë"] == details[1::2]
        # The client itself has nbgrader add the student to the gradebook too.
        assert "Creating/updating student with ID 'zoë'" in outcome.text

    def test_students_are_removed_one_or_several(self, ira: Person) -> None:
        ira.manage("remove_students", "--no-gb", COURSE, "ada (2)", "zoë")
        assert list(roster(ira, "students")) == ["grace"]
        again = ira.attempt(
            "ngshare-course-management", "remove_students", "--no-gb", COURSE, "zoë"
        )
        assert "Student not found" in again.text

    def test_only_an_administrator_can_remove_an_instructor(
        self, admin: Person, ira: Person
    ) -> None:
        refused = ira.attempt(
            "ngshare-course-management", "remove_instructor", COURSE, "kim"
        )
        assert "Permission denied" in refused.text
        admin.manage("remove_instructor", COURSE, "kim")
        assert list(roster(admin, "instructors")) == ["ira"]
