"""Cases of a test of which some are for `make test-all`."""

import pytest


def each_once(names, long):
    """The names, those in `long` marked as such."""
    return [pytest.param(name, marks=pytest.mark.long) if name in long else name for name in names]
