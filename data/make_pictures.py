"""Make the pictures and the README's answer from a real run: python data/make_pictures.py [--only-draw].

The run's result is kept beside the pictures, so that a test can tell whether they show what the program says
today; --only-draw makes them from that result, without a run. The screenshot needs chromium and playwright.
"""

import argparse
import hashlib
import re
import shutil
import tempfile
from pathlib import Path

from PIL import Image, PngImagePlugin

from regchoose.cli.app import main
from regchoose.flowchart.charts import CHARTS
from regchoose.report.chart_svg import draw_svg
from regchoose.report.html import as_html
from regchoose.report.terminal import capture_text, render_result
from regchoose.result.document import RunResult
from regchoose.result.saved_result import read_result

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "data" / "pictures"
RESULT, CHART, SCREEN = FOLDER / "diabetes.json", FOLDER / "chart.svg", FOLDER / "report.png"
README = ROOT / "README.md"
COMMAND = "regchoose recommend data/diabetes.csv --no-input -o result.json"
BLOCK = re.compile(r"(?<=```console\n)\$ regchoose recommend .*?(?=```)", re.DOTALL)
WIDTH = 100  # columns
DRAWN_FROM = "Drawn from"  # the key of the PNG under which the hash of the page stands
WINDOW = {"width": 1280, "height": 900}


def write_answer(result: RunResult) -> str:
    """Return the command and its answer as the README shows them."""
    shown = capture_text(render_result(result, width=WIDTH, saved="result.json"), width=WIDTH)
    return f"$ {COMMAND}\n{shown}"


def page_hash(result: RunResult) -> str:
    """Return what tells a report from another."""
    return hashlib.sha256(as_html(result).encode()).hexdigest()


def draw_chart() -> str:
    """Return the chart as `regchoose flowchart --format svg` prints it."""
    return f"{draw_svg(CHARTS['which-regularizer'], alone=True)}\n"


def take_screenshot(result: RunResult) -> None:
    """Write the first screen of the report as a picture, with the hash of the page in it."""
    from playwright.sync_api import sync_playwright  # late: only this step needs it

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file, picture = Path(folder, "report.html"), Path(folder, "report.png")
        page_file.write_text(as_html(result), encoding="utf-8")
        chromium = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport=WINDOW)  # type: ignore[arg-type]  # a dict of two numbers
        page.goto(page_file.as_uri())
        page.screenshot(path=str(picture))
        browser.close()
        info = PngImagePlugin.PngInfo()
        info.add_text(DRAWN_FROM, page_hash(result))
        with Image.open(picture) as image:
            image.convert("P", palette=Image.Palette.ADAPTIVE, colors=128).save(
                SCREEN, pnginfo=info, optimize=True
            )


def make_pictures(*, only_draw: bool) -> None:
    """Run the program, and draw."""
    if not only_draw:
        main(["recommend", "data/diabetes.csv", "--no-input", "--fresh", "-q", "--force", "-o", str(RESULT)])
    result = read_result(RESULT)
    CHART.write_text(draw_chart(), encoding="utf-8")
    take_screenshot(result)
    text = README.read_text(encoding="utf-8")
    README.write_text(BLOCK.sub(lambda _: write_answer(result), text, count=1), encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only-draw", action="store_true", help="use the result of the last run")
    make_pictures(only_draw=parser.parse_args().only_draw)
