"""`seqapps run TASK --find-learning-rate` suggests a rate and leaves a picture, no run."""

import xml.etree.ElementTree as ElementTree

from seqapps import registry

TINY = ("--set", "vectors=none", "--set", "units=7", "--set", "embedding=5")


def test_it_suggests_a_rate_that_trains_and_leaves_nothing_but_the_curve(
    call, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    code, out, err = call(
        "run", "sentiment", "--data", "sample:toy", "--find-learning-rate", "--quiet", *TINY
    )
    assert (code, err) == (0, "")
    first, second, third = out.splitlines()
    suggested = float(first.split()[3].rstrip("."))
    assert 1e-4 <= suggested <= 0.1
    assert second == "Curve: runs/sentiment/learning-rate.svg"
    now = registry.load("sentiment").settings.learning_rate
    assert third == f"Try it: --set learning_rate={suggested:g} (now {now:g})"
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"runs/sentiment/learning-rate.svg"}
    picture = ElementTree.parse(tmp_path / "runs" / "sentiment" / "learning-rate.svg")
    assert picture.getroot().tag.endswith("svg")
