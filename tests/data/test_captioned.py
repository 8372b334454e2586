"""Images with their captions: tables, Flickr8k's text files, COCO's JSON; a row is an image."""

import csv
import gzip
import io
import json
import re
import shutil
from dataclasses import replace
from typing import Any

import pandas
import pytest

from seqapps.data.load import load, told
from seqapps.data.source import Reading, open_source
from seqapps.doctor import mend
from seqapps.doctor.examine import examine
from seqapps.errors import UserError


def says(*parts: str) -> Any:
    """A UserError whose message holds all parts, in this order."""
    return pytest.raises(UserError, match="(?s)" + ".*".join(map(re.escape, parts)))


@pytest.fixture
def write(png, tmp_path):
    """Write files; a number stands for the image of that number."""
    base = tmp_path / "set"

    def write(files):
        for name, content in files.items():
            file = base / name
            file.parent.mkdir(parents=True, exist_ok=True)
            content = png(content) if isinstance(content, int) else content
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return base

    return write


@pytest.fixture
def read(pictures, tmp_path):
    """{split: [(place, name of the image, captions)]} of a path below the folder, and its notes."""

    def read(name="", task=pictures, **reading):
        source = open_source(task, str(tmp_path / "set" / name), Reading(**reading))
        found = {
            split: [(str(where), shown(row["image_bytes"]), shown(row["captions"]))
                    for where, row in rows()]
            for split, rows in source.splits.items()
        }  # fmt: skip
        return found, list(source.notes)

    return read


def shown(value: Any) -> Any:
    """The name of an image, why a value cannot be used, or the value."""
    return getattr(value, "name", getattr(value, "why", value))


def table(rows, separator=",") -> str:
    file = io.StringIO()
    csv.writer(file, delimiter=separator).writerows(rows)
    return file.getvalue()


def rejected(data) -> list[list[str]]:
    with data.entry.rejected.open(newline="") as file:
        return list(csv.reader(file))[1:]


HEAD = ["image", "caption"]
ROWS = [["1.png", "a dog"], ["2.png", "a cat"], ["1.png", "a  brown\tdog"], ["1.png", "a dog"]]
GATHERED = [
    ("t, row 1", "1.png", "a dog\na brown dog\na dog"),
    ("t, row 2", "2.png", "a cat"),
]


def at(name: str) -> list[tuple[str, str, str]]:
    return [(where.replace("t,", f"{name},"), *rest) for where, *rest in GATHERED]


# tables


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", table([HEAD, *ROWS])),
        ("a.tsv", "image\tcaption\n1.png\ta dog\n2.png\ta cat\n1.png\ta  brown dog\n"
         "1.png\ta dog\n"),
        ("a.jsonl", "".join(json.dumps(dict(zip(HEAD, row, strict=True))) + "\n" for row in ROWS)),
        ("a.csv.gz", gzip.compress(table([HEAD, *ROWS]).encode(), mtime=0)),
    ],
)  # fmt: skip
def test_rows_that_name_an_image_are_one_row(name, content, write, read):
    write({name: content})
    for path in ("", name):
        assert read(path) == ({None: at(name)}, [])


def test_a_parquet_file_of_names_is_gathered_too(write, read):
    base = write({"1.png": 1})
    pandas.DataFrame(ROWS, columns=HEAD).to_parquet(base / "a.parquet")
    assert read("a.parquet")[0] == {None: at("a.parquet")}


def test_splits_are_gathered_each_for_itself(write, read):
    write({
        "train.csv": table([HEAD, *ROWS]),
        "valid.csv": table([HEAD, ["1.png", "a hound"]]),
        "images/1.png": 1,
    })  # fmt: skip
    assert read()[0] == {
        "train": at("train.csv"), "valid": [("valid.csv, row 1", "1.png", "a hound")]
    }  # fmt: skip


@pytest.mark.parametrize(
    "head", [("image", "caption"), ("path", "text"), ("file_name", "comment"),
             ("filename", "captions"), ("image_bytes", "captions")],
)  # fmt: skip
def test_columns_are_found_under_the_names_they_often_have(head, write, read):
    write({"a.csv": table([head, *ROWS])})
    assert read()[0] == {None: at("a.csv")}


def test_the_tasks_own_name_is_tried_first_and_the_others_in_their_order(write, read):
    write(
        {"a.csv": table([["path", "file_name", "text", "captions"], ["1", "2.png", "no", "a cat"]])}
    )
    assert read()[0] == {None: [("a.csv, row 1", "2.png", "a cat")]}


