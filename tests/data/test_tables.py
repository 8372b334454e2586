"""Every kind of file gives the same rows with the same places."""

import gzip
import json

import pytest

from seqapps.data import tables
from seqapps.data.opening import Table
from seqapps.data.tables import BLOCK, located
from seqapps.errors import UserError

ROWS = [("fine", "good"), ('a "loud", long\nfilm', "bad"), ("그 영화 😀", "good")]


def written(folder, kind: str):
    """The rows as a file of this kind."""
    name = folder / f"reviews{kind}"
    plain = kind.removesuffix(".gz")
    if plain == ".parquet":
        import pyarrow
        from pyarrow import parquet

        columns = dict(zip(["text", "label"], map(list, zip(*ROWS, strict=True)), strict=True))
        parquet.write_table(pyarrow.table({"id": [3, 5, 7], **columns}), name)
        return name
    if plain == ".jsonl":
        lines = [json.dumps({"id": 3, "text": t, "label": n}, ensure_ascii=False) for t, n in ROWS]
    elif plain == ".tsv":
        lines = ["id\ttext\tlabel", *(f"3\t{t.replace(chr(10), ' ')}\t{n}" for t, n in ROWS)]
    else:
        lines = ["id,text,label"]
        lines += ['3,"{}",{}'.format(t.replace('"', '""'), n) for t, n in ROWS]
    content = ("\n".join(lines) + "\n").encode()
    name.write_bytes(gzip.compress(content) if kind.endswith(".gz") else content)
    return name


KINDS = [".csv", ".tsv", ".jsonl", ".parquet", ".csv.gz", ".tsv.gz", ".jsonl.gz"]


def read(file, wanted=None, **how):
    wanted = wanted or {"text": "text", "label": "label"}
    table = Table(file, file.name, **how)
    return [(str(where), row) for where, row in located(table, wanted, advice=lambda *_: "")]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_gives_the_same_rows(kind, tmp_path):
    file = written(tmp_path, kind)
    flat = kind.startswith(".tsv")
    assert read(file) == [
        (f"reviews{kind}, row {n}", {"text": t.replace("\n", " ") if flat else t, "label": label})
        for n, (t, label) in enumerate(ROWS, 1)
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_columns_are_mapped(kind, tmp_path):
    found = read(written(tmp_path, kind), {"x": "label", "y": "label"})
    assert [row for _, row in found] == [{"x": label, "y": label} for _, label in ROWS]


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_column_lists_those_that_are_there(kind, tmp_path):
    with pytest.raises(UserError, match="no column 'film'; found id, text, label"):
        read(written(tmp_path, kind), {"x": "film"})


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "windows-1252", "shift_jis"])
@pytest.mark.parametrize("kind", [".csv", ".csv.gz", ".jsonl"])
def test_another_encoding_is_read_when_it_is_named(encoding, kind, tmp_path):
    text = {"windows-1252": "schön – “gut”", "shift_jis": "良い映画"}.get(encoding, "그 영화 😀")
    row = json.dumps({"text": text}, ensure_ascii=False) if kind == ".jsonl" else f"text\n{text}"
    content = (row + "\n").encode(encoding)
    file = tmp_path / f"a{kind}"
    file.write_bytes(gzip.compress(content) if kind.endswith(".gz") else content)
    assert read(file, {"text": "text"}, encoding=encoding) == [(f"a{kind}, row 1", {"text": text})]


def test_an_object_without_a_key_has_an_empty_value(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "a", "label": "b"}\n\n{"text": "c"}\n')
    assert read(tmp_path / "a.jsonl")[1] == ("a.jsonl, row 3", {"text": "c", "label": None})


def test_a_parquet_file_is_read_in_parts(tmp_path, monkeypatch):
    """More rows than are decoded together, in several row groups."""
    import pyarrow
    from pyarrow import parquet

    monkeypatch.setattr(tables, "AT_ONCE", 7)
    table = pyarrow.table({"n": [str(n) for n in range(101)]})
    parquet.write_table(table, tmp_path / "a.parquet", row_group_size=31)
    found = read(tmp_path / "a.parquet", {"n": "n"})
    assert found == [(f"a.parquet, row {n + 1}", {"n": str(n)}) for n in range(101)]


def test_a_compressed_parquet_file_says_that_it_is_so_inside(tmp_path):
    (tmp_path / "a.parquet.gz").write_bytes(gzip.compress(b"PAR1"))
    with pytest.raises(UserError, match=r"give the file without \.gz"):
        read(tmp_path / "a.parquet.gz")


class TestPlainText:
    @pytest.fixture
    def blocks(self, tmp_path):
        def blocks(content: str):
            (tmp_path / "a.txt").write_bytes(content.encode())
            return [row["text"] for _, row in read(tmp_path / "a.txt", {"text": "text"})]

        return blocks

    @pytest.mark.parametrize(
        "content",
        ["one line", "two\nlines\n", "x" * (BLOCK - 1) + "\n", "그" * (2 * BLOCK + 7),
         "line\r\n" * 50_000, ("long " * 300 + "\n") * 200],
    )  # fmt: skip
    def test_its_blocks_joined_are_the_text(self, blocks, content):
        found = blocks(content)
        assert "".join(found) == content
        assert max(map(len, found)) <= BLOCK

    def test_a_block_ends_where_a_line_ends(self, blocks):
        found = blocks("a line of text\n" * 20_000)
        assert len(found) > 3
        assert all(block.endswith("\n") for block in found)

    def test_it_holds_nothing_but_text(self, tmp_path):
        (tmp_path / "a.txt").write_text("fine\n")
        with pytest.raises(UserError, match="holds text only, but text and label are needed"):
            read(tmp_path / "a.txt")
