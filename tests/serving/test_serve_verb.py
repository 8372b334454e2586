"""`seqapps serve` as a process: what it tells, how it ends, and how it checks a server."""

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from served_models import golden

from seqapps.cli import main
from seqapps.serving import Client, engines

SEQAPPS = str(Path(sys.executable).with_name("seqapps"))


def start(*arguments, **environment):
    """The process of a command of ours."""
    return subprocess.Popen(
        [SEQAPPS, "serve", *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, **environment},
    )  # fmt: skip


@pytest.fixture
def run(capfd, monkeypatch):
    """The command in this process: (exit code, stdout, stderr)."""

    def call(*arguments, **environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SystemExit) as ended:
            main(["serve", *map(str, arguments)])
        return ended.value.code or 0, *capfd.readouterr()

    return call


def until_ready(process):
    """The lines that a server tells before it takes requests."""
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("Ctrl-C"):
            return lines
    raise AssertionError(process.stderr.read())


@pytest.fixture(scope="module")
def place(half_plus_models, published, tmp_path_factory):
    """half_plus_two, version 2 with golden requests, version 1 with others; zoo 7; broken 3."""
    folder = tmp_path_factory.mktemp("place")
    for version, wanted in ((1, 2.6), (2, 2.5)):
        version_folder = folder / "half_plus_two" / str(version)
        shutil.copytree(half_plus_models / "2", version_folder)
        golden(wanted)(version_folder)
    shutil.copytree(published / "zoo", folder / "zoo")
    shutil.copytree(half_plus_models / "2", folder / "broken" / "3")
    (folder / "broken" / "3" / "saved_model.pb").write_bytes(b"nothing")
    return folder


@pytest.fixture(scope="module")
def server(place, tmp_path_factory):
    """(process, lines it told, address) of a server that is used by several tests."""
    log = tmp_path_factory.mktemp("log") / "access.jsonl"
    process = start(
        place, "--port", 0, "--grpc-port", 0, "--engine", "twin", "--enable-batching",
        "--access-log", log, SEQAPPS_TOKEN="a token",
    )  # fmt: skip
    try:
        lines = until_ready(process)
        address = next(word for line in lines for word in line.split() if word.startswith("http"))
        yield process, lines, address.partition("/v1")[0]
    finally:
        process.kill()
        process.communicate()


def asked(address, path, body=None, token="a token"):
    request = urllib.request.Request(
        address + path,
        None if body is None else json.dumps(body).encode(),
        {"Authorization": f"Bearer {token}"},
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)


def test_it_tells_what_is_served_where_and_what_for(server):
    _, lines, address = server
    assert "for development, teaching, tests" in lines[0]
    assert f"  half_plus_two 2: {address}/v1/models/half_plus_two:predict\n" in lines
    assert address.startswith("http://127.0.0.1:")
    assert not any("broken" in line for line in lines)


def test_it_answers(server):
    answer = asked(server[2], "/v1/models/half_plus_two:predict", {"instances": [1.0]})
    assert answer == {"predictions": [2.5]}


def test_it_answers_the_same_by_grpc(server):
    url = next(line.split()[-1] for line in server[1] if "grpc://" in line)
    with Client(url, token="a token") as client:
        assert client.predict("half_plus_two", rows=[1.0]) == [{"y": 2.5}]


def test_it_wants_the_token_of_the_environment(server):
    with pytest.raises(urllib.error.HTTPError) as refused:
        asked(server[2], "/v1/models/half_plus_two", token="another")
    with refused.value as error:
        assert error.code == 401


def test_check_tells_that_a_server_answers_as_trained(run, server, place):
    code, out, err = run(
        place, "--check", server[2], "--model", "half_plus_two", SEQAPPS_TOKEN="a token"
    )
    assert (code, err) == (0, "")
    assert out == ("half_plus_two 2 serving_default: 1 rows the same, largest difference 0.0e+00\n")


def test_check_fails_where_an_answer_differs(run, server, place, tmp_path):
    shutil.copytree(place / "half_plus_two" / "1", tmp_path / "half_plus_two" / "2")
    code, out, _ = run(tmp_path, "--check", server[2], SEQAPPS_TOKEN="a token")
    assert code == 1
    assert "serving_default: 1 differences: row 1, y: 2.5 in place of 2.6" in out


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--model", "half_plus_two"], "401"),
        (["--model", "zoo", "--token-file", "token"], "golden.json is not there"),
        (["--model", "broken", "--token-file", "token"], "no version of it that is available"),
    ],
)
def test_check_fails_where_it_cannot_ask(run, server, place, tmp_path, options, reason):
    (tmp_path / "token").write_text("a token\n")
    options = [tmp_path / option if option == "token" else option for option in options]
    code, _, err = run(place, "--check", server[2], *options)
    assert code == 1 and err.startswith(f"{options[1]}: ") and reason in err
    assert "Traceback" not in err


def test_check_asks_the_other_models_too_where_one_cannot_be_asked(run, server, place):
    code, out, err = run(place, "--check", server[2], SEQAPPS_TOKEN="a token")
    assert code == 1 and "half_plus_two 2 serving_default: 1 rows the same" in out
    assert [line.partition(":")[0] for line in err.splitlines()] == ["broken", "zoo"]


