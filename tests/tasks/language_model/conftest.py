"""A tiny language model of the Python reference, trained once."""

import pytest

from seqapps import registry
from seqapps.checks import Trial


@pytest.fixture(scope="session")
def language_model():
    return registry.load("language_model")


@pytest.fixture(scope="session")
def trial(language_model, tmp_path_factory):
    task = language_model.under(language_model.tiny)
    return Trial(task, None, tmp_path_factory.mktemp("language_model"))
