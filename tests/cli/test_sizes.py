"""Sizes as people write them."""

import click
import pytest

from seqapps.cli.options import bytes_of


@pytest.mark.parametrize(
    ("written", "meant"),
    [("2GB", 2 * 10**9), ("500 mb", 500 * 10**6), ("1.5k", 1500), ("7", 7), ("0", 0), (None, None)],
)
def test_a_size_is_read(written, meant):
    assert bytes_of(None, None, written) == meant


@pytest.mark.parametrize("written", ["", "much", "-1GB", "2XB", "GB"])
def test_what_is_no_size_is_refused(written):
    with pytest.raises(click.BadParameter, match="is no size"):
        bytes_of(None, None, written)
