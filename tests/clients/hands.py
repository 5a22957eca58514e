"""People at a page: with the mouse, with the mouse and without scripts, and by the keyboard alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from browser import PAGE_LIMIT_S, wait_for_text
from pages import find
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.ui import WebDriverWait

# A page asks for at most this many keys before an element has the focus.
MOST_TABS = 150
# What is wrong with the focus, as a person sees it; nothing if all is well. A link in several lines has several boxes.
LOOK_AT_FOCUS = """
const found = document.activeElement;
if (!found || found === document.body || found === document.documentElement) return "";
const style = getComputedStyle(found);
const isDrawn = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
if (!isDrawn) return `nothing shows that ${found.outerHTML} has the focus`;
const box = found.getClientRects()[0];
const [x, y] = [box.left + Math.min(box.width / 2, innerWidth / 2), box.top + Math.min(box.height, 40) / 2];
if (x < 0 || y < 0 || x > innerWidth || y > innerHeight) return `${found.outerHTML} has the focus out of sight`;
const above = document.elementFromPoint(x, y);
const isSeen = above && (found.contains(above) || above.contains(found));
return isSeen ? "" : `${above?.outerHTML} covers ${found.outerHTML}`;
"""
# Whether an element has the focus, or comes after or before the one that has it.
WHERE_FROM_FOCUS = """
const from = document.activeElement;
if (from === arguments[0]) return "here";
const order = from.compareDocumentPosition(arguments[0]);
return order & Node.DOCUMENT_POSITION_PRECEDING ? "before" : "after";
"""


class Hands:
    """The steps of a person, by the words that they read."""

    def __init__(self, browser: Chrome) -> None:
        self.browser = browser

    def _use(self, element: WebElement) -> None:
        element.click()

    def link(self, words: str) -> None:
        """Follows a link with these words to another page."""
        self._leave(self._named("a", words))

    def button(self, words: str) -> None:
        """Presses a button that sends a form."""
        self._leave(self._named("button", words))

    def tab(self, words: str, number: int = 1) -> None:
        """Follows a link that opens a window of its own, and looks at that window. Several links may have the words."""
        window = self.browser.current_window_handle
        before = set(self.browser.window_handles)
        path = f"(//main//a[normalize-space()={_quoted(words)}])[{number}]"
        self._use(find(self.browser, By.XPATH, path))
        wait = WebDriverWait(self.browser, PAGE_LIMIT_S, 0.05)
        wait.until(lambda page: set(page.window_handles) - before)
        (opened,) = set(self.browser.window_handles) - before
        assert opened != window
        self.browser.switch_to.window(opened)

    def close(self) -> None:
        """Closes the window, and looks at the first one again."""
        self.browser.close()
        self.browser.switch_to.window(self.browser.window_handles[0])

    def download(self, words: str) -> None:
        """Follows a link to a file, which leaves the page as it is."""
        self._use(self._named("a", words))

    def fill(self, field: str, text: str) -> None:
        """Writes into a field in place of what is there."""
        element = find(self.browser, By.ID, field)
        self._go_to(element)
        element.send_keys(Keys.CONTROL, "a")
        element.send_keys(text)

    def files(self, field: str, *paths: Path) -> None:
        """Chooses files. The dialog for it is the browser's own."""
        element = find(self.browser, By.ID, field)
        self._reach(element)
        element.send_keys("\n".join(map(str, paths)))

    def choose(self, field: str, words: str) -> None:
        """Chooses a line of a list by its words."""
        raise NotImplementedError

    def tick(self, name: str, value: str) -> None:
        """Ticks the box of this name and value."""
        selector = f"input[name={name}]" + (f"[value='{value}']" if value else "")
        element = find(self.browser, By.CSS_SELECTOR, selector)
        assert not element.is_selected()
        self._mark(element)
        assert element.is_selected()

    def find_row(self, name: str) -> None:
        """Narrows the list of people to those of the name."""
        raise NotImplementedError

    def see(self, words: str) -> None:
        """Waits until a person can read the words."""
        wait_for_text(self.browser, words)

    def _reach(self, element: WebElement) -> None:
        """Goes to an element without using it."""

    def _go_to(self, element: WebElement) -> None:
        element.click()

    def _mark(self, element: WebElement) -> None:
        self._use(element)

    def _named(self, tag: str, words: str) -> WebElement:
        path = f"//*[self::main or self::header]//{tag}[normalize-space()={_quoted(words)}]"
        return find(self.browser, By.XPATH, path)

    def _leave(self, element: WebElement) -> None:
        page = self.browser.find_element(By.TAG_NAME, "html")
        self._use(element)
        # While Chromium replaces the page, its answer about the old one may also be an internal error.
        wait = WebDriverWait(self.browser, PAGE_LIMIT_S, 0.05, (WebDriverException,))
        wait.until(staleness_of(page))


