"""The page in a real Chromium: nothing asked for, nothing complained about, nothing wider than the window."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from regchoose.records import Result
from regchoose.report.html import as_html
from tests.report.results import PRIOR, UNDECIDED
from tests.report.test_html import DIABETES, with_names

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PAGES = {
    "experiment": DIABETES,
    "undecided": UNDECIDED,
    "prior": PRIOR,
    "hostile": with_names("<script>alert(1)</script>" + "x" * 10_000),
}
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("result", PAGES.values(), ids=PAGES.keys())
def test_the_page_is_quiet_and_fits(
    browser: Browser, tmp_path: Path, result: Result, width: int, scheme: str
) -> None:
    file = tmp_path / "report.html"
    file.write_text(as_html(result), encoding="utf-8")
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme="dark" if scheme == "dark" else "light"
    )
    page = context.new_page()
    heard: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    for details in page.query_selector_all("summary"):
        details.press("Enter")  # by keyboard, as there is no script
    assert page.evaluate("document.querySelectorAll('details:not([open])').length") <= 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == ("rgb(20, 23, 27)" if scheme == "dark" else "rgb(255, 255, 255)")
    assert heard == []
    assert [url for url in asked if url != file.as_uri() and not url.startswith("data:")] == []
    context.close()
