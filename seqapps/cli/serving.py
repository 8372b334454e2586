"""What `seqapps serve` does."""

from __future__ import annotations

import gc
import shlex
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from seqapps import start
from seqapps.errors import RunError, UserError, nearest
from seqapps.export.serving_files import published_names
from seqapps.serving import batching_parameters, engines, policy
from seqapps.serving.access import VARIABLE, token_from
from seqapps.serving.engines import Wanted
from seqapps.serving.policy import Policy

if TYPE_CHECKING:
    from seqapps.serving.checking import Outcome
    from seqapps.serving.grpc.calls import Core
    from seqapps.serving.grpc.server import Running
    from seqapps.serving.loaded import Loaded
    from seqapps.serving.metrics import Metrics
    from seqapps.serving.models import Models
    from seqapps.serving.running import Pool, Runner

USUAL = Path("saved_models")  # where runs publish to unless told otherwise
LOCAL = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Options:
    """The command's options, see there."""

    names: tuple[str, ...]
    config: Path | None
    engine: str
    host: str
    port: int
    grpc_port: int
    no_grpc: bool
    batching: bool
    token_file: Path | None
    threads: int | None
    queue: int
    max_body: int
    max_instances: int
    max_text: int
    timeout: float
    access_log: str | None
    no_page: bool


def serve(folder: Path, options: Options, *, twins: Sequence[str] = ()) -> int:
    """Serve until it is stopped. `twins` are the options given that only the twin knows."""
    _check_models(folder, options.names)
    token = token_from(options.token_file)
    engine = engines.chosen(options.engine)
    if engine == "twin":
        return _serve_twin(folder, options, token)
    _refuse_twins(engine, options.engine, [*twins, *([f"a token ({VARIABLE})"] if token else [])])
    return _serve_tensorflow(engine, folder, options)


def _refuse_twins(engine: str, asked: str, twins: Sequence[str]) -> None:
    """A limit or a token that is ignored is worse than none."""
    if not twins:
        return
    installed = "" if asked != "auto" else f" ({engines.BINARY} is installed, so auto takes it)"
    raise UserError(
        f"--engine {engine}{installed}: TF Serving does not know {', '.join(twins)}. Put a proxy "
        "in front of it, or take --engine twin."
    )


def _serve_tensorflow(engine: str, folder: Path, options: Options) -> int:
    wanted = Wanted(
        folder, options.names, options.config, options.host, options.port, options.grpc_port,
        grpc=not options.no_grpc, batching=options.batching, timeout=options.timeout,
    )  # fmt: skip
    installed = f"{engines.BINARY} is installed, so it serves. " if options.engine == "auto" else ""
    click.echo(
        f"{installed}TF Serving has no pages for the browser; `--engine twin` has them.", err=True
    )
    if engine == "tensorflow" and options.host in LOCAL:
        click.echo(
            "TF Serving listens at all addresses of this machine, not at one alone; a firewall "
            "keeps others out.",
            err=True,
        )
    with tempfile.TemporaryDirectory(prefix="seqapps-serve-") as temporary:
        where = Path(temporary)
        configuration = engines.configuration_of(engine, wanted)
        configuration.write(where)
        arguments = engines.command(engine, wanted, where)
        click.echo(shlex.join(arguments))
        return engines.run(arguments, partial(configuration.renew, where))


def check(url: str, folder: Path, *, names: Sequence[str], token_file: Path | None) -> int:
    """Ask a server the golden requests; 1 where an answer differs or a model cannot be asked."""
    from seqapps.serving import checking

    server = checking.Server(url, token_from(token_file))
    _check_models(folder, names)
    failed = False
    for name in names or published_names(folder):
        try:
            for outcome in checking.check(server, folder, name):
                failed = failed or bool(outcome.found.differences)
                click.echo(_told(outcome))
        except RunError as error:  # the other models are asked all the same
            failed = True
            click.echo(f"{name}: {error}", err=True)
    return int(failed)


def _told(outcome: Outcome) -> str:
    found = outcome.found
    ties = f", {found.near_ties} near ties" if found.near_ties else ""
    told = f"{found.rows} rows the same{ties}, largest difference {found.largest:.1e}"
    if found.differences:
        told = f"{len(found.differences)} differences: {'; '.join(found.differences[:3])}"
    return f"{outcome.model} {outcome.version} {outcome.signature}: {told}"


def _check_models(folder: Path, names: Sequence[str]) -> None:
    there = list(published_names(folder)) if folder.is_dir() else []
    if not there:
        raise UserError(f"{folder}: no published model there. {_instead_of(folder)}")
    for name in names:
        if name not in there:
            raise UserError(f"--model {name}: not in {folder}. {nearest(name, there)}")


