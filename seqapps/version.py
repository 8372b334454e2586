"""The one place that knows the version; light, so that setup.cfg reads it without imports."""

__version__ = "0.1.0"
