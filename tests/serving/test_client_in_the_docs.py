"""The example of the client in docs/serving.md, run against a model that was trained."""

import re
import shutil
from pathlib import Path

import pytest
from server_threads import grpc_server, rest_server

from seqapps.serving.models import Models

PAGE = Path(__file__).parents[2] / "docs" / "serving.md"


@pytest.mark.long
def test_the_example_of_the_client_runs(bundle, tmp_path, capsys):
    shutil.copytree(bundle, tmp_path / "sentiment" / "1")
    models = Models(tmp_path)
    models.refresh()
    [example] = re.findall(r"<!-- client -->\n```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    with rest_server(models) as rest, grpc_server(models) as calls:
        example = example.replace("http://localhost:8501", rest)
        exec(example.replace("grpc://localhost:8500", calls), {})
    models.close()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:2]] == ["positive", "negative"]
    assert "AVAILABLE" in lines[2] and "DT_STRING" in lines[2]
