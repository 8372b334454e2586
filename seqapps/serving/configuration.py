"""The files that TF Serving is started with: which models, from which folders, and its metrics."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from seqapps import files
from seqapps.errors import UserError
from seqapps.export.serving_files import MODELS_CONFIG, published_names
from seqapps.serving import policy

MONITORING = "monitoring.config"
MOUNTED = "/models"  # where Docker has the folder of models


class Configuration:
    """`models.config`, written anew when the folder or a file of the user's own changes."""

    def __init__(
        self, folder: Path, *, names: Sequence[str], config: Path | None, docker: bool
    ) -> None:
        """`names`: only these models; `config`: a models.config of the user's own."""
        self._folder = folder
        self._names = tuple(names)
        self._config = config
        self._docker = docker
        self._written = ""

    def write(self, where: Path) -> None:
        """Both files into the folder `where`. Raises UserError where `config` cannot be read."""
        monitoring = 'prometheus_config { enable: true, path: "/monitoring/prometheus/metrics" }\n'
        files.write_text(where / MONITORING, monitoring)
        self.renew(where)

    def renew(self, where: Path) -> None:
        """Write `models.config` where it is not as it should be by now. Raises UserError."""
        text = self._text()
        if text != self._written:
            files.write_text(where / MODELS_CONFIG, text)
            self._written = text

    def _text(self) -> str:
        own = self._own()
        names = self._names or tuple(own) or tuple(published_names(self._folder))
        return f"model_config_list {{\n{''.join(self._entry(name, own) for name in names)}}}\n"

    def _own(self) -> dict[str, Any]:
        """What the user's file says of each model."""
        if self._config is None:
            return {}
        return {one.name: one for one in policy.parse(self._config).model_config_list.config}

    def _entry(self, name: str, own: dict[str, Any]) -> str:
        from google.protobuf import text_format

        if name not in own:
            base = self._seen(self._folder / name, name)
            return (
                f'  config {{ name: "{name}" base_path: "{base}" model_platform: "tensorflow" }}\n'
            )
        entry = own[name]
        if "://" not in entry.base_path:  # TF Serving also reads from other places than a disk
            entry.base_path = self._seen(policy.base_of(entry, self._folder), name)
        return f"  config {{ {text_format.MessageToString(entry, as_one_line=True)} }}\n"

    def _seen(self, base: Path, name: str) -> str:
        """A folder as the server sees it."""
        folder, base = self._folder.absolute(), base.absolute()
        if not self._docker:
            return str(base)
        if not base.is_relative_to(folder):
            raise UserError(
                f"{self._config}: the base path of {name} is {base}, and Docker is shown {folder} "
                "alone. Give the folder that holds all models, or a base path below /models."
            )
        return f"{MOUNTED}/{base.relative_to(folder).as_posix()}"
