"""Adding people from files, in a real browser and without one."""

import re
from pathlib import Path

import pytest
import requests
from browser import wait_for_text
from lesson import COURSE, GERMAN, TEACHER, Lesson
from pages import find, open_as, session, text
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from standalone import Standalone


def members(lesson: Lesson) -> dict[str, dict]:
    roster = lesson.call("GET", f"v1/courses/{COURSE}/roster", TEACHER)["people"]
    return {each["username"]: each for each in roster}


def send(
    server: Standalone, name: str, list_text: bytes | str, **fields: str
) -> requests.Response:
    """Sends a list as a file or, if it is text, as if it was pasted."""
    opened = session(name)
    address = f"{server.url}/c/{COURSE}/import"
    page = opened.get(address, timeout=30).text
    fields["csrf_token"] = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    if isinstance(list_text, str):
        fields["text"] = list_text
        files = {"file": ("", b"")}
    else:
        files = {"file": ("class.csv", list_text)}
    return opened.post(address, data=fields, files=files, timeout=60)


def hidden(page: str, name: str) -> str:
    return re.search(f'name="{name}" value="([^"]*)"', page)[1]


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_german_list_is_looked_at_and_added_as_a_whole(
    server: Standalone,
    lesson: Lesson,
    browser: Chrome,
    tmp_path: Path,
    scripts: bool,
) -> None:
    before = members(lesson)
    path = tmp_path / "Klasse.csv"
    path.write_bytes(GERMAN.replace("\n", "\r\n").encode("cp1252"))
    browser.execute_cdp_cmd(
        "Emulation.setScriptExecutionDisabled", {"value": not scripts}
    )
    try:
        open_as(browser, server, TEACHER, f"c/{COURSE}/people")
        find(browser, By.LINK_TEXT, "Add people from a file").click()
        find(browser, By.ID, "file").send_keys(str(path))
        find(browser, By.XPATH, "//button[text()='Look at the changes']").click()
        wait_for_text(browser, "3 lines cannot be used")
        said = text(browser)
        assert "Line 3: The letters of mül2 are a guess" in said
        assert "Line 5: The user name is missing." in said
        assert "Line 6: ira teaches this course" in said
        assert "Read as Windows-1252, with semicolons between the cells" in said
        assert "Ignored columns: Gruppe" in said
        is_first = "kpe1" not in before
        assert is_first == ('Zoé "Zo"; die Zweite Großmann' in said)
        assert members(lesson) == before, "the first step changes nothing"
        # The second time, the list changes nothing any more.
        if not is_first:
            assert "This list changes nothing." in said
            return
        find(browser, By.CSS_SELECTOR, "button[value=add]").click()
        wait_for_text(browser, "choose to leave them out")
        assert members(lesson) == before, "all or nothing"
        find(browser, By.NAME, "leave-out").click()
        find(browser, By.CSS_SELECTOR, "button[value=add]").click()
        wait_for_text(browser, "The roster is changed: 2 added, 1 changed.")
    finally:
        browser.execute_cdp_cmd(
            "Emulation.setScriptExecutionDisabled", {"value": False}
        )
    after = members(lesson)
    assert set(after) - set(before) == {"kpe1", "zo3"}
    assert after["kpe1"]["first_name"] == "Jörg"
    assert after["ada"]["email"] == "ada@new.example"
    assert after["ira"] == before["ira"]
    assert after["hana"] == before["hana"], "an empty cell leaves a detail as it is"


@pytest.mark.parametrize(
    ("encoding", "separator", "said"),
    [
        ("utf-8", ",", "Read as UTF-8, with commas"),
        ("utf-8-sig", ";", "Read as UTF-8, with semicolons"),
        ("utf-16", "\t", "Read as UTF-16, with tabs"),
        ("cp1252", ";", "Read as Windows-1252, with semicolons"),
    ],
)
def test_the_page_says_how_a_file_was_read(
    server: Standalone, lesson: Lesson, encoding: str, separator: str, said: str
) -> None:
    lines = [
        ["id", "first_name", "last_name", "email"],
        ["jo1", "Jürgen", "Weiß", "jo1@example.edu"],
    ]
    content = "\r\n".join(separator.join(cells) for cells in lines).encode(encoding)
    page = send(server, TEACHER, content).text
    assert said in page
    assert "Jürgen Weiß" in page and "new, as student" in page
    assert "jo1" not in members(lesson)