def test_a_column_that_is_named_wins(write, read, pictures):
    write({"a.csv": table([["image", "caption", "german"], ["1.png", "a dog", "ein Hund"]])})
    found, _ = read(columns={"captions": "german"})
    assert found == {None: [("a.csv, row 1", "1.png", "ein Hund")]}
    with says("no column 'french'; found image, caption, german", "--column captions=NAME"):
        read(columns={"captions": "french"})


def test_a_missing_column_is_told_with_the_names_that_were_tried(write, read):
    write({"a.csv": "image,title\n1.png,a dog\n"})
    with says(
        "a.csv: no column 'captions'; found image, title.",
        "Expected captions, caption or text or comment.",
        "If another column holds it: --column captions=NAME.",
    ):
        read()


def test_a_file_without_a_header_is_read_in_order(write, read):
    write({"a.csv": table(ROWS)})
    assert read("a.csv", header=False)[0] == {None: at("a.csv")}


def test_a_line_end_within_a_caption_is_a_space_but_ends_a_line_of_captions(write, read):
    rows = [["1.png", "a dog\nand a\u2028cat"]]
    write({"a.csv": table([["image", "caption"], *rows])})
    assert read()[0] == {None: [("a.csv, row 1", "1.png", "a dog and a cat")]}
    write({"a.csv": table([["image", "captions"], *rows])})
    assert read()[0] == {None: [("a.csv, row 1", "1.png", "a dog\nand a cat")]}


def test_a_list_of_captions_is_taken(write, read):
    write({"a.jsonl": '{"image": "1.png", "caption": ["a dog", " a  hound "]}\n'})
    assert read()[0] == {None: [("a.jsonl, row 1", "1.png", "a dog\na hound")]}


def test_a_caption_that_is_none_is_a_row_of_its_own_and_the_others_stay(write, read):
    write({"a.jsonl": "".join(
        json.dumps({"image": name, "caption": caption}) + "\n"
        for name, caption in [
            ("1.png", "a dog"), ("1.png", " "), ("1.png", None), ("1.png", 7), ("2.png", "\ud83d"),
            ("3.png", []),
        ]
    )})  # fmt: skip
    assert read()[0] == {None: [
        ("a.jsonl, row 2", "1.png", "the caption is empty"),
        ("a.jsonl, row 3", "1.png", "the caption is missing"),
        ("a.jsonl, row 4", "1.png", "caption is int 7, expected text"),
        ("a.jsonl, row 5", "2.png", "the caption holds half a character (a lone surrogate), which "
         "UTF-8 cannot write"),
        ("a.jsonl, row 1", "1.png", "a dog"),
        ("a.jsonl, row 6", "3.png", ""),
    ]}  # fmt: skip


def test_a_task_without_such_a_column_keeps_a_row_for_each_line(write, read, pictures):
    single = replace(pictures.targets["captions"], several=False)
    task = replace(pictures, targets={"captions": single})
    write({"a.csv": table([HEAD, *ROWS])})
    assert [row[1:] for row in read(task=task)[0][None]] == [(*row,) for row in ROWS]


# what a run sees


@pytest.fixture
def hundred(write):
    """Write 101 images of five captions each as one file."""
    rows = [[f"{n}.png", f"thing {n} seen {k} times"] for k in range(5) for n in range(101)]
    return write({f"images/{n}.png": n for n in range(101)} | {"all.csv": table([HEAD, *rows])})


def test_splits_are_cut_by_image(pictures, hundred, png):
    data = load(pictures, str(hundred))
    assert {name: len(rows) for name, rows in data.splits.items()} == {
        "train": 81, "valid": 10, "test": 10
    }  # fmt: skip
    known = {png(n): "\n".join(f"thing {n} seen {k} times" for k in range(5)) for n in range(101)}
    found = [row for rows in data.splits.values() for row in rows]
    assert {row["image_bytes"]: row["captions"] for row in found} == known
    assert {row["scene"] for row in found} == {""}


def test_the_same_image_under_two_names_in_two_splits_is_left_out_of_training(write, pictures):
    files = {f"{n}.png": n for n in range(11)} | {"again.png": 3}
    held = [["again.png", "other words"], ["9.png", "x"]]
    base = write(files | {
        "train.csv": table([HEAD, *([f"{n}.png", f"thing {n}"] for n in range(7))]),
        "valid.csv": table([HEAD, *held]),
        "test.csv": table([HEAD, ["8.png", "y"]]),
    })  # fmt: skip
    data = load(pictures, str(base))
    assert len(data.splits["train"]) == 6
    assert "1 rows are left out of train: the same inputs are in valid or test" in list(told(data))


