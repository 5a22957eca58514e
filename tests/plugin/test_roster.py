"""nbgrader's own list of students and the exchange's."""

import codecs
import csv
import io
import json
import logging
import sys
from pathlib import Path
from typing import Any

import pytest
from course import PYTHON_SOURCE, Course, both_wires, enrol, through
from front import Front, answer

sys.path.insert(0, str(PYTHON_SOURCE))

from nbcourier import class_file  # noqa: E402 (needs the path set above)
from nbcourier.errors import CourierError  # noqa: E402
from nbcourier.transport import Student  # noqa: E402


def in_course(course: Course) -> str:
    # `nbgrader db` has no --course.
    return f"--CourseDirectory.course_id={course.name}"


def students(course: Course) -> dict[str, str]:
    reply = course.instructor.get(f"students/{course.name}")
    return {each["username"]: each["first_name"] or "" for each in reply["students"]}


@both_wires
def test_adding_to_the_gradebook_enrols_and_removing_does_not(
    course: Course,
) -> None:
    known = course.first.name
    details = {"first_name": "Ada", "last_name": "L", "email": ""}
    course.instructor.post(f"student/{course.name}/{known}", **details)
    gradebook = ("db", "student")
    option = in_course(course)
    names = ("--first-name=Zoë", "--email=z@here")
    course.instructor.nbgrader(*gradebook, "add", "zoë", option, *names)
    course.instructor.nbgrader(*gradebook, "add", known, option)
    assert students(course) == {known: "Ada", course.second.name: "", "zoë": "Zoë"}
    course.instructor.nbgrader(*gradebook, "remove", "zoë", option)
    assert students(course) == {known: "Ada", course.second.name: ""}


def test_a_student_refused_by_the_exchange_is_not_added_to_the_gradebook(
    course: Course,
) -> None:
    gradebook = ("db", "student")
    option = "--CourseDirectory.course_id=no"
    complaint = course.instructor.refused(*gradebook, "add", "zoë", option)
    assert (
        "'zoë' was not added to 'no': The exchange says: Course not found" in complaint
    )
    listed = course.instructor.nbgrader(*gradebook, "list", in_course(course))
    assert "zoë" not in listed.text
    # An instructor may try out an assignment.
    name = course.instructor.name
    course.instructor.nbgrader(*gradebook, "add", name, in_course(course))
    assert name not in students(course)


@both_wires
@pytest.mark.parametrize("given", ["", "*", "[{0}]{1}*"])
def test_the_only_course_that_the_setting_means_gets_the_student(
    course: Course, given: str
) -> None:
    name = course.name
    option = f"--CourseDirectory.course_id={given.format(name[0], name[1:])}"
    command = ("db", "student")
    course.instructor.nbgrader(*command, "add", "zoë", option)
    assert "zoë" in students(course)
    course.instructor.nbgrader(*command, "remove", "zoë", option)
    assert "zoë" not in students(course)


@pytest.mark.parametrize("given", ["", "*", "nothing*"])
def test_the_gradebook_is_unchanged_unless_one_course_is_meant(
    course: Course, given: str
) -> None:
    enrol(f"{course.name} b", course.service.admin, course.instructor, ())
    option = f"--CourseDirectory.course_id={given}"
    complaint = course.instructor.refused("db", "student", "add", "zoë", option)
    assert "One course is needed here" in complaint
    assert "--CourseDirectory.course_id=COURSE" in complaint
    listed = course.instructor.nbgrader("db", "student", "list", in_course(course))
    assert "zoë" not in listed.text


def test_without_the_exchange_nobody_is_added_or_removed_and_the_command_says_so(
    course: Course, front: Front
) -> None:
    student = ("db", "student")
    option = in_course(course)
    course.instructor.nbgrader(*student, "add", course.first.name, option)
    through(front.url, course.instructor)
    front.die()
    complaint = course.instructor.refused(*student, "add", "zoë", option)
    assert f"'zoë' was not added to '{course.name}': The exchange at" in complaint
    assert "The gradebook was not changed" in complaint
    removal = (*student, "remove", course.first.name, option)
    complaint = course.instructor.refused(*removal)
    assert f"'{course.first.name}' was not removed from '{course.name}'" in complaint
    listed = course.instructor.nbgrader(*student, "list", option).stdout
    assert "zoë" not in listed and course.first.name in listed
    # nbgrader can still be configured to change the gradebook alone.
    alone = "--Authenticator.plugin_class=nbgrader.auth.NoAuthPlugin"
    course.instructor.nbgrader(*student, "add", "zoë", option, alone)


