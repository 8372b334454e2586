"""A development twin of TF Serving: the same addresses, requests, answers and refusals.

>>> from seqapps.serving import Client
>>> with Client("http://localhost:8501") as client:
...     client.predict("sentiment", rows=["The cast is not dull but lovely"])
"""

from seqapps.serving.client.client import Client
from seqapps.serving.client.failed import ServingError

__all__ = ["Client", "ServingError"]