def test_what_cannot_be_used_is_listed_with_its_place(write, pictures, png, tmp_path):
    (tmp_path / "secret.png").write_bytes(png(500))
    names = ["1.png", "none.png", "../secret.png", str(tmp_path / "secret.png"), "link.png",
             "cut.png", "page.png", "1.png", "2.png"]  # fmt: skip
    rows = [[name, f"a {n}"] for n, name in enumerate(names[:-1])]
    base = write({
        "1.png": 1, "2.png": 2, "cut.png": png(3)[:-7], "page.png": "<html>",
        "all.csv": table([HEAD, *rows, ["2.png", ""]]),
    })  # fmt: skip
    (base / "link.png").symlink_to(tmp_path / "secret.png")
    data = load(pictures, str(base), most_rejected=1.0)
    leads = f"which leads out of {base}; copy the images into it"
    assert rejected(data) == [
        ["all.csv, row 9", "the caption is empty ('2.png')"],
        ["all.csv, row 2", f"image_bytes names 'none.png', which is no file in or below {base}"],
        ["all.csv, row 3", f"image_bytes names '../secret.png', {leads}"],
        ["all.csv, row 4", f"image_bytes names '{tmp_path / 'secret.png'}', {leads}"],
        ["all.csv, row 5", f"image_bytes names 'link.png', {leads}"],
        ["all.csv, row 6", "image_bytes is an image that is cut off ('cut.png')"],
        ["all.csv, row 7", "image_bytes is HTML, XML or SVG; JPEG, PNG, GIF and BMP are read "
         "('page.png')"],
    ]  # fmt: skip
    assert [(row["image_bytes"], row["captions"]) for row in data.everything] == [
        (png(1), "a 0\na 7")
    ]


def test_too_many_missing_images_stop_a_run(write, pictures):
    base = write({"1.png": 1, "a.csv": table([HEAD, *ROWS])})
    with says("a.csv, row 2: image_bytes names '2.png'", "1 of 2 rows cannot be used"):
        load(pictures, str(base))


def test_the_doctor_tells_captions_of_an_image_and_sizes(pictures, hundred):
    with (hundred / "all.csv").open("a") as file:
        file.write("7.png,a sixth one\n")
    data = load(pictures, str(hundred))
    facts = examine(pictures, pictures.settings, data)
    assert facts["lengths"]["captions"]["per row"] == {
        "least": 5, "median": 5, "p90": 5, "p99": 5, "most": 6
    }  # fmt: skip
    assert facts["lengths"]["captions"]["words"]["most"] == 5
    assert facts["lengths"]["captions"]["characters"]["least"] == len("a sixth one")
    assert facts["lengths"]["image_bytes"]["pixels wide"]["median"] == 2
    assert facts["lengths"]["image_bytes"]["pixels high"]["median"] == 3
    assert facts["columns"]["taken"] == {"image_bytes": "image", "captions": "caption"}
    assert "scene" not in facts["lengths"] | facts["unknown_words"]
    assert facts["near_duplicates"] is None
    assert facts["unknown_words"]["captions"]["splits"]["valid"]["words"] == 250


def test_cleaned_rows_come_back_as_they_were(pictures, hundred, tmp_path):
    with (hundred / "all.csv").open("a") as file:
        file.write("none.png,nothing\n")
    data = load(pictures, str(hundred), most_rejected=1.0)
    mend.mend(pictures, data, tmp_path / "clean.parquet")
    again = load(pictures, str(tmp_path / "clean.parquet"))
    assert again.rejected == 0
    assert [*again.everything] == [*data.everything]


# from Python


def test_a_frame_with_names_of_images_is_gathered(pictures, png, tmp_path):
    for number in (1, 2):
        (tmp_path / f"{number}.png").write_bytes(png(number))
    rows = [{"image": str(tmp_path / name), "caption": caption} for name, caption in ROWS]
    for given in (pandas.DataFrame(rows), iter(rows)):
        data = load(pictures, given)
        assert [(row["image_bytes"], row["captions"]) for row in data.everything] == [
            (png(1), "a dog\na brown dog\na dog"), (png(2), "a cat")
        ]  # fmt: skip


def test_images_given_themselves_are_gathered_where_they_follow_one_another(pictures, png):
    order = [(1, "a\nb"), (1, "c"), (2, "d"), (1, "e")]
    rows = [{"image_bytes": png(number), "captions": text} for number, text in order]
    data = load(pictures, rows)
    assert [(row["image_bytes"], row["captions"]) for row in data.everything] == [
        (png(1), "a\nb\nc"), (png(2), "d"), (png(1), "e")
    ]  # fmt: skip


