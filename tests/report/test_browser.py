"""The page in a real Chromium: nothing asked for, nothing complained about, nothing wider than the window."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from regchoose.report.html import as_html
from regchoose.result.document import RunResult
from tests.report.results import FIRM, PRIOR, UNDECIDED
from tests.report.test_html import DIABETES, associated, with_names

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
    "forty columns": associated(40),
    "hostile": with_names("<script>alert(1)</script>" + "x" * 10_000),
}
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (360, "light"), (1280, "dark")])
@pytest.mark.parametrize("result", PAGES.values(), ids=PAGES.keys())
def test_the_page_is_quiet_and_fits(
    browser: Browser, tmp_path: Path, result: RunResult, width: int, scheme: str
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
    page.evaluate("document.querySelectorAll('details').forEach(folded => { folded.open = true })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == ("rgb(20, 23, 27)" if scheme == "dark" else "rgb(255, 255, 255)")
    assert page.evaluate("document.querySelectorAll('svg [id], svg[id]').length") == len(
        set(page.evaluate("[...document.querySelectorAll('svg [id], svg[id]')].map(e => e.id)"))
    )
    assert heard == []
    assert [url for url in asked if url != file.as_uri() and not url.startswith("data:")] == []
    context.close()


def test_every_plot_is_announced_by_its_name(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(as_html(DIABETES), encoding="utf-8")
    page = browser.new_page()
    page.goto(file.as_uri())
    plots = page.get_by_role("img").all()
    assert (
        len(plots) == page.locator("svg:not([aria-hidden])").count() > 10
    )  # a bar repeats the figure beside it
    for title in ("Test loss of each arm with its interval", "L1: distribution of the weights"):
        assert page.get_by_role("img", name=title, exact=True).count() == 1
    assert page.get_by_role("heading", level=1).count() == 1
    page.close()


def test_paper_has_neither_what_is_folded_nor_a_dark_ground(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(as_html(DIABETES), encoding="utf-8")
    page = browser.new_page(color_scheme="dark")
    page.goto(file.as_uri())
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    folded = page.locator("details:not([open])")
    assert folded.count() > 10
    assert [folded.nth(place).is_visible() for place in range(folded.count())].count(True) == 1
    assert page.get_by_role("cell", name="which-regularizer").is_visible()  # among the settings
    page.close()


def test_the_keyboard_reaches_and_opens_everything(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(as_html(FIRM), encoding="utf-8")
    page = browser.new_page()
    page.goto(file.as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip the chart"
    folded = page.locator("summary").count()
    for _ in range(4 * folded + page.locator("a, [tabindex]").count()):
        if page.evaluate("document.activeElement.tagName") == "SUMMARY":
            page.keyboard.press("Enter")
        page.keyboard.press("Tab")
    assert page.locator("details[open]").count() == folded
    page.close()
