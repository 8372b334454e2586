"""A captioner from a folder of pictures to an answer, by the command line alone."""

import base64
import csv
import io
import json

import numpy as np
import pytest
from PIL import Image, ImageDraw

from seqapps.cli import main

pytestmark = pytest.mark.long  # a captioner is trained

COLOURS = {"red": (220, 30, 30), "green": (30, 160, 60), "blue": (40, 60, 220)}
PLACES = {"left": 6, "right": 36}
SETS = (
    "image_size=32", "units=31", "embedding=17", "epochs=6", "patience=6", "batch_tokens=130",
    "word_noise=0",
    "learning_rate=0.01", "beam=2", "max_tokens=13", "captions=2", "gradient_batches=0",
)  # fmt: skip


def picture(colour, place, jitter=0):
    found = Image.new("RGB", (64, 48), (230, 230, 225))
    left, top = PLACES[place] + jitter, 12 + jitter
    ImageDraw.Draw(found).ellipse((left, top, left + 20, top + 20), fill=COLOURS[colour])
    return found


def named(colour, place):
    return [f"a {colour} ball on the {place}", f"on the {place} there is a {colour} ball"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder in which a captioner was trained and published, from images/ and captions.csv."""
    folder = tmp_path_factory.mktemp("captioning")
    (folder / "set" / "images").mkdir(parents=True)
    drawn = np.random.default_rng(0)
    with (folder / "set" / "captions.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["image", "caption"])
        for number in range(173):
            colour, place = drawn.choice([*COLOURS]), drawn.choice([*PLACES])
            noise = drawn.integers(0, 8, size=(48, 64, 3))
            pixels = np.asarray(picture(colour, place, drawn.integers(-4, 4))) - noise
            name = f"{number}.png"
            Image.fromarray(pixels.clip(0).astype("uint8")).save(folder / "set" / "images" / name)
            for caption in named(colour, place):
                table.writerow([name, caption])
    picture("blue", "right").save(folder / "new.jpg")
    patch = pytest.MonkeyPatch()
    patch.chdir(folder)
    patch.setenv("SEQAPPS_CACHE", str(folder / "cache"))
    arguments = ["run", "captioning", "--data", "set", "--quiet"]
    with pytest.raises(SystemExit) as exit_:
        main([*arguments, *(part for each in SETS for part in ("--set", each))])
    assert exit_.value.code in (0, None)
    yield folder
    patch.undo()


def test_it_describes_what_it_has_not_seen(folder):
    (evaluation,) = folder.glob("runs/captioning/*/evaluation.json")
    found = json.loads(evaluation.read_text())
    assert found["model"]["bleu_4"]["value"] > 80
    assert found["baselines"].keys() == {"most_frequent_caption", "nearest_image"}
    assert found["baselines"]["most_frequent_caption"]["bleu_4"]["value"] < 70


def test_the_report_shows_where_it_looks_in_pictures(folder):
    (report,) = folder.glob("runs/captioning/*/report.html")
    page = report.read_text()
    assert "Where it looks: worst" in page
    assert "What else it would have said" in page
    assert "Pointing score" not in page  # nobody knows where things are in these pictures
    assert "facts_shape" not in page


def test_a_picture_is_described(folder, call):
    code, out, _ = call("predict", "captioning", "new.jpg")
    assert code == 0
    assert any(out.startswith(caption) for caption in named("blue", "right"))
    assert out.rstrip().endswith("new.jpg")


def test_pictures_come_from_files_that_name_them_and_as_bytes(folder, call):
    (folder / "list.txt").write_text("new.jpg\nset/images/3.png\n")
    (folder / "names.csv").write_text("image_bytes\nnew.jpg\n")
    encoded = base64.b64encode((folder / "new.jpg").read_bytes()).decode()
    (folder / "bytes.jsonl").write_text(json.dumps({"image_bytes": {"b64": encoded}}) + "\n")
    told = []
    for name in ("list.txt", "names.csv", "bytes.jsonl"):
        code, out, error = call("predict", "captioning", "--json", "--file", name)
        assert code == 0, error
        told.append([json.loads(line) for line in out.splitlines()])
    assert [len(lines) for lines in told] == [2, 1, 1]
    assert len({lines[0]["caption"] for lines in told}) == 1
    assert [lines[0]["image_bytes"] for lines in told] == ["new.jpg", "new.jpg", "a picture"]


def test_several_captions_are_told_the_best_first(folder, call):
    code, out, _ = call("predict", "captioning", "--signature", "n_best", "--json", "new.jpg")
    assert code == 0
    told = json.loads(out)
    assert len(told["captions"]) == 2
    assert told["scores"] == sorted(told["scores"], reverse=True)


def test_a_caption_is_scored(folder, call):
    scores = {}
    for colour in ("blue", "red"):
        given = f"caption={named(colour, 'right')[0]}"
        code, out, error = call(
            "predict", "captioning", "--signature", "score", "--json", "--with", given, "new.jpg"
        )
        assert code == 0, error
        scores[colour] = json.loads(out)["log_probability"]
    assert scores["blue"] > scores["red"]


def test_where_it_looked_is_told_and_drawn(folder, call):
    code, out, error = call("explain", "captioning", "new.jpg", "--out", "overlay.png")
    assert code == 0, error
    assert "Input: new.jpg" in out
    assert "row " in out
    assert "of 4, column" in out
    with Image.open(folder / "overlay.png") as drawn:
        assert drawn.width > drawn.height > 100
    code, out, _ = call("explain", "captioning", "--json", "new.jpg")
    (example,) = json.loads(out)["examples"]
    assert np.shape(example["looked"]["maps"])[1:] == (4, 4)
    assert example["looked"]["tokens"][-1] == "</s>"


def test_the_overlay_is_of_one_picture_and_of_models_that_look(folder, call):
    code, _, error = call("explain", "captioning", "new.jpg", "new.jpg", "--out", "two.png")
    assert code == 2
    assert "--out draws one picture at a time, 2 are given" in error
    code, _, error = call("explain", "captioning", "new.jpg", "--out", "two.txt")
    assert code == 2
    assert "--out two.txt: expected a name that ends in" in error
    assert not (folder / "two.png").exists()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "missing.jpg: no such file"),
        (b"no picture at all, but text", "missing.jpg is no image, or a damaged one; JPEG, PNG"),
        ("cut", "missing.jpg is an image that is cut off or damaged."),
    ],
)
def test_what_is_no_picture_is_told_in_one_message(folder, call, content, told):
    file = folder / "missing.jpg"
    file.unlink(missing_ok=True)
    if content == "cut":
        whole = io.BytesIO()
        picture("red", "left").save(whole, "JPEG")
        content = whole.getvalue()[:500]
    if content is not None:
        file.write_bytes(content)
    code, out, error = call("predict", "captioning", "missing.jpg")
    assert (code, out) == (2, "")
    assert told in error
    assert "Traceback" not in error
    assert len(error.splitlines()) <= 3


@pytest.mark.parametrize(
    ("sets", "told"),
    [
        (["beam=0"], "beam"),
        (["looks=before", "layers=2"], "looks = 'before' has one decoder"),
        (["image_encoder=nowhere.keras"], "nowhere.keras': no such file"),
        (["image_encoder=Resnet"], "ResNet"),
        (["image_size=4"], "image_size"),
        (
            ["monitor=facts"],
            "monitor = 'facts' tells nothing of a training on these data. Take one of cider_d",
        ),
    ],
)
def test_settings_of_captioning_that_cannot_be_are_told(folder, call, sets, told):
    arguments = [part for each in sets for part in ("--set", each)]
    code, _, error = call("run", "captioning", "--data", "set", *arguments)
    assert code == 2
    assert told in error
    assert "Traceback" not in error