HEADER = "id,last_name,first_name,email\n"


def write_class(course: Course, text: str) -> None:
    (course.instructor.home / "class.csv").write_text(text, "utf-8")


def people(course: Course) -> dict[str, tuple[str | None, ...]]:
    reply = course.instructor.get(f"students/{course.name}")
    details = ("first_name", "last_name", "email")
    return {
        each["username"]: tuple(each[detail] for detail in details)
        for each in reply["students"]
    }


def in_gradebook(course: Course) -> str:
    option = in_course(course)
    return course.instructor.nbgrader("db", "student", "list", option).stdout


def import_class(course: Course) -> tuple[str, ...]:
    return "db", "student", "import", "class.csv", in_course(course)


@both_wires
def test_a_class_is_imported_with_all_details_and_what_is_not_said_stays(
    course: Course,
) -> None:
    known, other = course.first.name, course.second.name
    details = {"first_name": "Ada", "last_name": "L", "email": "ada@here"}
    course.instructor.post(f"student/{course.name}/{known}", **details)
    lines = [f"{known},,,a@there", "zoë,Zett,Zoë,z@here", f"{course.instructor.name},I,Ira,"]
    write_class(course, HEADER + "\n".join(lines) + "\n")
    outcome = course.instructor.nbgrader(*import_class(course))
    assert people(course)[known] == ("Ada", "L", "a@there")
    assert people(course)["zoë"] == ("Zoë", "Zett", "z@here")
    assert set(people(course)) == {known, other, "zoë"}
    assert f"'{course.instructor.name}' is no student of" in outcome.stderr
    assert "zoë (Zett, Zoë) -- z@here" in in_gradebook(course)


def test_a_class_is_one_request(course: Course, front: Front) -> None:
    through(front.url, course.instructor)
    lines = [f"s{number},Last,First," for number in range(300)]
    write_class(course, HEADER + "\n".join(lines))
    course.instructor.nbgrader(*import_class(course))
    assert len(front.asked) == 1
    assert len(people(course)) == 302


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("a/b,,,", "line 3: 'a/b' cannot be a user name"),
        (",Nobody,,", "line 3: there is no id"),
        ("..,,,", "line 3: '..' cannot be a user name"),
        (" eve,,,", "line 3: ' eve' begins or ends with a blank"),
        ("\u00a0eve,,,", "begins or ends with a blank"),
        ("e\u200bve,,,", "line 3: 'e\\u200bve' holds the invisible character U+200B"),
        ("\u202eeve,,,", "the invisible character U+202E"),
        ("x" * 256 + ",,,", "cannot be a user name"),
    ],
)
@both_wires
def test_a_line_that_names_nobody_is_named_and_nobody_is_enrolled(
    course: Course, line: str, fault: str
) -> None:
    before = people(course)
    write_class(course, f"{HEADER}dan,D,Dan,\n{line}\neve,E,Eve,\n")
    complaint = course.instructor.refused(*import_class(course))
    assert f"Nobody was added to '{course.name}'" in complaint
    assert fault in complaint
    assert "The gradebook was not changed" in complaint
    assert people(course) == before
    assert "dan" not in in_gradebook(course)


def test_a_person_who_is_in_the_file_twice_is_named(course: Course) -> None:
    write_class(course, HEADER + "dan,D,Dan,\neve,E,Eve,\ndan,D,Daniel,\n")
    said = course.instructor.nbgrader(*import_class(course)).stderr
    assert "'dan' is also in line 2; the later line counts" in said
    assert people(course)["dan"] == ("Daniel", "D", None)
    assert "dan (D, Daniel)" in in_gradebook(course)


@both_wires
def test_an_exchange_that_is_down_is_asked_once_for_a_class_and_the_command_fails(
    course: Course, front: Front
) -> None:
    through(front.url, course.instructor)
    front.rule = lambda _: answer(503, b"down")
    lines = [f"s{number},,," for number in range(20)]
    write_class(course, HEADER + "\n".join(lines))
    complaint = course.instructor.refused(*import_class(course), "--NbCourier.attempts=1")
    assert f"Nobody was added to '{course.name}'" in complaint
    # The second request uses the older protocol, which another server might know.
    assert len(front.asked) <= 2
    assert "s0" not in in_gradebook(course)
    front.die()
    course.instructor.refused(*import_class(course))


