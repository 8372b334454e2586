"""What is searched follows from type, limits and choices of a setting, and from `--space`."""

import tomllib
from dataclasses import replace

import optuna
import pytest

from seqapps import registry, settings
from seqapps.errors import UserError
from seqapps.tuning.dimension import Dimension
from seqapps.tuning.space import load_changes, space_of


def by_name(space):
    return {each.name: each for each in space.dimensions}


def test_a_rate_is_searched_by_ratio_a_decade_to_each_side(base):
    rate = by_name(space_of(base))["learning_rate"]
    assert (rate.low, rate.high, rate.log, rate.whole) == (0.001, 0.1, True, False)


def test_a_size_is_searched_by_ratio_in_multiples_that_heads_divide(base):
    units = by_name(space_of(base))["units"]
    assert (units.low, units.high, units.log) == (12, 192, True)
    assert units.multiple == 8
    assert [units.value(drawn) for drawn in (13, 37, 185, 192)] == [16, 40, 184, 192]


def test_a_share_is_searched_evenly_and_not_to_its_limit(base):
    dropout = by_name(space_of(base))["dropout"]
    assert (dropout.low, dropout.high, dropout.log) == (0.0, 0.7, False)


def test_what_is_switched_or_chosen_has_all_its_values(base):
    found = by_name(space_of(base))
    assert found["encoder"].choices == ("lstm", "gru", "attention")
    assert found["bidirectional"].choices == (False, True)


def test_a_number_that_is_off_may_stay_off(base):
    assert by_name(space_of(base))["weight_decay"].choices[0] == 0.0


def test_neither_epochs_nor_files_nor_what_is_judged_are_searched(base):
    left_out = {"epochs", "monitor", "vectors", "horizon"}
    assert left_out & set(by_name(space_of(base))) == set()


def test_the_start_is_in_every_dimension_even_where_the_file_leaves_it_out(base):
    changes = {"learning_rate": {"low": 0.02, "high": 0.5}, "encoder": {"choices": ["gru"]}}
    found = by_name(space_of(base, changes))
    assert (found["learning_rate"].low, found["learning_rate"].high) == (0.01, 0.5)
    assert found["encoder"].choices == ("lstm", "gru")


def test_a_fixed_setting_is_another_start_and_not_searched(base):
    space = space_of(base, {"units": {"fix": 7}})
    assert space.base.units == 7
    assert "units" not in by_name(space)


def test_only_says_what_is_searched(base):
    space = space_of(base, {"only": ["horizon", "dropout"], "layers": {"low": 1, "high": 7}})
    assert set(by_name(space)) == {"horizon", "dropout", "layers"}


def test_a_text_is_searched_where_the_file_tells_its_values(base):
    space = space_of(base, {"vectors": {"choices": ["none", "glove-50d"]}})
    assert by_name(space)["vectors"].choices == ("none", "glove-50d")
    with pytest.raises(UserError, match=r"which values vectors may take"):
        space_of(base, {"only": ["vectors"]})


def test_what_is_shown_is_read_back_as_the_same_space(base):
    space = space_of(base, {"units": {"fix": 7}, "layers": {"leave_out": True}})
    assert space_of(base, tomllib.loads(space.dumps())) == space


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"unit": {"fix": 7}}, "unknown setting 'unit'.*units"),
        ({"monitor": {"choices": ["loss"]}}, "monitor cannot be searched"),
        ({"units": 7}, "units expects a table"),
        ({"units": {"hgih": 7}}, r"\[units\] has no 'hgih'.*high"),
        ({"units": {"low": "few"}}, "units expects int"),
        ({"units": {"low": 99, "high": 11}}, "from 99 to 11; expected low below high"),
        ({"dropout": {"high": 2.0}}, "dropout must be at least 0.0 and at most 0.9"),
        ({"weight_decay": {"low": 0.0, "high": 0.1, "log": True}}, "above 0 where log"),
        ({"encoder": {"choices": ["rnn"]}}, "no such encoder"),
        ({"encoder": {"low": 1}}, r"encoder expects str|encoder\] is no number"),
        ({"only": ["uints"]}, "unknown setting 'uints'"),
        ({"only": []}, "nothing is left to search"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_file_is_told_with_file_and_setting(base, changes, told):
    with pytest.raises(UserError, match=told) as raised:
        space_of(base, changes, where="--space my.toml")
    assert str(raised.value).startswith("--space my.toml")


def test_a_missing_or_broken_file_is_told(tmp_path):
    with pytest.raises(UserError, match=r"no such file.*--show-space"):
        load_changes(tmp_path / "absent.toml")
    (tmp_path / "broken.toml").write_text("units = [")
    with pytest.raises(UserError, match="not valid TOML"):
        load_changes(tmp_path / "broken.toml")


def test_a_drawn_number_can_be_typed_and_stays_within_its_limits():
    rate = Dimension(name="rate", low=0.00123456, high=0.1, log=True)
    assert rate.value(0.0456789) == 0.0457
    assert rate.value(0.00123456) == 0.00123456


@pytest.mark.parametrize(
    "name",
    ["captioning", "forecasting", "language_model", "monitoring", "sentiment", "translation"],
)
def test_whatever_is_drawn_is_a_setting_of_the_task(name):
    task = registry.load(name)
    space = space_of(task.settings)
    assert "learning_rate" in space.distributions
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=5))
    for _ in range(17):
        values = space.values(study.ask(space.distributions).params)
        for key, value in values.items():
            assert settings.check_value(space.base, key, value, where=name) == value


def test_settings_of_a_trial_that_contradict_each_other_are_the_users_mistake(base):
    space = space_of(base)
    with pytest.raises(UserError, match="attention looks both ways"):
        space.settings({"encoder": "attention", "bidirectional": True})
    assert space.settings({"units": 5}) == replace(base, units=5)