class Mouse(Hands):
    """A person with a mouse, whose browser runs the scripts of the page."""

    def choose(self, field: str, words: str) -> None:
        """See [`Hands`]."""
        path = f"//select[@id='{field}']/option[normalize-space()={_quoted(words)}]"
        find(self.browser, By.XPATH, path).click()

    def find_row(self, name: str) -> None:
        """See [`Hands`]. A script hides the other rows while the person types."""
        self.fill("find", name)


class WithoutScripts(Mouse):
    """A person whose browser runs no scripts."""

    def find_row(self, name: str) -> None:
        """See [`Hands`]. The server leaves the other rows out."""
        self.fill("find", name)
        self.button("Show")


class Keyboard(Hands):
    """A person who has no mouse. At each step, the focus must be visible and in front of everything else."""

    def choose(self, field: str, words: str) -> None:
        """See [`Hands`]. The arrows lead from one line to the next."""
        element = find(self.browser, By.ID, field)
        self._go_to(element)
        lines = [each.text for each in element.find_elements(By.TAG_NAME, "option")]
        chosen = element.find_element(By.CSS_SELECTOR, "option:checked").text
        steps = lines.index(words) - lines.index(chosen)
        self._press((Keys.ARROW_DOWN if steps > 0 else Keys.ARROW_UP) * abs(steps))
        assert element.find_element(By.CSS_SELECTOR, "option:checked").text == words

    def find_row(self, name: str) -> None:
        """See [`Hands`]. The key / leads to the field."""
        self._press("/")
        assert self.browser.switch_to.active_element.get_attribute("id") == "find"
        self._look()
        self._press(name)

    def _use(self, element: WebElement) -> None:
        self._go_to(element)
        self._press(Keys.ENTER)

    def _mark(self, element: WebElement) -> None:
        self._go_to(element)
        self._press(Keys.SPACE)

    def _reach(self, element: WebElement) -> None:
        self._go_to(element)

    def _go_to(self, element: WebElement) -> None:
        for _ in range(MOST_TABS):
            where = self.browser.execute_script(WHERE_FROM_FOCUS, element)
            if where == "here":
                return
            self._press(Keys.TAB, backwards=where == "before")
            self._look()
        html = element.get_attribute("outerHTML")
        raise AssertionError(f"{MOST_TABS} tabs do not reach {html}")

    def _look(self) -> None:
        wrong = self.browser.execute_script(LOOK_AT_FOCUS)
        assert not wrong, f"{self.browser.current_url}: {wrong}"

    def _press(self, keys: str, *, backwards: bool = False) -> None:
        chain = ActionChains(self.browser)
        if backwards:
            chain.key_down(Keys.SHIFT).send_keys(keys).key_up(Keys.SHIFT)
        else:
            chain.send_keys(keys)
        chain.perform()


WAYS = {"mouse": Mouse, "no scripts": WithoutScripts, "keyboard": Keyboard}


@contextmanager
def hands(browser: Chrome, way: str) -> Iterator[Hands]:
    """Returns the hands of a person who uses the pages in this way."""
    disabled = {"value": WAYS[way] is WithoutScripts}
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", disabled)
    try:
        yield WAYS[way](browser)
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def _quoted(words: str) -> str:
    assert '"' not in words
    return f'"{words}"'