def test_check_fails_where_nobody_listens(run, place):
    code, _, err = run(place, "--check", "http://127.0.0.1:1")
    assert code == 1 and "no answer that can be read" in err


def test_sigterm_lets_requests_end_takes_no_new_ones_and_exits_with_0(server):
    """The last test of this file: it stops the server."""
    process, _, address = server
    host = address.removeprefix("http://")
    slow = http.client.HTTPConnection(host, timeout=120)
    body = json.dumps({"signature_name": "slow", "instances": [100_000]})
    slow.request("POST", "/v1/models/zoo:predict", body, {"Authorization": "Bearer a token"})
    asked(address, "/v1/models/zoo")  # by now the server has read the request before this one
    process.send_signal(signal.SIGTERM)
    response = slow.getresponse()
    assert (response.status, json.load(response)) == (200, {"predictions": [100_000]})
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0
    assert "broken 3: not served" in err and "Traceback" not in err
    with pytest.raises(urllib.error.URLError):
        asked(address, "/v1/models/zoo")


@pytest.fixture
def programs(tmp_path):
    """A folder of programs that tell how they were called, and what is in their configuration."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("tensorflow_model_server", "docker"):
        program = folder / name
        program.write_text(
            f"#!{sys.executable}\nimport sys\nprint(*sys.argv[1:], flush=True)\n"
            "for word in sys.argv:\n"
            "    file = word.partition('=')[2]\n"
            "    if '_config_file=' in word and not file.startswith('/config'):\n"
            "        print(open(file).read())\n"
            "sys.exit(7)\n"
        )
        program.chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "SEQAPPS_TOKEN": ""}


def test_tf_serving_serves_where_it_is_installed(run, place, programs):
    code, out, err = run(
        place, "--port", 5, "--model", "zoo", "--enable-batching", "--timeout", 1.5, **programs
    )
    assert code == 7 and "listens at all addresses" in err
    assert "tensorflow_model_server is installed, so it serves. TF Serving has no pages" in err
    assert "`--engine twin` has them" in err
    command, call, *configuration = out.splitlines()
    assert command == f"tensorflow_model_server {call}"
    assert "--rest_api_port=5 " in call
    assert "--rest_api_timeout_in_ms=1500 " in call
    assert "--enable_batching --enable_per_model_batching_parameters" in call
    assert f'base_path: "{place}/zoo"' in "".join(configuration)
    assert "half_plus_two" not in out
    assert "prometheus_config { enable: true" in "".join(configuration)


def test_docker_serves_where_it_is_asked_to(run, place, programs):
    code, out, _ = run(place, "--engine", "docker", **programs)
    assert code == 7
    command, call = out.splitlines()
    assert command == f"docker {call}"
    assert call.startswith("run --rm -p 127.0.0.1:8501:8501 -p 127.0.0.1:8500:8500 ")
    assert f"-v {place}:/models:ro" in call
    assert "tensorflow/serving --model_config_file=/config/models.config" in call


def test_the_twin_serves_where_tf_serving_is_not_installed(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert engines.chosen("auto") == "twin"


def test_sigterm_is_passed_on_to_tf_serving(place, programs, tmp_path):
    (tmp_path / "programs" / "tensorflow_model_server").write_text(
        f"#!{sys.executable}\nimport signal, sys\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))\n"
        "print('waiting', flush=True)\nsignal.pause()\n"
    )
    process = start(place, **programs)
    assert "waiting\n" in iter(process.stdout.readline, "")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 5


def test_tf_serving_with_a_token_is_refused(run, place, programs):
    code, _, err = run(place, **{**programs, "SEQAPPS_TOKEN": "secret"})
    assert code == 2 and "TF Serving does not know a token (SEQAPPS_TOKEN)" in err


def test_options_that_only_the_twin_knows_are_refused(run, place, programs):
    options = ["--queue", 1000, "--max-text", 5, "--no-page", "--access-log", "-"]
    code, _, err = run(place, *options, **programs)
    assert code == 2 and "(tensorflow_model_server is installed, so auto takes it)" in err
    assert "TF Serving does not know --queue, --max-text, --access-log, --no-page." in err
    code, _, err = run(place, "--engine", "docker", "--threads", 2, **programs)
    assert code == 2 and "--engine docker: TF Serving does not know --threads." in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "nowhere: no published model there."),
        (["{place}/zoo"], "For one model: `seqapps serve {place} --model zoo`."),
        (["{place}", "--model", "half"], "--model half: not in"),
        (["{place}", "--engine", "tensorflow"], "no program 'tensorflow_model_server'"),
        (["{place}", "--token-file", "nowhere"], "--token-file nowhere: cannot be read"),
        (["{place}", "--config", "nowhere"], "nowhere: not a models.config that can be read"),
        (["{place}", "--access-log", "{place}"], "cannot be written"),
        (["{place}", "--host", "256.0.0.1"], "256.0.0.1 cannot be listened at"),
        (["{place}", "--max-body", "much"], "'much' is no size"),
    ],
)
def test_mistakes_are_told_with_exit_code_2(run, place, arguments, message):
    code, _, err = run(*(word.format(place=place) for word in arguments), SEQAPPS_TOKEN="")
    assert code == 2 and message.format(place=place) in err and "Traceback" not in err
