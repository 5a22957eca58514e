"""JupyterLab and nbgrader's pages in a browser, used as people use them: by reading and clicking."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from browser import LOOK_S, fill_in_login, picture, text_of, unless_replaced
from hub import Hub
from selenium.common.exceptions import (
    ElementClickInterceptedException,
    ElementNotInteractableException,
    NoSuchElementException,
    StaleElementReferenceException,
    TimeoutException,
)
from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

# Some of these waits include the start of a notebook server, on a machine that may be busy with other tests.
LIMIT_S = 90
# The errors of elements while a page is being redrawn.
PASSING = [
    ElementClickInterceptedException,
    ElementNotInteractableException,
    NoSuchElementException,
    StaleElementReferenceException,
]
WINDOW = (1300, 900)

# The cell of the notebook that is in front.
CELL = (
    "//div[contains(@class, 'jp-NotebookPanel ')][not(contains(@class, 'lm-mod-hidden'))]"
    "//div[contains(@class, 'jp-Cell')]//div[contains(@class, 'cm-content')]"
)

T = TypeVar("T")


class Desk:
    """A person at a browser. Every step waits for its element; places are given in XPath."""

    def __init__(self, browser: Chrome, hub: Hub, name: str, pictures: Path) -> None:
        """`pictures` is the directory for screenshots."""
        browser.set_window_size(*WINDOW)
        self._browser = browser
        self._hub = hub
        self._name = name
        self._pictures = pictures
        self._taken = 0

    def log_in(self) -> None:
        """Fills in the hub's form; then the hub starts the person's notebook server, and JupyterLab comes up."""
        fill_in_login(
            self._browser, self._hub, self._name, f"{self._hub.url}/hub/spawn"
        )
        self.find("//div[@id='jp-MainMenu']")

    def come_back(self) -> None:
        """Starts the person's notebook server again, for somebody who has logged in before."""
        self._browser.get(f"{self._hub.url}/hub/spawn")
        self.find("//div[@id='jp-MainMenu']")

    def go_to(self, page: str) -> None:
        """Opens a page of the person's notebook server."""
        self._browser.get(f"{self._hub.url}/user/{quote(self._name)}/{page}")

    def leave(self) -> None:
        """Closes the browser."""
        self._browser.quit()

    def picture(self, of: str) -> None:
        """Writes a screenshot whose name contains the person and a sequence number."""
        self._taken += 1
        picture(self._browser, self._pictures, f"{self._name} {self._taken:02} {of}")

    def find(self, path: str) -> WebElement:
        """Waits until something is visible at the place, and returns it."""
        return self._until(lambda: self._shown(path), path)

    def click(self, path: str) -> None:
        """Clicks at the place."""
        self._until(lambda: self._at(path).click() or True, path)

    def double_click(self, path: str) -> None:
        """Double-clicks at the place."""

        def double_clicked() -> bool:
            shown = self._shown(path)
            if shown:
                ActionChains(self._browser).double_click(shown).perform()
            return bool(shown)

        self._until(double_clicked, path)

    def type(self, path: str, text: str) -> None:
        """Types into a field."""
        self._until(lambda: self._at(path).send_keys(text) or True, path)

    def read(self, text: str) -> None:
        """Waits until the text is anywhere on the page."""
        self._until(lambda: text in text_of(self._browser), text)

    def miss(self, path: str) -> None:
        """Waits until nothing is visible at the place."""
        self._until(
            lambda: not any(each.is_displayed() for each in self._all(path)),
            f"nothing at {path}",
        )

    def read_frame(self, path: str, text: str) -> None:
        """Waits for the text in a page that is embedded in this page."""
        self._browser.switch_to.frame(self.find(path))
        try:
            self.read(text)
        finally:
            self._browser.switch_to.default_content()

    @contextmanager
    def other_tab(self, link: WebElement) -> Iterator[None]:
        """Follows a link that opens a tab, and closes the tab in the end."""
        here = self._browser.current_window_handle
        before = set(self._browser.window_handles)
        link.click()
        self._until(lambda: set(self._browser.window_handles) - before, "another tab")
        (opened,) = set(self._browser.window_handles) - before
        self._browser.switch_to.window(opened)
        try:
            yield
        finally:
            self._browser.close()
            self._browser.switch_to.window(here)

    def _at(self, path: str) -> WebElement:
        return self._browser.find_element(By.XPATH, path)

    def _shown(self, path: str) -> WebElement | None:
        # Looked up once: the page may replace its elements between two looks.
        element = self._at(path)
        return element if element.is_displayed() else None

    def _all(self, path: str) -> list[WebElement]:
        return self._browser.find_elements(By.XPATH, path)

    def _until(self, ready: Callable[[], T | None], what: str) -> T:
        wait = WebDriverWait(self._browser, LIMIT_S, LOOK_S, PASSING)
        try:
            return wait.until(lambda _: unless_replaced(ready))
        except TimeoutException as error:
            self.picture("waits in vain")
            shown = text_of(self._browser)
            raise AssertionError(f"{what}: not on this page:\n{shown}") from error