ZOE = ("Zoë", "Müller", "z@u")
CLASS_FILES = {
    "English": "Username,First name,Last name,E-mail\nn1,Zoë,Müller,z@u\n",
    "a mark": "\ufeffid,first_name,last_name,email\nn1,Zoë,Müller,z@u\n",
    "semicolons": "id;first_name;last_name;email\r\nn1;Zoë;Müller;z@u\r\n",
    "other names beside id": "id,First Name,Surname,Email\nn1,Zoë,Müller,z@u\n",
    "Matrikel": "Matrikel;Nachname;Vorname;E-Mail\nn1;Müller;Zoë;z@u\n",
    "Matrikelnr": "Matrikelnr.\tName\tVorname\tE-Mail-Adresse\nn1\tMüller\tZoë\tz@u\n",
    "Croatian": "Ime;Prezime;Korisničko ime;Adresa e-pošte\nZoë;Müller;n1;z@u\n",
    "French": 'sep=;\n"Nom d’utilisateur";Nom;Prénom;"Adresse de courriel"\nn1;Müller;Zoë;z@u\n',
    "Catalan": "Nom d'usuari;Nom;Cognoms;Adreça electrònica\nn1;Zoë;Müller;z@u\n",
    "Italian": "MATRICOLA;COGNOME;NOME;EMAIL\nn1;Müller;Zoë;z@u\n",
    "Polish": "Nr albumu|Nazwisko|Imię|Adres e-mail\nn1|Müller|Zoë|z@u\n",
    "Turkish": "KULLANICI ADI;AD;SOYAD;E-POSTA\nn1;Zoë;Müller;z@u\n",
    "Greek": "Όνομα χρήστη;Όνομα;Επώνυμο;Διεύθυνση ηλεκτρονικού ταχυδρομείου\nn1;Zoë;Müller;z@u\n",
    "Russian": "Логин;Имя;Фамилия;Электронная почта\nn1;Zoë;Müller;z@u\n",
    "Japanese": "ユーザ名,姓,名,メールアドレス\nn1,Müller,Zoë,z@u\n",
    "Chinese": "学号,姓,名,电子邮箱\nn1,Müller,Zoë,z@u\n",
    "Korean": "사용자 이름,성,이름,이메일\nn1,Müller,Zoë,z@u\n",
    "a total": "Login;Vorname;Nachname;Mail;Punkte\nn1;Zoë;Müller;z@u;3\n;;;;\nGesamt;;;;3\n\n",
    "a total elsewhere": "Login;Vorname;Nachname;Mail;Note\nn1;Zoë;Müller;z@u;\n;Anzahl: 1;;;\n",
    "formulas and blanks": ' login ,first name,"last name",email\n="n1", Zoë ,"Müller",z@u\n,,,\n',
    "text of two lines": 'login,note,first name,last name,email\nn1,"a\nb, ""c""",Zoë,Müller,z@u\n',
}


