"""Samples that any task may be given."""

from collections.abc import Mapping

from seqapps.task import Sample

SHARED: Mapping[str, Sample] = {}
