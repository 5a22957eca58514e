"""The pages of directories in a real browser: a teacher publishes material, and a student reads it."""

from pathlib import Path

import pytest
from browser import picture, wait_for_text
from lesson import TEACHER, Lesson
from pages import find, open_as, text
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select
from standalone import Standalone

STUDENT = "ada"
# A page that would change its title, leave, and load an image from elsewhere, if it ran.
HOSTILE_PAGE = (
    "<script>document.title = 'hit'; location = 'https://evil.example/'</script>"
    "<img src=x onerror=\"document.title = 'hit'\">"
)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_teacher_publishes_files_and_a_student_reads_them(
    server: Standalone,
    lesson: Lesson,
    browser: Chrome,
    screenshots: Path,
    tmp_path: Path,
    scripts: bool,
) -> None:
    name = "with" if scripts else "without"
    rain, page = tmp_path / "rain.csv", tmp_path / "<b>page.html"
    rain.write_text("1,2\n")
    page.write_text(HOSTILE_PAGE)
    disabled = {"value": not scripts}
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", disabled)

    def press(button: str) -> None:
        find(browser, By.XPATH, f"//main//button[normalize-space()='{button}']").click()

    try:
        open_as(browser, server, TEACHER, "c/algebra")
        find(browser, By.LINK_TEXT, "New directory").click()
        find(browser, By.ID, "name").send_keys(name)
        find(browser, By.ID, "description").send_keys("Rain & <sun>")
        press("Make the directory")
        wait_for_text(browser, "The directory was made.")
        find(browser, By.ID, "new-folder").send_keys("week 1")
        press("Make the folder")
        wait_for_text(browser, "The folder was made.")
        find(browser, By.ID, "message").send_keys("First week")
        find(browser, By.ID, "files").send_keys(f"{rain}\n{page}")
        press("Upload")
        wait_for_text(browser, "The files are stored as a new version.")
        assert "rain.csv" in text(browser) and "<b>page.html" in text(browser)
        picture(browser, screenshots / "pages", f"upload {name} scripts")
        box = find(browser, By.CSS_SELECTOR, "input[name=what][value$='rain.csv']")
        box.send_keys(Keys.SPACE)
        press("Remove the chosen")
        wait_for_text(browser, "Earlier versions still have them.")
        assert "rain.csv" not in text(browser)

        find(browser, By.CSS_SELECTOR, ".tabs").find_element(
            By.LINK_TEXT, "Versions"
        ).click()
        label = find(browser, By.CSS_SELECTOR, "input[aria-label='Label of version 3']")
        label.send_keys("as taught" + Keys.ENTER)
        wait_for_text(browser, "The label is set.")
        restore = "button[aria-label='Bring back version 3']"
        find(browser, By.CSS_SELECTOR, restore).click()
        wait_for_text(browser, "a new version now")
        picture(browser, screenshots / "pages", f"brought back {name} scripts")

        find(browser, By.LINK_TEXT, "Sharing").click()
        Select(find(browser, By.ID, "kind")).select_by_visible_text("a person")
        find(browser, By.ID, "name").send_keys("bob")
        Select(find(browser, By.ID, "level")).select_by_visible_text("read and change")
        press("Grant")
        wait_for_text(browser, "The access is granted.")
        picture(browser, screenshots / "pages", f"granted {name} scripts")
        press("Take back")
        wait_for_text(browser, "The access was taken back.")

        open_as(browser, server, STUDENT, "c/algebra")
        assert "Rain & <sun>" in text(browser)
        find(browser, By.LINK_TEXT, name).click()
        find(browser, By.LINK_TEXT, "week 1/").click()
        wait_for_text(browser, "rain.csv")
        assert browser.find_elements(By.ID, "files") == []
        address = find(browser, By.LINK_TEXT, "look").get_attribute("href")
        browser.get(address)
        assert "/view/" in browser.current_url
        assert text(browser) == "1,2"
        # A page is never offered as one, and its text is only text.
        browser.get(address.replace("rain.csv", "%3Cb%3Epage.html"))
        assert "/view/" in browser.current_url
        assert "<script>" in text(browser)
        assert browser.title != "hit"

        open_as(browser, server, TEACHER, f"d/course:algebra/{name}/settings")
        press("Move the directory to the trash")
        wait_for_text(browser, "The directory is in the trash.")
        restore = f"button[aria-label='Restore {name}']"
        find(browser, By.CSS_SELECTOR, restore).click()
        wait_for_text(browser, "The directory is back, with its history.")
    finally:
        browser.execute_cdp_cmd(
            "Emulation.setScriptExecutionDisabled", {"value": False}
        )