@pytest.mark.parametrize("kind", CLASS_FILES)
def test_files_of_spreadsheets_and_campus_systems_are_understood(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    content = CLASS_FILES[kind]
    file = tmp_path / "class.csv"
    file.write_bytes(content.encode())
    read = class_file.read(str(file), logging.getLogger("a test"))
    (student,) = read.students
    assert (student.username, student.first_name, student.last_name, student.email) == ("n1", *ZOE)
    # The rows that nbgrader's own reader gets.
    (row,) = csv.DictReader(io.StringIO(read.translated))
    assert row == {"id": "n1", "first_name": "Zoë", "last_name": "Müller", "email": "z@u"}
    by_number = any(word in content for word in ("Matrikel", "MATRICOLA", "albumu", "学号"))
    assert ("the numbers in" in caplog.text) == by_number


@pytest.mark.parametrize(
    ("kind", "encoding"),
    [("Matrikel", "utf-8"), ("Croatian", "utf-8"), ("a total", "utf-8"), ("English", "utf-8-sig"), ("English", "utf-16")],
)
def test_such_files_are_imported_by_nbgrader(course: Course, kind: str, encoding: str) -> None:
    content = CLASS_FILES[kind].replace("n1", "zoë")
    (course.instructor.home / "class.csv").write_bytes(content.encode(encoding))
    course.instructor.nbgrader(*import_class(course))
    assert people(course)["zoë"] == ZOE
    assert len(people(course)) == 3
    assert "zoë (Müller, Zoë) -- z@u" in in_gradebook(course)


def test_nbgraders_own_files_are_left_to_it(tmp_path: Path) -> None:
    file = tmp_path / "class.csv"
    file.write_text("id,last_name, first_name,email,lms_user_id,notes\nn1,Müller,Zoë,z@u,7,x\n")
    read = class_file.read(str(file), logging.getLogger("a test"))
    assert read.translated is None
    assert read.students == [Student("n1", *ZOE)]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("Prüfling;Fach\nn1;x\n", "has no column of user names, such as `id`. Its columns are: Prüfling, Fach"),
        ("ID number,First name\nn1,Zoë\n", "--Roster.user_column=COLUMN"),
        ("Student,ID,SIS User ID,Section\nn1,4711,s1,A\n", "has no column of user names"),
        ("login,E-Mail,Email\nn1,a@u,b@u\n", "two columns with the same meaning: E-Mail and Email"),
        ("login;Login\nn1;n2\n", "two columns with the same meaning: login and Login"),
        ("login,email\nn1\n", "line 2 has 1 columns"),
        ("login,email\nn1,z@u\nlogin,email\n", "line 3 repeats the names of the columns"),
        ("login,email\nn1,z@u\n,y@u\n", "line 3: there is no id"),
        ("sep=;\nlogin;email\nn1;z@u\n\na/b;x\n", "line 5: 'a/b' cannot be a user name"),
        ('login,email\nn1,"z@u\nn2,x\n', "cannot be read as CSV"),
        ("", "has no column of user names"),
    ],
)
def test_a_file_that_is_not_understood_is_refused_with_the_reason(
    tmp_path: Path, content: str, sentence: str
) -> None:
    file = tmp_path / "class.csv"
    file.write_bytes(content.encode())
    with pytest.raises(CourierError) as refused:
        class_file.read(str(file), logging.getLogger("a test"))
    assert sentence in str(refused.value)


# The same files as `nbcourier roster import` reads in tests/it/client/roster.rs. In this command, instructors are skipped.
SHARED = json.loads((Path(__file__).parents[1] / "class_files.json").read_text("utf-8"))
MARKS = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-32-le": codecs.BOM_UTF32_LE}


@pytest.mark.parametrize("case", SHARED, ids=lambda case: case["what"])
def test_a_class_file_is_read_as_by_the_program(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, case: dict[str, Any]
) -> None:
    file = tmp_path / "class.csv"
    encoding = case.get("encoding", "utf-8")
    file.write_bytes(MARKS.get(encoding, b"") + case["content"].encode(encoding.removesuffix("-bare")))
    log = logging.getLogger("a test")
    if "refused" in case:
        with pytest.raises(CourierError) as refused:
            class_file.read(str(file), log)
        for words in case["refused"]:
            assert words in str(refused.value)
        return
    read = class_file.read(str(file), log)
    people = [[each.username, each.first_name, each.last_name, each.email] for each in read.students]
    assert people == case["people"]
    for words in (*case.get("noted", ()), *case.get("instructors", ()), *case.get("assistants", ())):
        assert words in caplog.text
    # What nbgrader's own reader gets.
    rows = csv.DictReader(io.StringIO(read.translated))
    assert [row["id"] for row in rows] == [each[0] for each in case["people"]]


def test_such_a_file_changes_nothing(course: Course) -> None:
    before = people(course)
    write_class(course, "Prüfling;Fach\nn1;x\n")
    complaint = course.instructor.refused(*import_class(course))
    assert "Its columns are: Prüfling, Fach" in complaint
    assert "Nobody was added" in complaint and "The gradebook was not changed" in complaint
    assert people(course) == before
    assert "n1" not in in_gradebook(course)


