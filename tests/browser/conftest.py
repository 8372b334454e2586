"""A headless Chromium, and what it is not allowed to do."""

import os
import shutil

import pytest

SIZES = {"desktop": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")  # a loop runs as long as it does, and others' tests want their own
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


@pytest.fixture
def surf(chromium):
    """Open a page of a server: (page, what the console said, addresses elsewhere).

    `surf(url, size="phone", scheme="dark")`; nothing but the server can be reached.
    """
    contexts = []

    def go(url, *, size="desktop", scheme="light", **options):
        width, height = SIZES[size]
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, **options
        )
        contexts.append(context)
        page, said, elsewhere = context.new_page(), [], []
        origin = "/".join(url.split("/")[:3])

        def handle(route):
            if route.request.url.startswith((f"{origin}/", "data:", "blob:")):
                return route.continue_()
            elsewhere.append(route.request.url)
            return route.abort()

        context.route("**/*", handle)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(url)
        if page.locator("#described").count():
            page.wait_for_selector("html[data-ready]")
        return page, said, elsewhere

    yield go
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    """`served("captioning")`: the address of a task's page, trained at its tiny size; made once."""
    from row_server import Answers, Served
    from tiny_exports import export_of

    from seqapps import registry

    answers = Answers({})
    with Served(answers) as server:

        def address(name, file=None):
            if name not in answers.folders:
                if file is not None:
                    registry.add_plugin(file)
                folder = export_of(registry.load(name), tmp_path_factory.mktemp(name))
                answers.folders[name] = folder
            return f"{server.url}/models/{name}"

        yield address


@pytest.fixture
def serve(tmp_path):
    """`serve(signatures, respond, golden)`: address of a made-up model's page, what was asked."""
    from asked_page import ROW, answering
    from declared_bundle import declare
    from row_server import Canned, Served

    running = []

    def start(signatures=None, respond=None, golden=()):
        folder = declare(tmp_path / "made" / "1", signatures, golden)
        served = Served(Canned({"made": folder}, respond or answering(ROW))).__enter__()
        running.append(served)
        return f"{served.url}/models/made", served.answers.asked

    yield start
    for each in running:
        each.__exit__(None, None, None)


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
