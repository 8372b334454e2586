"""The report and the comparison as a browser shows them, on a desk and a phone, light and dark."""

import pytest

from seqapps.cli import main

pytestmark = pytest.mark.browser

TINY = ["--set", "epochs=2", "--set", "units=7", "--set", "vectors=none", "--quiet"]


def run(*arguments):
    with pytest.raises(SystemExit) as exit_:
        main(list(arguments))
    assert not exit_.value.code


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two runs, one with attention and one with n-grams, and their comparison."""
    folder = tmp_path_factory.mktemp("browser")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        data = ["run", "sentiment", "--data", "sample:toy", *TINY]
        run(*data, "--name", "attentive", "--set", "pooling=attention")
        run(*data, "--name", "terms", "--set", "representation=tfidf", "--set", "layers=0")
        run("compare", "attentive", "terms")
    return folder / "runs" / "sentiment"


PAGES = ["attentive/report.html", "terms/report.html", "compare-attentive-terms.html"]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_for_nothing_complains_of_nothing_and_fits(runs, visit, name):
    page, said, asked = visit(runs / name)
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert len([url for url in asked if url.startswith("file:")]) == 1
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0, f"{wide} pixels wider than the window"


def test_every_link_of_the_page_leads_to_a_section(runs, visit):
    page, _, _ = visit(runs / PAGES[0])
    links = page.locator("nav a")
    assert links.count() >= 8
    for number in range(links.count()):
        target = links.nth(number).get_attribute("href")
        assert page.locator(f"section{target}").count() == 1, target


def test_pictures_are_as_wide_as_their_place_and_their_text_is_readable(runs, visit):
    page, _, _ = visit(runs / PAGES[0])
    for figure in page.locator("figure svg").all():
        box = figure.bounding_box()
        assert box["width"] >= 250
        size = figure.evaluate(
            "svg => Math.min(...[...svg.querySelectorAll('text')]"
            ".map(text => text.getBoundingClientRect().height))"
        )
        assert size >= 8, "a text of a figure is less than 8 pixels high"


def test_ink_is_not_the_colour_of_the_page(runs, visit):
    """A figure that keeps its colours would be black on black in one of the schemes."""
    page, _, _ = visit(runs / PAGES[0])
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    fills = page.evaluate(
        "[...document.querySelectorAll('figure svg text')].map(t => getComputedStyle(t).fill)"
    )
    assert fills
    assert ground not in fills
    assert set(fills) <= {page.evaluate("getComputedStyle(document.body).color")}


def test_attention_shades_the_tokens_of_the_cases(runs, visit):
    page, _, _ = visit(runs / PAGES[0])
    assert page.locator("#cases article .w").count() > 20
    page, _, _ = visit(runs / PAGES[1])
    assert page.locator("#cases article .w").count() == 0, "n-grams have no attention"
    assert page.locator("#words article .w").count() > 20
