"""Which versions of a model are served, and what they are called: TF Serving's models.config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seqapps.errors import UserError

MANY = 2**31


@dataclass(frozen=True)
class Policy:
    """The newest versions that load, `most` of them, or certain ones."""

    base: Path | None = None  # where the versions lie; None: the folder of this name
    most: int = 1
    specific: tuple[int, ...] = ()
    labels: Mapping[str, int] = field(default_factory=dict)

    def candidates(self, on_disk: Sequence[int]) -> list[int]:
        """The versions that may be served, in order of preference."""
        if self.specific:
            return [number for number in on_disk if number in self.specific]
        return list(on_disk)


def read(file: Path, folder: Path) -> dict[str, Policy]:
    """The models that a models.config names; a base path that is not there means one in `folder`.

    Raises UserError where the file cannot be read.
    """
    return {one.name: _policy(one, folder) for one in parse(file).model_config_list.config}


def parse(file: Path) -> Any:
    """A models.config as TF Serving's message. Raises UserError where it cannot be read."""
    from google.protobuf import text_format
    from tensorflow_serving.config import model_server_config_pb2

    config = model_server_config_pb2.ModelServerConfig()
    try:
        text_format.Parse(file.read_text("utf-8"), config)
    except (OSError, UnicodeDecodeError, text_format.ParseError) as error:
        raise UserError(f"{file}: not a models.config that can be read: {error}") from None
    return config


def base_of(config: Any, folder: Path) -> Path:
    """Where the versions of a model lie; a base path that is not there means one in `folder`."""
    given = Path(config.base_path)
    return given if config.base_path and given.is_dir() else folder / config.name


def _policy(config: Any, folder: Path) -> Policy:
    base, labels = base_of(config, folder), dict(config.version_labels)
    policy = config.model_version_policy
    match policy.WhichOneof("policy_choice"):
        case "all":
            return Policy(base, MANY, labels=labels)
        case "specific":
            return Policy(base, MANY, specific=tuple(policy.specific.versions), labels=labels)
        case _:
            return Policy(base, policy.latest.num_versions or 1, labels=labels)
