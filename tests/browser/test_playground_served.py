"""The pages as `seqapps serve` has them: the command, a browser, a token."""

import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from asked_page import answered

from seqapps.serving.access import VARIABLE

pytestmark = pytest.mark.browser

SEQAPPS = str(Path(sys.executable).with_name("seqapps"))


@pytest.fixture(scope="module")
def url(bundle, tmp_path_factory):
    """The address of a server that wants a token."""
    folder = tmp_path_factory.mktemp("published")
    shutil.copytree(bundle, folder / "reviews" / "1")
    with subprocess.Popen(
        [SEQAPPS, "serve", str(folder), "--port", "0", "--no-grpc"],
        stdout=subprocess.PIPE, text=True, env={**os.environ, VARIABLE: "a secret"},
    ) as process:  # fmt: skip
        for line in process.stdout:
            if line.startswith("To try them in a browser: "):
                yield line.split()[-1]
                break
        process.terminate()


def test_a_browser_is_asked_for_the_token_once_and_the_page_answers(url, surf):
    page, said, elsewhere = surf(url, http_credentials={"username": "any", "password": "a secret"})
    assert page.locator("h1").inner_text() == "reviews"
    page.locator(".examples button").first.click()
    answer = answered(page, timeout=120_000)
    assert answer.locator(".said").inner_text() in ("positive", "negative")
    assert said == elsewhere == []


def test_without_the_token_there_is_no_page(url):
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(url)
    assert refused.value.code == 401
    assert refused.value.headers.get_all("www-authenticate") == ["Bearer", 'Basic realm="seqapps"']
    refused.value.close()


def test_what_the_server_refuses_is_said_in_its_words(url, surf):
    page, _, _ = surf(url, http_credentials={"username": "any", "password": "a secret"})
    # A row without its text: what the page would never send.
    page.route("**/*:predict", lambda route: route.continue_(post_data='{"instances": [{}]}'))
    page.locator("textarea").fill("a film")
    page.locator("button[type=submit]").click()
    answered(page)
    assert "text" in page.locator("form > .problem").inner_text()
