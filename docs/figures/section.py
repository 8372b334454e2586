"""A section of a report as a picture: `python docs/figures/section.py REPORT.html TITLE FIGURE`.

captioning-looks is "Where it looks: in the middle" of the default run of captioning. Chromium is
Debian's, or SEQAPPS_CHROMIUM.
"""

import io
import os
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent


def main(report: str, title: str, figure: str) -> None:
    program = os.environ.get("SEQAPPS_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1000, "height": 900}, device_scale_factor=2)
        page.goto(Path(report).resolve().as_uri())
        section = page.locator("section").filter(has=page.get_by_role("heading", name=title))
        picture = Image.open(io.BytesIO(section.first.screenshot()))
        picture.save(HERE / f"{figure}.webp", quality=80, method=6)
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