class Lab:
    """JupyterLab with the tabs that nbgrader adds to it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def open(self, tab: str) -> None:
        """Opens one of nbgrader's tabs from the menu."""
        self._desk.click("//div[@id='jp-MainMenu']//li[normalize-space()='Nbgrader']")
        self._desk.click(
            f"//li[contains(@class, 'lm-Menu-item')][normalize-space()='{tab}']"
        )

    def return_to(self, tab: str) -> None:
        """Brings an open tab to the front."""
        self._desk.click(f"//li[@role='tab'][normalize-space()='{tab}']")

    def press(self, button: str) -> None:
        """Presses a button of the assignment list."""
        self._desk.click(_in_list(f"//button[normalize-space()='{button}']"))

    def refresh(self) -> None:
        """Reloads the assignment list."""
        self._desk.click(_in_list("//button[@id='refresh_assignments_list']"))

    def find(self, assignment: str, under: str) -> None:
        """Waits for an assignment under one of the list's headings: released, fetched, submitted."""
        place = (
            f"//*[@id='{under}_assignments_list']//*[normalize-space()='{assignment}']"
        )
        self._desk.find(_in_list(place))

    def follow(self, link: str) -> None:
        """Follows a link in the assignment list."""
        self._desk.click(_in_list(f"//a[normalize-space()='{link}']"))

    def link(self, text: str) -> WebElement:
        """Returns a link in the assignment list."""
        return self._desk.find(_in_list(f"//a[normalize-space()='{text}']"))

    def put_away(self) -> None:
        """Waits for a dialog and presses its only button."""
        dialog = "//*[contains(@class, 'jp-Dialog')]"
        self._desk.click(f"{dialog}//button[contains(@class, 'jp-mod-accept')]")
        self._desk.miss(dialog)

    def open_file(self, name: str) -> None:
        """Opens a file from the file browser."""
        self._desk.double_click(
            f"//li[contains(@class, 'jp-DirListing-item')][contains(., '{name}')]"
        )

    def run(self) -> None:
        """Runs all cells of the notebook in front. JupyterLab runs nothing before its kernel is ready."""
        self._desk.find(CELL)
        self._desk.read("| Idle")
        self._choose("Run", "Run All Cells")

    def save(self) -> None:
        """Saves the notebook in front."""
        self._choose("File", "Save Notebook")

    def close(self) -> None:
        """Closes the tab in front. The kernel of a notebook goes on."""
        self._choose("File", "Close Tab")

    def _choose(self, menu: str, item: str) -> None:
        self._desk.click(f"//div[@id='jp-MainMenu']//li[normalize-space()='{menu}']")
        label = f"div[contains(@class, 'lm-Menu-itemLabel')][normalize-space()='{item}']"
        self._desk.click(f"//li[contains(@class, 'lm-Menu-item')][{label}]")


class Formgrader:
    """Formgrader on a page of its own: JupyterHub does not let it be embedded in JupyterLab's."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def open(self, page: str) -> None:
        """Opens one of its pages."""
        self._desk.go_to(f"formgrader/{page}")

    def press(self, column: str, *, said: str) -> None:
        """Presses the only button of a table's column, reads the message of success, and closes the dialog."""
        self.follow(column)
        self._desk.read(said)
        self._desk.picture(said)
        self._desk.click("//div[@class='modal-footer']//button")
        self._desk.miss("//div[contains(@class, 'modal')]")

    def follow(self, column: str) -> None:
        """Follows the only link of a table's column."""
        self._desk.click(f"{_column(column)}/a")

    def find(self, column: str, text: str) -> None:
        """Waits for a text in a table's column."""
        self._desk.find(f"{_column(column)}[normalize-space()='{text}']")

    def add_student(self, name: str, first_name: str) -> None:
        """Fills in the form for a new student and saves it."""
        form = "//div[@id='add-student-modal']"
        self._desk.click("//a[contains(., 'Add new student')]")
        self._desk.type(f"{form}//input[contains(@class, 'id')]", name)
        self._desk.type(f"{form}//input[contains(@class, 'first-name')]", first_name)
        self._desk.picture("adds a student")
        self._desk.click(f"{form}//button[normalize-space()='Save']")
        self._desk.miss(form)

    def edit_student(self, name: str, field: str, text: str) -> None:
        """Types into a field of a student's form and saves it."""
        form = "//div[@id='edit-student-modal']"
        self._desk.click(f"{_row(name)}//span[contains(@class, 'pencil')]")
        self._desk.type(f"{form}//input[contains(@class, '{field}')]", text)
        self._desk.click(f"{form}//button[normalize-space()='Save']")
        self._desk.miss(form)

    def remove_student(self, name: str) -> None:
        """Removes a student and confirms it."""
        form = "//div[@id='remove-student-modal']"
        self._desk.click(f"{_row(name)}//span[contains(@class, 'trash')]")
        self._desk.find(f"{form}//button[normalize-space()='Cancel']")
        self._desk.picture("removes a student")
        self._desk.click(f"{form}//button[normalize-space()='Remove']")
        self._desk.miss(form)

    def put_away(self) -> None:
        """Closes the dialog about a failure."""
        self._desk.click("//div[@id='nbcourier-modal']//button[normalize-space()='OK']")
        self._desk.miss("//div[@id='nbcourier-modal']")

    def miss(self, column: str, text: str) -> None:
        """Waits until a text is no longer in a table's column."""
        self._desk.miss(f"{_column(column)}[normalize-space()='{text}']")


def _in_list(path: str) -> str:
    return f"//div[@id='nbgrader-assignment-list']{path}"


def _row(student: str) -> str:
    return f"//tr[td[contains(@class, 'id')][normalize-space()='{student}']]"


def _column(name: str) -> str:
    return f"//td[contains(concat(' ', @class, ' '), ' {name} ')]"
