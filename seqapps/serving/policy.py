"""Which versions of a model are served, and what they are called: TF Serving's models.config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

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
    from google.protobuf import text_format
    from tensorflow_serving.config import model_server_config_pb2

    config = model_server_config_pb2.ModelServerConfig()
    try:
        text_format.Parse(file.read_text("utf-8"), config)
    except (OSError, UnicodeDecodeError, text_format.ParseError) as error:
        raise UserError(f"{file}: not a models.config that can be read: {error}") from None
    return {one.name: _policy(one, folder) for one in config.model_config_list.config}


def _policy(config: object, folder: Path) -> Policy:
    name, given = config.name, Path(config.base_path)  # type: ignore[attr-defined]
    labels = dict(config.version_labels)  # type: ignore[attr-defined]
    policy = config.model_version_policy  # type: ignore[attr-defined]
    base = given if given.is_dir() else folder / name
    match policy.WhichOneof("policy_choice"):
        case "all":
            return Policy(base, MANY, labels=labels)
        case "specific":
            return Policy(base, MANY, specific=tuple(policy.specific.versions), labels=labels)
        case _:
            return Policy(base, policy.latest.num_versions or 1, labels=labels)
