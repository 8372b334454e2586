"""The routes: which page answers, what is not answered, what the browser is told to forbid."""

import re

import pytest
from asgi_call import get
from declared_bundle import TEXT, declare
from starlette.applications import Starlette

from seqapps.playground import routes
from seqapps.playground.site import POLICY
from seqapps.task import DEFAULT, Column, Signature


@pytest.fixture
def site(tmp_path):
    """`site("one", "two")`: the pages of models of these names."""

    def make(*names, **more):
        folders = {name: declare(tmp_path / name / "3") for name in names}
        return Starlette(routes=routes({**folders, **more}.items()))

    return make


def test_one_model_is_the_first_page(site):
    assert "<h1>only</h1>" in get(site("only"), "/").text


def test_several_models_have_an_index_that_leads_to_each(site):
    text = get(site("one", "two"), "/").text
    assert re.findall(r'href="(/models/[^"]+)"', text) == ["/models/one", "/models/two"]


def test_nothing_served_is_said(site):
    assert "Nothing is served yet" in get(site(), "/").text


def test_each_model_has_its_page(site):
    answered = get(site("one", "two"), "/models/two")
    assert answered.status == 200
    assert "<h1>two</h1>" in answered.text
    assert "version 3" in answered.text


def test_an_unknown_model_is_told_with_those_that_are_there(site):
    answered = get(site("one"), "/models/other")
    assert answered.status == 404
    assert "There is no model other." in answered.text
    assert "/models/one" in answered.text


def test_a_model_of_another_kind_is_listed_and_has_no_page(site, tmp_path):
    app = site("one", foreign=tmp_path)
    assert "no export of seqapps" in get(app, "/").text
    assert get(app, "/models/foreign").status == 404


def test_models_are_looked_at_anew_for_every_page(tmp_path):
    served = {}

    class Serving:
        def __iter__(self):
            return iter(served.items())

    app = Starlette(routes=routes(Serving()))
    assert get(app, "/models/late").status == 404
    served["late"] = declare(tmp_path / "1")
    assert get(app, "/models/late").status == 200


PATHS = ["/", "/models/one", "/models/none", "/models/one/examples.json",
         "/playground/page.js", "/playground/style.css", "/playground/none"]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_forbids_what_comes_from_elsewhere(site, path):
    headers = get(site("one"), path).headers
    assert headers["content-security-policy"] == POLICY
    assert headers["x-content-type-options"] == "nosniff"


def test_the_policy_allows_no_script_or_style_within_a_page(site):
    assert "unsafe" not in POLICY
    page = get(site("one"), "/").text
    assert not re.search(r"<style|\sstyle=|\son\w+=", page)
    scripts = re.findall(r"<script[^>]*>", page)
    assert all("src=" in each or "application/json" in each for each in scripts)


def test_pages_name_no_other_host(site):
    app = site("one")
    for path in ("/", "/models/none"):
        assert "//" not in get(app, path).text


@pytest.mark.parametrize("path", ["../site.py", "%2e%2e/site.py", "views/../../site.py", "views"])
def test_only_what_is_meant_for_pages_is_given_away(site, path):
    assert get(site("one"), f"/playground/{path}").status == 404


@pytest.mark.parametrize(
    ("file", "kind"), [("views/scores.js", "text/javascript"), ("report.css", "text/css")]
)
def test_files_have_the_type_that_browsers_ask_for(site, file, kind):
    answered = get(site("one"), f"/playground/{file}")
    assert answered.status == 200
    assert answered.headers["content-type"].startswith(kind)


def test_behind_a_prefix_all_addresses_have_it(site):
    text = get(site("one", "two"), "/tools/models/one", root_path="/tools").text
    found = re.findall(r'(?:href|src)="([^"]+)"', text)
    assert {each.partition("/")[2].partition("/")[0] for each in found if each != "data:,"} == {
        "tools"
    }
    assert 'data-root="/tools"' in text


def test_what_a_bundle_says_is_text(tmp_path):
    hostile = "<img src=x onerror=alert(1)>"
    signature = Signature({"text": Column("text", hostile)}, dict(TEXT.answer), hostile)
    folder = declare(tmp_path / "1", {DEFAULT: signature}, run=hostile, data={"source": hostile})
    app = Starlette(routes=routes({hostile: folder, "other": folder}.items()))
    for path in ("/", "/models/other", f"/models/{hostile}", f"/models/{hostile}x"):
        text = get(app, path).text
        assert "<img" not in text
        assert "&lt;img" in text