# Flickr8k

TOKENS = """\
1.png#0\ta dog
1.png#1\ta brown dog .
2.png#0\ta cat\r

3.png#0\tx
4.png#0\t
5.png#0\ty
"""


@pytest.mark.parametrize("name", ["Flickr8k.token.txt", "results.token", "Flickr8k_text/a.txt"])
def test_flickr8ks_text_file_is_read(name, write, read):
    write({name: TOKENS, "Flicker8k_Dataset/1.png": 1})
    expected = [
        (f"{name}, row 6", "4.png", "the caption is empty"),
        (f"{name}, row 1", "1.png", "a dog\na brown dog ."),
        (f"{name}, row 3", "2.png", "a cat"),
        (f"{name}, row 5", "3.png", "x"),
        (f"{name}, row 7", "5.png", "y"),
    ]
    for path in ("", name):
        assert read(path) == ({None: expected}, [])


def test_lists_name_the_splits(write, read, pictures):
    base = write({
        "Flickr8k.token.txt": TOKENS + "no tab here\n",
        "Flickr8k.lemma.token.txt": TOKENS,
        "Flickr_8k.trainImages.txt": "1.png\n2.png\n",
        "Flickr_8k.devImages.txt": "3.png\n9.png\n",
        "Flickr_8k.testImages.txt": "5.png\n",
        "ExpertAnnotations.txt": "1.png\t2.png#2\t1\t1\t1\n",
        "readme.txt": "about\n",
        **{f"Flicker8k_Dataset/{n}.png": n for n in range(9)},
    })  # fmt: skip
    found, notes = read()
    assert found == {
        "train": [
            ("Flickr8k.token.txt, row 1", "1.png", "a dog\na brown dog ."),
            ("Flickr8k.token.txt, row 3", "2.png", "a cat"),
        ],
        "valid": [
            (
                "Flickr8k.token.txt, row 8", "the line is not IMAGE#NUMBER, a tab and a caption", ""
            ),
            ("Flickr8k.token.txt, row 5", "3.png", "x"),
            ("Flickr_8k.devImages.txt, row 2", "9.png", ""),
        ],
        "test": [("Flickr8k.token.txt, row 7", "5.png", "y")],
    }  # fmt: skip
    assert notes == [
        "the splits are those of Flickr_8k.devImages.txt, Flickr_8k.testImages.txt, "
        "Flickr_8k.trainImages.txt",
        "not read: Flickr8k.lemma.token.txt",
        "1 images are in none of these lists and are not read",
    ]
    data = load(pictures, str(base), most_rejected=1.0)
    assert {name: len(rows) for name, rows in data.splits.items()} == {
        "train": 2, "valid": 1, "test": 1
    }  # fmt: skip
    assert rejected(data) == [
        ["Flickr8k.token.txt, row 8", "the line is not IMAGE#NUMBER, a tab and a caption"],
        ["Flickr_8k.devImages.txt, row 2",
         f"image_bytes names '9.png', which is no file in or below {base}"],
    ]  # fmt: skip


def test_an_image_without_captions_is_counted(write, pictures):
    base = write({
        "a.token.txt": "1.png#0\ta dog\n", "trainImages.txt": "1.png\n2.png\n",
        "images/1.png": 1, "images/2.png": 2,
    })  # fmt: skip
    data = load(pictures, str(base), most_rejected=1.0)
    assert rejected(data) == [["trainImages.txt, row 2", "there are no captions ('2.png')"]]


def test_a_table_that_is_called_txt_is_read(write, read):
    """As Flickr8k is copied most often today: Images/ and captions.txt."""
    write({"captions.txt": table([HEAD, *ROWS]), "Images/1.png": 1})
    for path in ("", "captions.txt"):
        assert read(path) == ({None: at("captions.txt")}, [])


# COCO


def coco(*images, captions) -> str:
    return json.dumps({
        "info": {}, "images": [{"id": n, "file_name": f"{n}.png", "height": 3} for n in images],
        "annotations": [
            {"id": 100 + k, "image_id": n, "caption": text} for k, (n, text) in enumerate(captions)
        ],
    })  # fmt: skip


