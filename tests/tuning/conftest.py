"""A study in a test's own folder, of the small settings in `reckoned`."""

import pytest
from reckoned import EPOCHS, Settings, metric

from seqapps.tuning.space import space_of
from seqapps.tuning.study import Study


@pytest.fixture
def base():
    return Settings()


@pytest.fixture
def space(base):
    return space_of(base, {"encoder": {"leave_out": True}, "bidirectional": {"leave_out": True}})


@pytest.fixture
def open_study(tmp_path, space):
    """Open the study in this test's folder, as each new process does."""

    def opened(*, space=space, higher=False, aim=None, trials=11, epochs=EPOCHS, **options):
        return Study(
            tmp_path / "trials.jsonl", space, metric=metric(higher=higher, aim=aim),
            seed=options.pop("seed", 3), trials=trials, epochs=epochs, **options,
        )  # fmt: skip

    return opened
