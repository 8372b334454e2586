"""What Keras may train on. Everything else, export and judging among it, is TensorFlow's."""

from __future__ import annotations

from importlib.util import find_spec

from seqapps.errors import UserError

TENSORFLOW, JAX = "tensorflow", "jax"
BACKENDS = (TENSORFLOW, JAX)
PACKAGES = {TENSORFLOW: (), JAX: ("jax", "jaxlib")}  # whose versions a run notes


def check_installed(backend: str) -> None:
    """Raises UserError where a backend is not there."""
    if backend == JAX and find_spec("jax") is None:
        raise UserError(
            "--backend jax needs JAX, which is not installed: pip install 'seqapps[jax]'. For an "
            "NVIDIA GPU also: pip install 'jax[cuda12]'."
        )
