"""A run's folder: its name, who may go on with it, and what is left alone."""

import dataclasses
import os
import re
import shutil

import pytest
from filelock import FileLock

from seqapps import files
from seqapps.data.source import Reading
from seqapps.errors import UserError
from seqapps.runs import Identity, find, identity_of, opened
from seqapps.settings import replace


@pytest.fixture
def identity(sentiment):
    return Identity(
        task="sentiment",
        settings=sentiment.tiny,
        seed=3,
        data="/data/reviews.csv",
        content="e5" * 32,
        fingerprint="a1" * 32,
        code="b2" * 32,
        group=None,
        reading=Reading(),
    )


def changed(identity, **settings):
    return dataclasses.replace(
        identity, settings=replace(identity.settings, settings, where="test")
    )


@pytest.fixture
def start(tmp_path):
    """Open a run's folder, let it go again and give the run."""

    def start(identity, *, name="one", fresh=False):
        with opened(tmp_path, identity, name=name, fresh=fresh) as run:
            return run

    return start


def contents(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def test_the_same_settings_data_and_seed_give_the_same_name(identity):
    assert dataclasses.replace(identity).name == identity.name
    assert re.fullmatch("[0-9a-f]{8}", identity.name)


def test_the_name_does_not_depend_on_where_the_data_lie_or_on_the_code(identity):
    moved = dataclasses.replace(identity, data="/elsewhere/reviews.csv", code="c3" * 32)
    assert moved.name == identity.name


def test_other_settings_data_or_seed_give_another_name(identity):
    others = [
        changed(identity, units=17),
        dataclasses.replace(identity, fingerprint="d4" * 32),
        dataclasses.replace(identity, seed=5),
    ]
    assert len({identity.name, *(other.name for other in others)}) == 4


def test_a_run_without_a_name_lies_under_the_name_made_of_its_content(tmp_path, identity, start):
    assert start(identity, name=None).folder == tmp_path / "sentiment" / identity.name


def test_a_new_run_writes_down_what_it_is(identity, start):
    record = start(identity).read_record()
    assert (record["task"], record["seed"], record["code"]) == ("sentiment", 3, "b2" * 32)
    assert record["data"] == {
        "source": "/data/reviews.csv",
        "content": "e5" * 32,
        "fingerprint": "a1" * 32,
        "group": "",
        "columns": {},
        "encoding": "utf-8-sig",
        "header": True,
        "data_dir": "",
    }
    assert record["settings"] == dataclasses.asdict(identity.settings)
    assert record["versions"]["seqapps"]


def test_the_same_run_goes_on_with_what_it_has(identity, start):
    run = start(identity)
    run.history.write_text("round,loss\n")
    assert start(identity).history.read_text() == "round,loss\n"


def test_the_same_data_at_another_place_are_no_other_run(identity, start):
    start(identity)
    start(dataclasses.replace(identity, data="/elsewhere/reviews.csv"))


DIFFERENCES = {
    "settings": (
        lambda identity: changed(identity, units=17, dropout=0.3),
        ["setting units: 13 there, 17 now", "setting dropout: 0.1 there, 0.3 now"],
    ),
    "seed": (lambda identity: dataclasses.replace(identity, seed=5), ["seed: 3 there, 5 now"]),
    "data": (
        lambda identity: dataclasses.replace(identity, data="/new.csv", fingerprint="d4" * 32),
        ["data: /data/reviews.csv (a1a1a1a1) there, /new.csv (d4d4d4d4) now"],
    ),
    "code": (
        lambda identity: dataclasses.replace(identity, code="c3" * 32),
        ["code: the files of seqapps or of the task have changed"],
    ),
}


@pytest.mark.parametrize("what", DIFFERENCES)
def test_another_run_in_the_folder_is_refused_with_the_differences(what, identity, start):
    other, expected = DIFFERENCES[what]
    run = start(identity)
    before = run.record.read_text()
    with pytest.raises(UserError, match="holds another run") as error:
        start(other(identity))
    listed = [line.strip() for line in str(error.value).splitlines()[1:-1]]
    assert listed == expected
    assert run.record.read_text() == before


def test_another_version_of_a_package_is_a_difference(identity, start):
    run = start(identity)
    numpy = run.read_record()["versions"]["numpy"]
    record = run.record.read_text()
    run.record.write_text(record.replace(f'numpy = "{numpy}"', 'numpy = "1.17.19"'))
    with pytest.raises(UserError, match=re.escape(f"numpy: 1.17.19 there, {numpy} now")):
        start(identity)


def test_a_package_that_is_no_longer_recorded_is_a_difference_too(identity, start):
    run = start(identity)
    record = run.record.read_text()
    run.record.write_text(record.replace("[versions]", '[versions]\nformerly_used = "7"'))
    with pytest.raises(UserError, match="formerly_used: 7 there"):
        start(identity)


def test_a_folder_in_use_is_refused(tmp_path, identity, start):
    run = start(identity)
    with (
        FileLock(run.folder.with_name(".one.lock")),
        pytest.raises(UserError, match="is in use by another seqapps process"),
    ):
        start(identity)


def test_a_folder_is_free_again_after_a_failure(tmp_path, identity, start):
    with pytest.raises(ZeroDivisionError), opened(tmp_path, identity, name="one", fresh=False):
        1 / 0  # noqa: B018
    start(identity)


@pytest.mark.parametrize("fresh", [False, True])
@pytest.mark.parametrize(
    "name", ["notes.txt", "report.html", "features/state.json", ".notes.original"]
)
def test_a_folder_that_is_no_run_is_refused_and_untouched(name, fresh, tmp_path, identity, start):
    """Nor does --fresh touch it: nobody wants to lose what seqapps did not make."""
    foreign = tmp_path / "sentiment" / "one"
    (foreign / name).parent.mkdir(parents=True)
    (foreign / name).write_text("mine")
    before = contents(foreign)
    with pytest.raises(UserError, match=r"holds files but no run\.toml, so it is not a run"):
        start(identity, fresh=fresh)
    assert contents(foreign) == before


def finished(run, *extra):
    """Fill a run's folder with one file of each kind that the stages leave."""
    made = [
        run.features / "state.json", run.checkpoints / "round-00001.checkpoint", run.history,
        run.model / "saved_model.pb", run.evaluation, run.explained, run.observed, run.report,
        run.published, run.rejected,
    ]  # fmt: skip
    for file in [*made, *(run.folder / name for name in extra)]:
        file.parent.mkdir(exist_ok=True)
        file.write_text("x")
    return run


def test_fresh_removes_all_that_a_run_makes(identity, start):
    finished(start(identity))
    assert contents(start(identity, fresh=True).folder) == {"run.toml"}


def test_fresh_takes_the_folder_for_another_run(identity, start):
    start(identity)
    other = changed(identity, units=17)
    assert start(other, fresh=True).read_record()["settings"]["units"] == 17


def test_fresh_removes_nothing_else_and_starts_anew(identity, start):
    """Notes that a person laid beside a run's files survive, and do not keep the run from it."""
    finished(start(identity), "notes.txt", "mine/old.csv")
    run = start(identity, fresh=True)
    assert contents(run.folder) == {"run.toml", "notes.txt", "mine", "mine/old.csv"}


def test_what_a_killed_writer_left_is_removed_when_the_run_goes_on(identity, start):
    run = finished(start(identity))
    before = contents(run.folder)
    for left in (
        run.folder / f".history.csv{files.PARTIAL}ab12cd_x",
        run.checkpoints / f".round-00002.checkpoint{files.PARTIAL}k3_9zzab",
    ):
        left.write_text("half")
    start(identity)
    assert contents(run.folder) == before


def test_a_start_that_was_killed_before_the_record_was_whole_is_no_foreign_folder(
    tmp_path, identity, start
):
    folder = tmp_path / "sentiment" / "one"
    folder.mkdir(parents=True)
    (folder / f".run.toml{files.PARTIAL}ab12cd_x").write_text("half")
    assert contents(start(identity).folder) == {"run.toml"}


@pytest.mark.parametrize("stage", ["prepare", "train", "export", "evaluate"])
def test_undoing_forgets_later_stages_only(stage, identity, start):
    run = finished(start(identity))
    by_stage = {
        "prepare": {"run.toml", "features", "rejected.csv"},
        "train": {"checkpoints", "history.csv"},
        "export": {"model"},
        "evaluate": {"evaluation.json", "explained.json", "observed.json"},
    }
    run.undo_after(stage)
    stages = list(by_stage)
    kept = set().union(*(by_stage[name] for name in stages[: stages.index(stage) + 1]))
    assert {path.name for path in run.folder.iterdir()} == kept


def test_a_folder_that_cannot_be_made_points_to_runs(tmp_path, identity):
    (tmp_path / "sentiment").write_text("a file in the way")
    with (
        pytest.raises(UserError, match=r"cannot be made .* See --runs"),
        opened(tmp_path, identity, name="one", fresh=False),
    ):
        pass


def test_a_run_is_found_by_its_folder_by_task_and_name_and_by_name(tmp_path, identity, start):
    folder = start(identity).folder
    start(identity, name="two")
    for given in (str(folder), os.path.relpath(folder), "sentiment/one", "one"):
        assert find(tmp_path, given).folder.resolve() == folder


def test_an_unknown_run_is_an_error_that_lists_the_known(tmp_path, identity, start):
    start(identity)
    start(identity, name="two")
    with pytest.raises(UserError, match=r"three: no such run .* sentiment/one, sentiment/two\."):
        find(tmp_path, "three")


def test_without_any_run_none_is_known(tmp_path):
    with pytest.raises(UserError, match="Known: none"):
        find(tmp_path / "runs", "three")


def test_a_name_that_two_tasks_use_is_ambiguous(tmp_path, identity, start):
    start(identity)
    start(dataclasses.replace(identity, task="tagging"))
    with pytest.raises(UserError, match=r"one: several runs .*sentiment/one, .*tagging/one"):
        find(tmp_path, "one")
    assert find(tmp_path, "tagging/one").folder == tmp_path / "tagging" / "one"


def test_the_identity_follows_the_code_of_the_task(sentiment, tmp_path):
    def code(folder):
        return identity_of(
            sentiment, values=sentiment.tiny, seed=3, data="d", content="c", fingerprint="f",
            code_folder=folder, group=None, reading=Reading(),
        ).code  # fmt: skip

    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "task.py").write_text("x = 3\n")
    shutil.copytree(tmp_path / "one", tmp_path / "copy")
    before = code(tmp_path / "one")
    assert code(tmp_path / "copy") == before
    (tmp_path / "one" / "model.py").write_text("")
    assert code(tmp_path / "one") != before


def test_the_code_of_a_single_file_is_its_content(sentiment, tmp_path):
    file = tmp_path / "task.py"

    def code(text):
        files.write_text(file, text)
        return identity_of(
            sentiment, values=sentiment.tiny, seed=3, data="d", content="c", fingerprint="f",
            code_folder=file, group=None, reading=Reading(),
        ).code  # fmt: skip

    assert code("x = 3\n") == code("x = 3\n") != code("x = 5\n")
