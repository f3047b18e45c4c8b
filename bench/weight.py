"""How heavy each page is: requests that a browser makes for it, and bytes that travel, in Chromium with an empty cache.

    python bench/weight.py      (needs chromium; TICKMARK_CHROMIUM names another one)

A home is filled and served as `tickmark up` does it; each page is opened in a fresh context as the lead or as the
auditor. Aim: at most 20 requests.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import filling
import load

MOST = 20


def main() -> int:
    """Open every page, print, and say by the exit code whether the aim is met."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from playwright.sync_api import sync_playwright

    from tests.servers import chromium_options

    with tempfile.TemporaryDirectory(prefix="tickmark-bench-") as room:
        os.environ["TICKMARK_PORT"] = str(port := load._free_port())
        filling.prepare(Path(room) / "home")
        filling.fill(filling.Sizes(500, 100, 40, 10, people=5, persons=20, policies=5, entries=100))
        cookies = {name: load._session(name, port) for name in ("lead", "auditor")}
        with load.served(port) as address, sync_playwright() as playwright:
            os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
            browser = playwright.chromium.launch(**chromium_options())
            found = [_weigh(browser, address, cookies[who], who, page) for who, page in load._pages()]
            browser.close()
    print(f"most requests of a page: {max(found)} (aim: at most {MOST})")
    return int(max(found) > MOST)


def _weigh(browser: object, address: str, cookie: dict[str, str], who: str, page: str) -> int:
    context = browser.new_context()  # type: ignore[attr-defined]
    context.add_cookies([{"name": name, "value": value, "url": address} for name, value in cookie.items()])
    opened = context.new_page()
    protocol = context.new_cdp_session(opened)
    protocol.send("Network.enable")
    sizes: list[float] = []
    protocol.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    opened.goto(f"{address}{page}", wait_until="networkidle")
    print(f"{who[:4]} {page:40} {len(sizes):3} requests {sum(sizes) / 1000:7.0f} kB", flush=True)
    context.close()
    return len(sizes)


if __name__ == "__main__":
    sys.exit(main())
