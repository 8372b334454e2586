"""A headless Chromium, and what it is not allowed to do."""

import os
import shutil

import pytest

SIZES = {"desktop": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="session")
def chromium():
    """The browser; says so where there is none."""
    from playwright.sync_api import sync_playwright

    program = os.environ.get("SEQAPPS_CHROMIUM") or shutil.which("chromium")
    if program is None:
        pytest.skip("no Chromium: install Debian's package chromium, or set SEQAPPS_CHROMIUM")
    with sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path=program,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture(params=[(size, scheme) for size in SIZES for scheme in ("light", "dark")])
def visit(chromium, request):
    """Open a page: (page, what the console said, addresses that were asked for)."""
    size, scheme = request.param
    width, height = SIZES[size]
    context = chromium.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, offline=True
    )
    page = context.new_page()
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda sent: asked.append(sent.url))

    def go(file):
        page.goto(file.absolute().as_uri())
        return page, said, asked

    yield go
    context.close()