def test_a_list_that_cannot_be_used_is_refused_with_a_sentence(
    server: Standalone, lesson: Lesson
) -> None:
    before = members(lesson)
    long = "username\n" + "".join(f"u{number}\n" for number in range(10_001))
    large = b"username,last_name\n" + b"u,x\n" * 300_000
    for sent, why in [
        ("", "Choose a file, or paste lines."),
        (long, "The list has more than 10,000 lines."),
        (large, "The list is larger than 1.0 MiB."),
        (b"\x00\x01\x02", "no text in a known encoding"),
        ('username\n"ada', "begins with a quotation mark"),
        ("email,e-mail,username\n1,2,3\n", "mean the same: email, e-mail"),
        ("username,user,username\nx,y,z\n", "Two columns are named username"),
    ]:
        reply = send(server, TEACHER, sent)
        assert reply.status_code == 400, why
        assert why in reply.text, (why, reply.text)
    assert members(lesson) == before


def test_a_column_of_an_unknown_name_is_chosen(
    server: Standalone, lesson: Lesson
) -> None:
    sent = "Kürzel,Vorname\nkz7,Karl\n"
    page = send(server, TEACHER, sent)
    assert page.status_code == 400
    assert "<option>Kürzel</option>" in page.text
    page = send(server, TEACHER, sent, **{"user-column": "Kürzel"})
    assert page.ok and "kz7" in page.text and "new, as student" in page.text


def test_a_list_is_looked_at_again_if_its_people_were_changed_meanwhile(
    server: Standalone, lesson: Lesson
) -> None:
    sent = "username,first_name\nneu1,Nina\nbob,Bob\n"
    seen = hidden(send(server, TEACHER, sent).text, "seen")
    changed = {"username": "bob", "role": "student", "last_name": "Builder"}
    address = f"v1/courses/{COURSE}/roster"
    lesson.call("PUT", address, TEACHER, {"people": [changed]})
    reply = send(server, TEACHER, sent, step="add", seen=seen)
    assert reply.status_code == 409
    assert "were changed meanwhile" in reply.text
    assert "neu1" not in members(lesson)
    # What happened to others does not count.
    seen = hidden(reply.text, "seen")
    other = {"username": "ada", "role": "student", "email": "ada@x.example"}
    lesson.call("PUT", address, TEACHER, {"people": [other]})
    reply = send(server, TEACHER, sent, step="add", seen=seen)
    assert reply.ok and "The roster is changed: 1 added, 1 changed." in reply.text
    assert members(lesson)["neu1"]["first_name"] == "Nina"


def test_only_those_who_may_appoint_add_teachers_from_a_file(
    server: Standalone, lesson: Lesson
) -> None:
    sent = "username,role\nprof9,instructor\nhelper9,assistant\n"
    page = send(server, TEACHER, sent).text
    assert "Line 2: Only administrators" in page
    assert "new, as assistant" in page
    seen = hidden(page, "seen")
    refused = send(server, TEACHER, sent, step="add", seen=seen)
    assert refused.status_code == 400
    assert "helper9" not in members(lesson)


def test_the_table_of_people_holds_no_formula_and_can_be_read_again(
    server: Standalone, lesson: Lesson
) -> None:
    evil = {"username": "evil", "role": "student", "first_name": "=1+1"}
    evil |= {"last_name": "@SUM(A1)", "email": '"a,b"'}
    lesson.call("PUT", f"v1/courses/{COURSE}/roster", TEACHER, {"people": [evil]})
    opened = session(TEACHER)
    table = opened.get(f"{server.url}/c/{COURSE}/people.csv", timeout=30)
    assert table.headers["Content-Disposition"].startswith("attachment")
    assert table.content.startswith(b"\xef\xbb\xbfusername,role,")
    assert "evil,student,'=1+1,'@SUM(A1),\"\"\"a,b\"\"\"\r\n" in table.text
    page = send(server, TEACHER, table.content).text
    assert "This list changes nothing." in page
    example = opened.get(f"{server.url}/c/{COURSE}/import/example.csv", timeout=30)
    assert b"username" in example.content
