"""verify.html, opened as a file in a real browser, finds what verify.py finds, in the same words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from tests.kernel.ledger.attacks import ATTACKS, Case, Honest
from tickmark.kernel.ledger import verify

PAGE = Path(verify.__file__).with_name("verify.html")
CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"NO CHROMIUM at {CHROMIUM}: verify.html was not tried"),
]
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def shared_page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    yield page
    page.close()


@pytest.fixture
def page(shared_page: Page) -> Page:
    shared_page.goto(PAGE.as_uri())
    return shared_page


def findings(page: Page, case: Case) -> list[verify.Finding]:
    """What the page shows for a case, as verify.py would give it."""
    if case.key is not None:
        page.fill("#key", case.key)
        page.dispatch_event("#key", "change")
    if case.older is not None:
        page.set_input_files("#older", {"name": "checkpoint", "mimeType": "text/plain", "buffer": case.older})
    page.evaluate("document.body.dataset.done = ''")
    page.set_input_files("#bundle", str(case.path))
    page.wait_for_selector("body[data-done]:not([data-done=''])")
    assert page.inner_text("#status").startswith("Checked ")
    shown = page.eval_on_selector_all("#result li", "items => items.map(item => ({...item.dataset}))")
    return sorted(verify.Finding(one["id"], one["verdict"], one["where"], one["says"]) for one in shown)


@pytest.mark.parametrize("name", ATTACKS)
def test_the_page_finds_what_the_script_finds(name: str, page: Page, honest: Honest) -> None:
    case = ATTACKS[name][0](honest)
    assert findings(page, case) == sorted(verify.verify(case.path, case.key, case.older))


def test_without_the_browsers_own_digest_it_uses_its_own(browser: Browser, honest: Honest) -> None:
    page = browser.new_page()
    page.add_init_script("Object.defineProperty(crypto, 'subtle', { value: undefined });")
    page.goto(PAGE.as_uri())
    assert page.evaluate("crypto.subtle") is None
    assert findings(page, Case(honest.path)) == sorted(verify.verify(honest.path))
    page.close()


def test_the_banner_says_whether_it_holds_and_what_was_not_shown(page: Page, honest: Honest) -> None:
    findings(page, Case(honest.path))
    assert page.inner_text(".verdict") == (
        "Nothing was found wrong, but not all was shown\n2 could not be shown by this run: read below."
    )
    assert "NO OLDER CHECKPOINT WAS GIVEN" in page.inner_text(".open")
    page.set_input_files("#older", {"name": "c", "mimeType": "", "buffer": honest.log.checkpoint(200)})
    page.wait_for_selector("li[data-id=older]")
    page.fill("#key", str(honest.log.signer.verifier))
    page.keyboard.press("Tab")
    page.wait_for_selector("li[data-id=key-given]")
    assert (
        page.inner_text(".verdict") == "This bundle holds\nEvery check was made and nothing was found wrong."
    )
    findings(page, ATTACKS["removed_report"][0](honest))
    assert page.inner_text(".verdict") == "This bundle does not hold\n1 found wrong."


def test_a_dropped_bundle_is_checked(page: Page, honest: Honest) -> None:
    page.evaluate(
        """bytes => {
            const bag = new DataTransfer();
            bag.items.add(new File([Uint8Array.from(bytes)], 'bundle.zip'));
            document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: bag, bubbles: true, cancelable: true }));
        }""",
        list(honest.path.read_bytes()),
    )
    page.wait_for_selector(".verdict.undetermined")


def test_nothing_can_be_sent(page: Page) -> None:
    refused = page.evaluate(
        """async () => {
            const ways = [() => fetch('https://example.com/'), () => new Promise((_, no) => {
                const picture = new Image(); picture.onerror = no; picture.src = 'https://example.com/x.png'; })];
            const ends = await Promise.allSettled(ways.map(way => way()));
            return ends.map(end => end.status);
        }"""
    )
    assert refused == ["rejected", "rejected"]
    source = PAGE.read_text()
    assert "default-src 'none'" in source
    assert re.findall(r"(?:src|href|url)\s*[=(]", source) == []


def test_the_table_of_sentences_is_the_one_of_the_script(page: Page) -> None:
    table = json.loads(page.inner_text("#says") or page.eval_on_selector("#says", "one => one.textContent"))
    assert {name: tuple(row) for name, row in table.items()} == verify.SAYS


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["honest", "flipped_evidence"])
def test_the_page_is_accessible(name: str, scheme: Any, browser: Browser, honest: Honest) -> None:
    page = browser.new_page(color_scheme=scheme, viewport={"width": 390, "height": 844})
    page.goto(PAGE.as_uri())
    assert Axe().run(page).response["violations"] == []
    findings(page, ATTACKS[name][0](honest))
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()


def test_it_works_by_keyboard(page: Page) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "bundle"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "key"
