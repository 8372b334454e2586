"""Published models whose answers can be worked out by hand."""

import pytest
from served_models import Asking, half_plus, save, zoo

from seqapps import start
from seqapps.serving.app import application
from seqapps.serving.models import Models


@pytest.fixture(scope="session")
def half_plus_models(tmp_path_factory):
    """Folders of saved half-plus-two and half-plus-three, to be copied as versions."""
    start.tensorflow()
    folder = tmp_path_factory.mktemp("half_plus")
    for addend in (2, 3):
        save(half_plus(addend), folder / str(addend))
    return folder


@pytest.fixture(scope="session")
def published(half_plus_models, tmp_path_factory):
    """A folder of models: half_plus_two 123, half_plus_three 5, zoo 7."""
    from shutil import copytree

    folder = tmp_path_factory.mktemp("published")
    copytree(half_plus_models / "2", folder / "half_plus_two" / "00000123")
    copytree(half_plus_models / "3", folder / "half_plus_three" / "5")
    save(zoo(), folder / "zoo" / "7")
    return folder


@pytest.fixture(scope="session")
def models(published):
    found = Models(published)
    found.refresh()
    yield found
    found.close()


@pytest.fixture(scope="session")
def client(models):
    """Puts requests to the application in this process."""
    with Asking(application(models)) as asking:
        yield asking
