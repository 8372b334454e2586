"""Small forecasters, ready at once."""

import pytest
from hand_made_series import Made, settings_of


@pytest.fixture
def made():
    """`made(row, encoder="gru")`: a forecaster with these settings."""
    return lambda *rows, **options: Made(rows, settings_of(*rows, **options))
