"""seqapps: sequence applications on Keras and TensorFlow that share one runner.

`from seqapps.task import Task` is all that a plugin needs; nothing here imports tensorflow.
"""

from seqapps.version import __version__

__all__ = ["__version__"]
