"""What many tests share: the toy data, a tiny trained sentiment model, its proven export."""

import os
import random
import signal
import sys
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

# Not the user's cache: what tests leave there would be found by real runs.
os.environ.setdefault(
    "SEQAPPS_CACHE", str(Path(__file__).parent.parent / ".pytest_cache" / "seqapps")
)

from seqapps import registry
from seqapps.data.load import load
from seqapps.settings import replace

# Tests that press Ctrl-C start processes; a shell that runs the tests in the background has told
# them to ignore it, and children inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).parent.parent
SHARED = Path(os.environ.get("SEQAPPS_SHARED_DATA", ROOT.parent / "shared" / "data"))


@pytest.fixture(autouse=True)
def _shared_data(request):
    """Tests marked `shared_data` say so where the development data are absent."""
    if request.node.get_closest_marker("shared_data") and not SHARED.is_dir():
        pytest.skip(f"no development data at {SHARED} (SEQAPPS_SHARED_DATA)")


@pytest.fixture(autouse=True)
def _drawn_alike():
    """What a test draws does not depend on the tests before it."""
    random.seed(0)
    if keras := sys.modules.get("keras"):
        keras.utils.set_random_seed(0)


@pytest.fixture(autouse=True)
def _plugins_of_one_test(monkeypatch):
    """A file given with --plugin is known to that test only."""
    monkeypatch.setattr(registry, "_given", [])


@pytest.fixture(scope="session")
def shared_data():
    return SHARED


@pytest.fixture(scope="session")
def sentiment():
    return registry.load("sentiment")


@pytest.fixture(scope="session")
def toy(sentiment):
    return load(sentiment, "sample:toy")


@pytest.fixture(scope="session")
def tiny(sentiment):
    return replace(sentiment.tiny, {"epochs": 5}, where="tests")


@pytest.fixture(scope="session")
def trained(sentiment, toy, tiny, tmp_path_factory):
    """(model, features, state) of a tiny model that is sure of its answers."""
    from seqapps.training.train import train

    folder = tmp_path_factory.mktemp("trained")
    state = sentiment.fit(toy.splits["train"], tiny)
    model, features = train(
        sentiment,
        tiny,
        state,
        cases=toy.splits["train"],
        valid=toy.splits["valid"],
        seed=0,
        folder=folder / "checkpoints",
        history=folder / "history.csv",
    )
    return model, features, state


@pytest.fixture(scope="session")
def bundle(sentiment, toy, tiny, trained, tmp_path_factory):
    """The folder of a proven export of the tiny model."""
    from seqapps.export import bundle

    folder = tmp_path_factory.mktemp("bundle")
    model, features, _ = trained
    bundle.write(
        folder, sentiment, tiny, model, features,
        cases=toy.splits["valid"], record={"task": "sentiment", "seed": 0},
    )  # fmt: skip
    return folder
