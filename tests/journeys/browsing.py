"""A person at a browser: reads pages by their words, clicks, types; every page must be clean for axe and silent."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Download, Locator, Page, expect

DESK = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
PATIENCE = 15_000
"""Milliseconds that a person waits for a page before calling it broken."""
NEW_REFUSAL = ".form-errors [role=alert]:not([data-before])"
RESTED = """() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(
    () => done(!document.querySelector('.htmx-request, [hx-trigger=load]')))))"""
"""Nothing is being fetched into the page any more, and its colours have settled."""
SHAPE = """() => {
    const names = ['role', 'type', 'href', 'alt', 'title', 'for', 'scope', 'lang', 'open', 'aria-label', 'aria-labelledby'];
    const paths = new Map(), ids = new Set(), said = new Set(), seen = [];
    for (const one of document.querySelectorAll('*')) {
        const own = one.tagName + '.' + (one.getAttribute('class') || '') + names.filter(name => one.hasAttribute(name));
        const path = (paths.get(one.parentNode) || '') + '>' + own;
        paths.set(one, path);
        if (one.id && ids.has(one.id)) said.add('twice ' + one.id);
        ids.add(one.id);
        said.add(path + (one.textContent.trim() ? '' : ' empty') + (one.disabled ? ' disabled' : ''));
        if (/^H[1-6]$/.test(one.tagName) && seen.at(-1) !== one.tagName) seen.push(one.tagName);
    }
    const light = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
    return [light, document.documentElement.dataset.theme, ...[...said].sort(), ...seen].join('\\n');
}"""
"""What axe could judge differently: every kind of element at every kind of place; a further row of a list is none."""
REFUSED = re.compile(r"the server responded with a status of (401|403|404|409|422)")


@dataclass
class Faults:
    """What no page may show: violations that axe finds, errors of the console, pages that fail."""

    found: list[str] = field(default_factory=list)
    seen: int = 0
    shapes: set[tuple[str, str]] = field(default_factory=set)
    paths: set[str] = field(default_factory=set)

    def add(self, where: str, what: str) -> None:
        """Note a fault once."""
        line = f"{where}: {what}"
        if line not in self.found:
            self.found.append(line)

    def none(self) -> None:
        """Fail with the whole list."""
        assert self.found == [], "\n".join(["", *self.found])


class Visitor:
    """One browser window, as whichever character it was entered."""

    def __init__(self, browser: Browser, address: str, faults: Faults, **look: Any) -> None:
        self.address, self.faults, self.who = address, faults, ""
        self.context: BrowserContext = browser.new_context(
            base_url=address, accept_downloads=True, reduced_motion="reduce", **look
        )
        self.context.set_default_timeout(PATIENCE)
        self.page: Page = self.context.new_page()
        self.expecting_refusal = False
        self.page.on("console", self._hears)
        self.page.on("pageerror", lambda error: self._fault(f"script error: {error}"))

    def _fault(self, what: str) -> None:
        self.faults.add(f"{self.path} as {self.who or 'a visitor'}", what)

    def _hears(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not (self.expecting_refusal and REFUSED.search(message.text)):
            self._fault(f"console: {message.text} {message.location.get('url', '')}")

    @property
    def path(self) -> str:
        """Where the window stands, without the host."""
        return self.page.url.removeprefix(self.address)

    # -- going places ------------------------------------------------------------------------------------------

    def goes(self, path: str, status: int = 200) -> None:
        """Open an address of this installation."""
        self.expecting_refusal = status != 200
        answer = self.page.goto(path)
        self.expecting_refusal = False
        assert answer is not None
        self.faults.paths.add(path)
        if answer.status != status:
            self._fault(f"answers {answer.status}")
        self.looks()

    def enters_as(self, name: str) -> None:
        """Become a character: by the cards of the demo's first page, or by the switch in the banner."""
        switch = self.page.get_by_label("See as")
        if not self.page.url.startswith(self.address):
            self.page.goto("/demo")
        if switch.count():
            value = switch.locator("option").filter(has_text=name).first.get_attribute("value")
            with self.page.expect_navigation():
                switch.select_option(value)
        else:
            self.page.get_by_role("button", name=f"Enter as {name}", exact=True).click()
        self.page.wait_for_load_state()
        self.who = name
        self.looks()

    def follows(
        self, name: str | re.Pattern[str], within: Locator | None = None, exact: bool = False
    ) -> None:
        """Click a link by its words; the next page is looked at."""
        link = (within or self.page).get_by_role("link", name=name, exact=exact).first
        with self.page.expect_navigation():
            link.click()
        self.looks()

    def step(self, name: str) -> None:
        """Open one of the eight steps in the side navigation."""
        self.follows(
            re.compile(rf"^\d*\s*{re.escape(name)}\b"),
            self.page.get_by_role("navigation", name="The eight steps"),
        )

    # -- doing things ------------------------------------------------------------------------------------------

    def opens(self, name: str | re.Pattern[str], exact: bool = True) -> Locator:
        """Press a button that opens a dialog; the dialog."""
        self.page.get_by_role("button", name=name, exact=exact).first.click()
        dialog = self.page.locator("dialog[open]")
        expect(dialog).to_be_visible()
        self.looks()
        return dialog

    def form(self, submit: str | re.Pattern[str], within: Locator | None = None) -> Locator:
        """The form whose button says `submit`."""
        place = within or self.page
        button = self.page.get_by_role("button", name=submit, exact=isinstance(submit, str))
        return place.locator("form").filter(has=button).first

    def fills(self, form: Locator, given: dict[str, Any]) -> None:
        """Fill the fields by their labels: text, a choice by its words, a tick, files by path, ISO dates."""
        for label, value in given.items():
            _fill(form, label, value)

    def sends(
        self,
        submit: str | re.Pattern[str],
        given: dict[str, Any] | None = None,
        within: Locator | None = None,
    ) -> str:
        """Fill a form and press its button; what the next page says was recorded."""
        form = self.form(submit, within)
        self.fills(form, given or {})
        return self.presses(form.get_by_role("button", name=submit, exact=isinstance(submit, str)), form)

    def presses(self, button: Locator, form: Locator) -> str:
        """Press the button of a form; what the next page says was recorded. Fails with the words of a refusal."""
        refusal = form.locator(NEW_REFUSAL)
        done = self.page.locator("main > .callout[role=status]").first
        self._presses(button)
        expect(done.or_(refusal).first).to_be_visible()
        assert not refusal.count(), f"{self.path} as {self.who}: refused: {refusal.first.inner_text()}"
        self.page.wait_for_load_state()
        self.looks()
        return " ".join(self.page.locator("main > .callout[role=status]").all_inner_texts())

    def _presses(self, button: Locator) -> None:
        """Press a button whose form is sent by script and answered by a new page, or by a refusal in place."""
        self.page.evaluate(
            """() => [document.documentElement, ...document.querySelectorAll('.form-errors [role=alert]')]
                .forEach(one => one.dataset.before = '1')"""
        )
        button.click()
        answered = (
            f"() => !document.documentElement.dataset.before || document.querySelector('{NEW_REFUSAL}')"
        )
        self.page.wait_for_function(answered)

    def is_refused(
        self, submit: str, given: dict[str, Any] | None = None, within: Locator | None = None
    ) -> str:
        """Fill a form, press its button and be turned away; the words of the refusal."""
        form = self.form(submit, within)
        self.fills(form, given or {})
        self.expecting_refusal = True
        self._presses(form.get_by_role("button", name=submit, exact=True))
        self.expecting_refusal = False
        refusal = form.locator(NEW_REFUSAL)
        expect(refusal).to_be_visible()
        self.looks()
        return refusal.inner_text()

    def downloads(self, link: Locator) -> Path:
        """Click a link to a file; where the file lies now."""
        with self.page.expect_download(timeout=60_000) as waiting:
            link.click()
        got: Download = waiting.value
        return Path(got.path())

    def sees(self, *words: str) -> None:
        """The page says each of these."""
        for one in words:
            expect(self.page.locator("main")).to_contain_text(one)

    # -- looking -----------------------------------------------------------------------------------------------

    def looks(self) -> None:
        """The page as it stands must be clean for axe; a picture is kept where TICKMARK_SCREENSHOTS names a folder."""
        self.page.wait_for_load_state("load")
        self.page.wait_for_function(RESTED)
        self.faults.seen += 1
        self.faults.paths.add(self.path)
        shape = (str(self.page.viewport_size), self.page.evaluate(SHAPE))
        if shape not in self.faults.shapes:
            self.faults.shapes.add(shape)
            for fault in violations(self.page):
                self._fault(fault)
        self.keeps_picture()

    def keeps_picture(self, extra: str = "") -> None:
        """A picture of the whole page, numbered in the order of the visits."""
        folder = os.environ.get("TICKMARK_SCREENSHOTS")
        if folder:
            name = re.sub(
                r"[^a-zA-Z0-9]+", "-", f"{self.faults.seen:04d} {self.who} {self.path[:60]} {extra}"
            ).strip("-")
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(
                path=str(Path(folder) / f"{name}.png"), full_page=True, animations="disabled"
            )


