"""The steps of one assignment as tests that run in order, the same for every installation of nbcourier.

Each step leaves its files to the next. If a step fails, the later ones fail at once (see conftest.py).
"""

import shutil

from cast import Cast, Listed, submissions_in, work_of
from material import ASSIGNMENT, COURSE, answers
from people import Person, all_at_once
from trees import assert_same_tree, below, decoded, read_tree, without, write_tree

# The words of nbgrader for the state of a submission's feedback.
NONE_YET = "no feedback available"
READY = "feedback ready to be fetched"
FETCHED = "feedback already fetched"


class CourseCycle:
    """The steps. A subclass implements three of them and provides the `cast` fixture."""

    in_order = True

    def enrol(self, cast: Cast) -> None:
        """Makes the course and gives each person a role in it."""
        raise NotImplementedError

    def make_release(self, cast: Cast) -> None:
        """Writes the assignment to the instructor's release directory."""
        raise NotImplementedError

    def make_feedback(self, cast: Cast) -> None:
        """Writes feedback on the collected work to the instructor's feedback directory."""
        raise NotImplementedError

    def test_everybody_gets_a_role_in_the_new_course(self, cast: Cast) -> None:
        self.enrol(cast)
        for person in (cast.instructor, *cast.students):
            assert person.get("courses")["courses"] == [COURSE]
        assert people_in(cast.instructor, "instructors") == [cast.instructor.name]
        expected = sorted(student.name for student in cast.students)
        assert people_in(cast.instructor, "students") == expected

    def test_a_released_assignment_is_listed_for_both_students(
        self, cast: Cast
    ) -> None:
        self.make_release(cast)
        cast.course("release_assignment")
        cast.released = read_tree(cast.release_directory())
        for listing in all_at_once(*(student.listing for student in cast.students)):
            assert listing == [f"{COURSE} {ASSIGNMENT}"]

    def test_a_fetched_assignment_is_byte_for_byte_what_was_released(
        self, cast: Cast
    ) -> None:
        all_at_once(*(lambda s=s: fetch(s) for s in cast.students))
        for student in cast.students:
            assert_same_tree(work_of(student), cast.released)

    def test_submissions_are_collected_byte_for_byte(self, cast: Cast) -> None:
        all_at_once(*(lambda s=s: self._submit(cast, s) for s in cast.students))
        cast.course("collect")
        for student in cast.students:
            self._is_collected(cast, student)

    def test_a_second_submission_is_listed_beside_the_first(self, cast: Cast) -> None:
        self._submit(cast, cast.first)
        inbound, cached = all_at_once(
            lambda: list_inbound(cast.instructor),
            lambda: list_cached(cast.first),
        )
        first, second = (submissions_in(inbound, student) for student in cast.students)
        assert (len(first), len(second), len(inbound)) == (2, 1, 3)
        assert first[0].timestamp < first[1].timestamp
        assert {each.feedback for each in [*first, *second]} == {NONE_YET}
        assert cached == first
        cast.times = [each.timestamp for each in first]

    def test_collecting_again_brings_the_newest_submission(self, cast: Cast) -> None:
        before = cast.collected(cast.second)
        cast.course("collect", "--update")
        newest = cast.collected(cast.first)
        assert_same_tree(
            without(newest, "timestamp.txt"), cast.handed_in[cast.first.name][1]
        )
        assert newest["timestamp.txt"].decode() == cast.times[1]
        assert_same_tree(cast.collected(cast.second), before)

    def test_feedback_reaches_each_student_byte_for_byte(self, cast: Cast) -> None:
        self.make_feedback(cast)
        cast.course("release_feedback")
        cast.inbound, ready = all_at_once(
            lambda: list_inbound(cast.instructor),
            lambda: list_cached(cast.first),
        )
        assert [each.feedback for each in ready] == [NONE_YET, READY]
        all_at_once(*(lambda s=s: fetch_feedback(s) for s in cast.students))
        for student in cast.students:
            self._has_own_feedback(cast, student)
        assert list_cached(cast.first)[1].feedback == FETCHED

    def test_a_forced_release_keeps_every_submission_and_all_feedback(
        self, cast: Cast
    ) -> None:
        write_tree(cast.release_directory(), {"corrigendum (2).md": "ß\n".encode()})
        cast.course("release_assignment", "--force")

        shutil.rmtree(cast.instructor.home / "submitted")
        for student in cast.students:
            shutil.rmtree(student.home / ASSIGNMENT / "feedback")
        inbound, *_ = all_at_once(
            lambda: list_inbound(cast.instructor),
            lambda: cast.course("collect"),
            *(lambda s=s: fetch_feedback(s) for s in cast.students),
        )
        assert inbound == cast.inbound
        for student in cast.students:
            self._is_collected(cast, student)
            self._has_own_feedback(cast, student)

    def test_a_submission_that_was_not_the_last_is_still_there_byte_for_byte(
        self, cast: Cast
    ) -> None:
        path = f"submission/{COURSE}/{ASSIGNMENT}/{cast.first.name}"
        reply = cast.instructor.get(path, timestamp=cast.times[0])
        assert_same_tree(decoded(reply["files"]), cast.handed_in[cast.first.name][0])

    def test_fetching_after_a_forced_release_brings_the_new_files(
        self, cast: Cast
    ) -> None:
        shutil.rmtree(cast.second.home / ASSIGNMENT)
        fetch(cast.second)
        assert_same_tree(work_of(cast.second), read_tree(cast.release_directory()))

    def _submit(self, cast: Cast, student: Person) -> None:
        earlier = cast.handed_in.setdefault(student.name, [])
        answer = answers(cast.released, student.name, len(earlier) + 1)
        write_tree(student.home / ASSIGNMENT, answer)
        student.nbgrader("submit", ASSIGNMENT, f"--course={COURSE}")
        earlier.append(work_of(student))

    def _is_collected(self, cast: Cast, student: Person) -> None:
        assert_same_tree(
            without(cast.collected(student), "timestamp.txt"),
            cast.handed_in[student.name][-1],
        )

    def _has_own_feedback(self, cast: Cast, student: Person) -> None:
        pages = cast.feedback(student)
        assert pages
        time = cast.collected(student)["timestamp.txt"].decode()
        fetched = read_tree(student.home / ASSIGNMENT / "feedback")
        assert_same_tree(below(fetched, time), pages)


def people_in(asking: Person, role: str) -> list[str]:
    """Returns the names in one of the course's rosters, sorted."""
    entries = asking.get(f"{role}/{COURSE}")[role]
    return sorted(entry["username"] for entry in entries)


def list_inbound(instructor: Person) -> list[str]:
    """Returns all submissions to the assignment, as its instructor sees them."""
    return instructor.listing("--inbound", ASSIGNMENT, f"--course={COURSE}")


def list_cached(student: Person) -> list[Listed]:
    """Returns the student's own submissions to the assignment."""
    return submissions_in(student.listing("--cached"), student)


def fetch(student: Person) -> None:
    """Fetches the assignment into the student's home."""
    student.nbgrader("fetch_assignment", ASSIGNMENT, f"--course={COURSE}")


def fetch_feedback(student: Person) -> None:
    """Fetches all feedback on the student's submissions."""
    student.nbgrader("fetch_feedback", ASSIGNMENT, f"--course={COURSE}")