def _instead_of(folder: Path) -> str:
    """What to do where a folder holds no models; the name of one may have been meant."""
    above = USUAL if folder == Path(folder.name) else folder.parent
    if folder.name in published_names(above):
        return f"For one model: `seqapps serve {above} --model {folder.name}`."
    return "`seqapps run TASK` makes one."


def _serve_twin(folder: Path, options: Options, token: str | None) -> int:
    from seqapps.playground import routes
    from seqapps.serving.app import application
    from seqapps.serving.grpc.calls import Core
    from seqapps.serving.limits import Limits
    from seqapps.serving.metrics import Metrics
    from seqapps.serving.models import Models, Newest
    from seqapps.serving.running import Pool
    from seqapps.serving.server import bound
    from seqapps.serving.server import serve as run

    policies = _policies(options.config, folder)
    policies()  # what is wrong with the file is told before anything is loaded
    write = _access_log(options.access_log)
    with bound(options.host, options.port) as listening:
        start.tensorflow()
        gc.freeze()  # TensorFlow stays; so collecting what a version leaves behind is quick
        threads = options.threads or start.cores()
        pool = Pool(threads, waiting=options.queue)
        metrics = Metrics(lambda: models.available())
        runner_of = _runner_of(pool, metrics, batching=options.batching)
        models = Models(
            folder,
            names=options.names,
            policies=policies,
            runner_of=runner_of,
            tidy=gc.collect,  # a graph is full of cycles, and Python would not look for long
        )
        limits = Limits(options.max_body, options.max_instances, options.max_text, options.timeout)
        pages = [] if options.no_page else routes(Newest(models))
        app = application(
            models, limits=limits, pages=pages, token=token, access_log=write, metrics=metrics
        )
        models.start()
        try:
            _tell_versions(models)
            address = f"http://{_in_address(options.host)}:{listening.getsockname()[1]}"
            core = Core(
                models=models, limits=limits, token=token, metrics=metrics, access_log=write
            )
            with _grpc(core, options, most=threads + options.queue) as calls:
                ready = partial(_tell_ready, models, address, options, token, calls)
                ending = calls.stop if calls else lambda: None
                stopped_by = run(app, listening, ready=ready, ending=ending)
        finally:
            models.close()
            pool.close()
    if stopped_by == signal.SIGINT:
        raise KeyboardInterrupt
    return 0


def _runner_of(pool: Pool, metrics: Metrics, *, batching: bool) -> Callable[[Loaded], Runner]:
    from seqapps.serving.batching import Batching

    def runner_of(loaded: Loaded) -> Runner:
        parameters = batching_parameters.read(loaded.folder) if batching else None
        if parameters is None:
            return pool.direct(loaded)
        return Batching(loaded, parameters, observe=metrics.batch)

    return runner_of


@contextmanager
def _grpc(core: Core, options: Options, *, most: int) -> Iterator[Running | None]:
    """A server of gRPC inside the block, where it is wanted."""
    if options.no_grpc:
        yield None
        return
    from seqapps.serving.grpc.server import serving

    with serving(core, options.host, options.grpc_port, most=most) as running:
        yield running


def _policies(config: Path | None, folder: Path) -> Callable[[], Mapping[str, Policy]]:
    return partial(policy.read, config, folder) if config else dict


def _access_log(given: str | None) -> Callable[[str], object] | None:
    if given in (None, "-"):
        return sys.stderr.write if given else None
    file = Path(str(given))

    def write(line: str) -> None:
        with file.open("a", encoding="utf-8") as log:  # opened anew, so that it may be rotated
            log.write(line)

    try:
        write("")
    except OSError as error:
        raise UserError(f"--access-log {given}: cannot be written ({error}).") from None
    return write


def _tell_versions(models: Models) -> None:
    served = models.available()
    for name in models.names:
        for status in models.status(name):
            if status.message:
                click.echo(f"{name} {status.version}: not served: {status.message}", err=True)
    if not served:
        raise RunError("None of the models can be served.")


def _tell_ready(
    models: Models, address: str, options: Options, token: str | None, calls: Running | None
) -> None:
    click.echo("A development twin of TF Serving, for development, teaching, tests, small loads.")
    for name, version in models.available():
        click.echo(f"  {name} {version}: {address}/v1/models/{name}:predict")
    if calls:
        click.echo(f"  the same by gRPC: grpc://{_in_address(options.host)}:{calls.port}")
    if not options.no_page:
        click.echo(f"To try them in a browser: {address}/")
    if options.host not in LOCAL and not token:
        click.echo(
            f"Whoever reaches {options.host} may ask these models; --token-file keeps others out.",
            err=True,
        )
    click.echo("Ctrl-C ends it.")


def _in_address(host: str) -> str:
    return f"[{host}]" if ":" in host else host
