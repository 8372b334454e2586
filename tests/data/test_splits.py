"""Who is trained on and who judges is decided by hashes, the same everywhere and for ever."""

import hashlib

import numpy as np
import pytest

from seqapps.data.splits import SPLITS, bucket_of, cut, hashed, key_of


@pytest.mark.parametrize(
    ("key", "bucket"),
    [
        ("", 0),  # sha256 begins e3b0c442
        ("a lovely film", 6),  # dd396f84
        ('["A lovely film!"]', 3),  # dfacc065
        ("naïve", 7),  # f86fd89d
        ("[3.5]", 9),  # 7c06fc1b
        ("그 영화", 5),  # 7a99dfcf
    ],
)
def test_split_numbers_stay_what_they_were_in_the_first_release(key, bucket):
    """Computed with `printf %s KEY | sha256sum | cut -c1-8`, read as a number, modulo 10."""
    assert bucket_of(hashed(key)) == bucket
    assert bucket_of(np.array([hashed(key)], "uint64"))[0] == bucket


def test_a_key_holds_the_named_columns_in_their_order():
    row = {"text": "그 film", "label": "good", "stars": 3.5}
    assert key_of(row, columns=["text"]) == '["그 film"]'
    assert key_of(row, columns=["stars", "text"]) == '[3.5, "그 film"]'


def test_a_key_may_hold_arrays_and_bytes():
    row = {"values": np.array([1.0, 2.5]), "image": b"\x00\xff"}
    assert key_of(row, columns=["values"]) == "[[1.0, 2.5]]"
    assert key_of(row, columns=["image"]) == f'["{hashlib.sha256(row["image"]).hexdigest()}"]'


def hashes(count: int, start: int = 0) -> np.ndarray:
    return np.array([hashed(f"key {number}") for number in range(start, start + count)], "uint64")


def sizes(found) -> dict[str, int]:
    return {name: len(rows) for name, rows in found.positions.items()}


KEYS = hashes(10_007)
ALL = np.arange(len(KEYS))


class TestWithoutGroups:
    def test_a_tenth_chooses_and_a_tenth_judges(self):
        found = cut({None: ALL}, keys=KEYS)
        assert sizes(found) == {"train": 8005, "valid": 1001, "test": 1001}
        assert sorted(np.concatenate(list(found.positions.values()))) == list(ALL)
        assert all((np.diff(rows) > 0).all() for rows in found.positions.values())

    def test_each_stratum_is_cut_for_itself(self):
        strata = np.array([0] * 7001 + [7] * 2900 + [3] * 106)
        found = cut({None: ALL}, keys=KEYS, strata=strata)
        for stratum, tenth in {0: 700, 7: 290, 3: 11}.items():
            held = [int((strata[found.positions[name]] == stratum).sum()) for name in SPLITS[1:]]
            assert held == [tenth, tenth]

    @pytest.mark.parametrize(
        ("count", "train", "held"), [(1, 1, 0), (2, 2, 0), (3, 1, 1), (10, 8, 1), (15, 11, 2)]
    )
    def test_a_small_stratum_has_rows_in_training_first(self, count, train, held):
        found = cut({None: np.arange(count)}, keys=hashes(count))
        assert sizes(found) == {"train": train, "valid": held, "test": held}

    def test_the_rule_of_buckets_decides_nearly_all_rows(self):
        """8 chooses and 9 judges, but for the few rows that make the shares exact."""
        found = cut({None: ALL}, keys=KEYS)
        buckets = bucket_of(KEYS)
        for name, bucket in {"valid": 8, "test": 9}.items():
            assert (buckets[found.positions[name]] == bucket).mean() > 0.93

    def test_equal_inputs_lie_in_one_split(self):
        keys = np.concatenate([KEYS[:997], KEYS[:997]])
        strata = np.arange(len(keys)) % 3  # the same inputs under two labels
        found = cut({None: np.arange(len(keys))}, keys=keys, strata=strata)
        for rows in found.positions.values():
            assert {*(rows[rows < 997])} == {*(rows[rows >= 997] - 997)}
        assert sum(found.repeated.values()) == 997
        assert sum(found.removed.values()) == 0

    def test_the_order_of_the_rows_changes_nothing(self):
        found = cut({None: ALL}, keys=KEYS)
        turned = cut({None: ALL}, keys=KEYS[::-1])
        for name in SPLITS:
            assert {*KEYS[found.positions[name]]} == {*KEYS[::-1][turned.positions[name]]}

    def test_new_rows_move_few_old_ones(self):
        """A tenth more rows: less than a hundredth of the old ones changes its split."""
        old, new = cut({None: ALL[:9097]}, keys=KEYS), cut({None: ALL}, keys=KEYS)
        moved = sum(
            len({*old.positions[name]} - {*new.positions[name]}) for name in ("valid", "test")
        )
        assert moved < 91


