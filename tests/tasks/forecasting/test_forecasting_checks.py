"""The forecaster satisfies what every task must."""

import pytest
from seqapps.tasks.forecasting.task import TASK

from seqapps import checks, registry


@pytest.mark.long
def test_forecasting_passes_every_check():
    problems = {
        checks.name_of(check): problem
        for check, problem in checks.run(TASK, file=registry.find("forecasting").file)
        if problem is not None
    }
    assert problems == {}
