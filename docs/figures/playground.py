"""Make the pictures of docs/playground.md anew: `python docs/figures/playground.py http://localhost:8501`.

Models are served at that address: `sentiment` (of `sample:toy`, with `pooling=attention`),
`captioning` (with `epochs=5`), `translation` (with `epochs=3`), `monitoring`, `forecasting`,
`language_model` (the default runs) and `next_week` (docs/examples). Chromium is Debian's, or
SEQAPPS_CHROMIUM. Names of figures after the address limit what is made.
"""

import io
import os
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
TEXT = "The cast is not dull but lovely"
# figure -> (model, what is done on its page, colours, pixels of the window)
FIGURES = {
    "playground-sentiment": ("sentiment", lambda page: typed(page, TEXT), "light", (1100, 560)),
    "playground-monitoring": ("monitoring", lambda page: example(page, 5), "light", (1100, 930)),
    "playground-language-model": (
        "language_model", lambda page: typed(page, "A class is"), "dark", (1100, 1000),
    ),
    "playground-captioning": (
        "captioning", lambda page: described(page, 3, "purple"), "dark", (1100, 1180),
    ),
    "playground-translation": ("translation", lambda page: example(page, 3), "light", (1100, 1010)),
    "playground-forecasting": ("forecasting", lambda page: example(page, 2), "light", (1100, 650)),
    "playground-next-week": ("next_week", lambda page: example(page, 2), "light", (1100, 640)),
}  # fmt: skip


def main(url: str, *only: str) -> None:
    program = os.environ.get("SEQAPPS_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for figure, (model, act, scheme, (width, height)) in FIGURES.items():
            if only and figure not in only:
                continue
            page = browser.new_page(
                viewport={"width": width, "height": height}, color_scheme=scheme
            )
            page.goto(f"{url}/models/{model}")
            page.wait_for_selector("html[data-ready]")
            act(page)
            page.wait_for_selector("[data-question='0'] .answer[aria-busy=false]")
            picture = Image.open(io.BytesIO(page.screenshot(full_page=True)))
            picture = picture.crop((0, 0, width, min(height, picture.height)))
            picture.save(HERE / f"{figure}.webp", quality=80, method=6)
            page.close()
        browser.close()


def typed(page, text: str) -> None:
    """Type into the first control and ask."""
    page.locator("textarea").first.fill(text)
    page.locator("button[type=submit]").first.click()


def described(page, number: int, word: str) -> None:
    """Ask about one of the examples, then point at a word of what was answered."""
    example(page, number)
    page.locator(".word").get_by_text(word).first.click()


def example(page, number: int) -> None:
    """Click one of the examples, counted from 1."""
    page.locator("[data-question='0'] .examples button").nth(number - 1).click()


if __name__ == "__main__":
    main(*sys.argv[1:])