@pytest.mark.parametrize("place", ["", "annotations/"])
@pytest.mark.parametrize("images", ["", "images/"])
def test_cocos_json_is_read(place, images, write, read, pictures, png):
    train, val = f"{place}captions_train2017.json", f"{place}captions_val2017.json"
    base = write({
        train: coco(7, 8, 9, captions=[(8, "a dog\n"), (7, "a cat"), (8, "a hound")]),
        val: coco(7, captions=[(7, "a bird")]),
        f"{place}instances_val2017.json": "{}",
        f"{images}train2017/7.png": 7, f"{images}train2017/8.png": 8,
        f"{images}train2017/9.png": 9, f"{images}val2017/7.png": 10,
    })  # fmt: skip
    train_rows = [
        (f"{train}, images, row 3", "9.png", ""),
        (f"{train}, annotations, row 1", "8.png", "a dog\na hound"),
        (f"{train}, annotations, row 2", "7.png", "a cat"),
    ]
    found, notes = read()
    assert (sorted(found["train"]), notes) == (sorted(train_rows), [])
    assert found["valid"] == [(f"{val}, annotations, row 1", "7.png", "a bird")]
    assert sorted(read(train)[0][None]) == sorted(train_rows)
    data = load(pictures, str(base), most_rejected=1.0)
    assert [row["image_bytes"] for row in data.splits["valid"]] == [png(10)]
    assert rejected(data) == [[f"{train}, images, row 3", "there are no captions ('9.png')"]]


def test_a_caption_of_an_image_that_coco_does_not_list_is_told(write, read):
    write({"captions.json": coco(7, captions=[(7, "a cat"), (8, "a dog")])})
    assert read()[0] == {None: [
        ("captions.json, annotations, row 2", "there is no image of the id 8", "a dog"),
        ("captions.json, annotations, row 1", "7.png", "a cat"),
    ]}  # fmt: skip


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("{", "no JSON (Expecting property name"),
        ("[1]", "a JSON list; expected captions as COCO has them"),
        ('{"rows": []}', "a JSON dict with rows; expected"),
        ('{"images": [{"id": 7}], "annotations": []}', "an entry without 'file_name'"),
        ('{"images": [], "annotations": [{"image_id": 7}]}', "an entry without 'caption'"),
        ("[" * 100_000, "no JSON"),
    ],
)  # fmt: skip
def test_json_that_holds_no_captions_says_what_is_expected(content, what, write, pictures):
    base = write({"captions.json": content, "1.png": 1})
    with says(f"captions.json: {what}"):
        load(pictures, str(base / "captions.json"))


@pytest.mark.parametrize("name", ["captions.json", "a.token.txt"])
def test_columns_of_such_files_are_called_image_and_caption(name, write, read):
    write({name: coco(7, captions=[]) if name.endswith("json") else TOKENS})
    with says("no column 'film'; found image, caption.", "Name one of these with --group."):
        read(group="film")
    with says("no column 'title'; found image, caption."):
        read(columns={"captions": "title"})


def test_tables_named_by_split_win_over_published_files(write, read):
    write({"train.csv": table([HEAD, *ROWS]), "Flickr8k.token.txt": TOKENS})
    assert read()[0] == {"train": at("train.csv")}


def test_other_tasks_do_not_read_json(sentiment, write):
    base = write({"captions.json": coco(7, captions=[(7, "a cat")])})
    with says("files of kind .json are not read"):
        open_source(sentiment, str(base / "captions.json"), Reading())


def test_another_image_or_list_is_other_data(pictures, write, png):
    base = write({
        "a.token.txt": "".join(f"{n}.png#0\tthing {n}\n" for n in range(31)),
        "trainImages.txt": "".join(f"{n}.png\n" for n in range(29)),
        **{f"images/{n}.png": n for n in range(31)},
    })  # fmt: skip
    before = load(pictures, str(base))
    (base / "trainImages.txt").write_text("".join(f"{n}.png\n" for n in range(23)))
    fewer = load(pictures, str(base))
    assert (before.rows, fewer.rows) == (29, 23)
    (base / "images" / "3.png").write_bytes(png(300))
    assert load(pictures, str(base)).content != fewer.content
    shutil.rmtree(base / "images")
    with says("cannot be used"):
        load(pictures, str(base))


@pytest.mark.shared_data
def test_the_shared_images_come_with_five_captions_each(pictures, shared_data):
    data = load(pictures, str(shared_data / "captioning"))
    assert {name: len(rows) for name, rows in data.splits.items()} == {
        "train": 1_800, "valid": 300, "test": 200
    }  # fmt: skip
    assert data.rejected == 0
    assert {row["captions"].count("\n") for row in data.everything} == {4}