class TestGroups:
    groups = KEYS[np.arange(10_007) % 97]

    def test_groups_stay_together_where_the_hash_says(self):
        found = cut({None: ALL}, keys=KEYS, groups=self.groups)
        for name, rows in found.positions.items():
            buckets = {*bucket_of(self.groups[rows]).tolist()}
            assert buckets == {"train": set(range(8)), "valid": {8}, "test": {9}}[name]

    def test_equal_inputs_in_two_groups_are_left_out_of_training(self):
        keys = KEYS.copy()
        found = cut({None: ALL}, keys=keys, groups=self.groups)
        train, valid, test = (found.positions[name] for name in SPLITS)
        keys[train[[3, 5]]] = keys[test[7]]
        keys[train[11]] = keys[valid[13]]
        keys[valid[17]] = keys[test[19]]
        again = cut({None: ALL}, keys=keys, groups=self.groups)
        assert {*train} - {*again.positions["train"]} == {*train[[3, 5, 11]]}
        assert {*valid} - {*again.positions["valid"]} == {valid[17]}
        assert (again.positions["test"] == test).all()
        assert again.removed == {"train": 3, "valid": 1}

    def test_a_group_in_two_given_splits_is_counted_and_kept(self):
        parts = {"train": ALL[:53], "valid": ALL[53:97], "test": ALL[97:150]}
        found = cut(parts, keys=KEYS, groups=self.groups)
        assert sizes(found) == {"train": 53, "valid": 44, "test": 53}
        assert found.spanning == 53  # 97 and up repeat the groups of 0 and up


class TestGivenSplits:
    def test_they_are_kept_as_they_are(self):
        parts = {"test": ALL[71:101], "train": ALL[:53], "valid": ALL[53:71]}
        found = cut(parts, keys=KEYS)
        assert list(found.positions) == list(SPLITS)
        assert all((found.positions[name] == rows).all() for name, rows in parts.items())

    @pytest.mark.parametrize("missing", ["valid", "test"])
    def test_a_missing_one_is_cut_from_train_only(self, missing):
        parts = {"train": ALL[:1000], "valid": ALL[1000:1103], "test": ALL[1103:1201]}
        del parts[missing]
        found = cut(parts, keys=KEYS)
        (kept,) = parts.keys() - {"train"}
        assert (found.positions[kept] == parts[kept]).all()
        assert len(found.positions[missing]) == 100
        assert {*found.positions[missing]} | {*found.positions["train"]} == {*range(1000)}

    def test_train_alone_is_cut_as_if_nothing_was_given(self):
        alone, uncut = cut({"train": ALL}, keys=KEYS), cut({None: ALL}, keys=KEYS)
        assert all((alone.positions[name] == uncut.positions[name]).all() for name in SPLITS)


@pytest.mark.parametrize(("count", "held"), [(1007, 101), (10, 1), (3, 1), (2, 0)])
def test_ordered_rows_are_cut_in_their_order(count, held):
    found = cut({None: np.arange(count)}, keys=hashes(count), ordered=True)
    assert sizes(found) == {"train": count - 2 * held, "valid": held, "test": held}
    assert list(np.concatenate(list(found.positions.values()))) == list(range(count))