def violations(page: Page) -> list[str]:
    """What axe finds on the page: rule and places, one line each."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(Axe().axe_script)
    found = page.evaluate("axe.run({resultTypes: ['violations']}).then(result => result.violations)")
    return [f"axe {one['id']}: {_places(one['nodes'])}" for one in found]


def _places(nodes: list[dict[str, Any]]) -> str:
    shown = "; ".join(f"{node['target'][0]} {node['html'][:90]}" for node in nodes[:2])
    return shown if len(nodes) < 3 else f"{shown}; and {len(nodes) - 2} more"


def _fill(form: Locator, label: str, value: Any) -> None:
    if isinstance(value, bool):
        form.get_by_label(label).set_checked(value)
        return
    group = form.get_by_role("group", name=label)
    if group.count():
        for one in value if isinstance(value, list) else [value]:
            same = group.get_by_label(one, exact=True)
            (same if same.count() else group.get_by_label(one)).check()
        return
    place = form.get_by_label(label).first
    kind = place.evaluate("one => one.tagName === 'SELECT' ? 'select' : one.type")
    if kind == "file":
        place.set_input_files([str(one) for one in (value if isinstance(value, list) else [value])])
    elif kind == "select":
        _choose(place, value if isinstance(value, list) else [value])
    else:
        place.fill(str(value))


def _choose(place: Locator, words: list[str]) -> None:
    """Choose options by words that they contain."""
    options = place.locator("option")
    values = [options.filter(has_text=one).first.get_attribute("value") for one in words]
    place.select_option([value for value in values if value is not None])


@contextmanager
def window(browser: Browser, address: str, faults: Faults, **look: Any) -> Iterator[Visitor]:
    """A visitor with a window of their own."""
    visitor = Visitor(browser, address, faults, **look)
    try:
        yield visitor
    finally:
        visitor.context.close()
