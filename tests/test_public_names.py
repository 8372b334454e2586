"""Nothing that others rely on changes unannounced."""

import json
import re

from public_names import LIST, ROOT, names

HOW = (
    "Announce it: a line in CHANGELOG.md says what changes for whom and what to do instead "
    "(docs/compatibility.md says which version that asks for), then `make public-names`, and "
    "commit tests/public_names.txt with it."
)


def test_every_public_name_is_announced():
    listed, found = set(LIST.read_text(encoding="utf-8").split("\n")) - {""}, set(names())
    gone, new = sorted(listed - found), sorted(found - listed)
    assert not gone, f"gone, which others rely on: {gone}. {HOW}"
    assert not new, f"new, and public from now on: {new}. {HOW}"


def test_a_bundle_holds_the_files_that_are_named(bundle):
    ours = {
        path.relative_to(bundle).as_posix()
        for path in bundle.rglob("*")
        if path.is_file() and path.relative_to(bundle).parts[0] not in ("variables", "assets")
    }
    listed = {line.split()[-1] for line in LIST.read_text().split("\n") if "of a bundle" in line}
    assert ours - {"saved_model.pb", "fingerprint.pb"} == listed


def test_bundle_json_says_which_form_it_has(bundle):
    assert json.loads((bundle / "assets.extra" / "bundle.json").read_text())["format"] == 1


def test_the_page_names_every_kind_of_public_name():
    page = (ROOT / "docs" / "compatibility.md").read_text(encoding="utf-8")
    kinds = {re.split(r" (?=[^ ]+$)", line)[0].split()[0] for line in names()}
    told = {kind: f"`{kind} " in page for kind in kinds}
    assert all(told.values()), told