def test_a_column_of_user_names_can_be_named(course: Course) -> None:
    write_class(course, "Prüfling;Nachname;Vorname\nn1;Müller;Zoë\n")
    course.instructor.nbgrader(*import_class(course), "--Roster.user_column=Prüfling")
    assert people(course)["n1"] == ("Zoë", "Müller", None)


@pytest.mark.parametrize(
    "columns", ["OrgDefinedId,Username,Last Name", "Username,Last Name,End-of-Line Indicator", "OrgDefinedId,Last Name"]
)
def test_the_marks_of_brightspace_are_no_parts_of_names(tmp_path: Path, columns: str) -> None:
    cells = {"OrgDefinedId": "#n1", "Username": "#n1", "Last Name": "#Doe", "End-of-Line Indicator": "#"}
    file = tmp_path / "class.csv"
    file.write_text(f"{columns}\n{','.join(cells[each] for each in columns.split(','))}\n")
    read = class_file.read(str(file), logging.getLogger("a test"))
    assert read.students == [Student("n1", last_name="#Doe")]
    assert read.translated == "id,last_name\r\nn1,#Doe\r\n"
    # In another list the mark is a part of the name.
    file.write_text("Username,Last Name\n#n1,Doe\n")
    assert [each.username for each in class_file.read(str(file), logging.getLogger("a test")).students] == ["#n1"]


ENCODED = [
    ("windows-1252", "Günther", "Groß"),
    ("windows-1252", "Zoé", "O’Brien"),
    ("windows-1250", "Łukasz", "Żółkiewski"),
    ("windows-1250", "Šárka", "Dvořáková"),
    ("cp1254", "İbrahim", "Yıldız"),
    ("windows-1257", "Rūta", "Šimkutė"),
    ("mac_roman", "François", "Noël"),
    ("mac_latin2", "Jiří", "Růžička"),
    ("cp850", "Björn", "Müßig"),
    ("windows-1251", "Наталья", "Щукина"),
    ("gbk", "小明", "王"),
]


@pytest.mark.parametrize(("encoding", "first", "last"), ENCODED)
@pytest.mark.parametrize("columns", ["id,first_name,last_name", "login;Vorname;Nachname"])
def test_a_file_is_read_in_the_encoding_that_is_named_and_in_no_other(
    tmp_path: Path, encoding: str, first: str, last: str, columns: str
) -> None:
    separator = ";" if ";" in columns else ","
    file = tmp_path / "class.csv"
    file.write_bytes(f"{columns}\r\nn1,{first},{last}\r\n".replace(",", separator).encode(encoding))
    log = logging.getLogger("a test")
    read = class_file.read(str(file), log, encoding=encoding)
    assert read.students == [Student("n1", first, last)]
    assert read.translated is not None and first in read.translated
    with pytest.raises(CourierError, match="name its encoding with --Roster.encoding=NAME"):
        class_file.read(str(file), log)


def test_tones_of_vietnamese_are_parts_of_their_letters(tmp_path: Path) -> None:
    file = tmp_path / "class.csv"
    file.write_bytes("id,first_name\nn1,Nguyê\u0303n\n".encode("cp1258"))
    (student,) = class_file.read(str(file), logging.getLogger("a test"), encoding="cp1258").students
    assert student.first_name == "Nguy\u1ec5n"


@pytest.mark.parametrize("encoding", ["klingon", "hex", "rot13", "a\0b", "ascii", "utf-8", "latin-1"])
def test_an_encoding_that_the_file_is_not_in_is_refused(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "class.csv"
    file.write_bytes("id,first_name\nn1,Günther\n".encode("cp850"))
    with pytest.raises(CourierError, match="the encoding '.*' .--Roster.encoding") as refused:
        class_file.read(str(file), logging.getLogger("a test"), encoding=encoding)
    assert "class.csv" in str(refused.value)


def test_nbgrader_imports_a_file_of_a_named_encoding(course: Course) -> None:
    content = "id,first_name,last_name\nn1,Małgorzata,Wiśniewska\n".encode("windows-1250")
    (course.instructor.home / "class.csv").write_bytes(content)
    said = course.instructor.refused(*import_class(course))
    assert "--Roster.encoding=NAME" in said
    assert "n1" not in people(course)
    course.instructor.nbgrader(*import_class(course), "--Roster.encoding=windows-1250")
    assert people(course)["n1"] == ("Małgorzata", "Wiśniewska", None)
