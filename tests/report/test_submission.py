import io
import os
import zipfile
from pathlib import Path

import pytest

from mnistreport.report import submission
from mnistreport.report.submission import (
    ALWAYS,
    explain_ids,
    find_obstacle,
    find_oversized,
    find_zip_name,
    is_made,
    list_files,
    list_members,
    look_at_zip,
    make_zip,
    name_listing,
    read_file,
)
from mnistreport.study.manifest import Submission
from mnistreport.study.naming import list_read

SUBMISSION = Submission(("1", "2", "3"), ("runs.csv", "report.pdf", "notes/a.txt"))


def test_three_files_always_go_in_and_first() -> None:
    """Then what the manifest lists, in its order; whoever lists one of the three has it once."""
    assert (*ALWAYS, "runs.csv", "notes/a.txt") == list_members(SUBMISSION)
    assert ("notebook.ipynb", "notebook.pdf", "report.pdf") == list_members(Submission((), ()))


def test_the_scheme_decides_how_many_ids_there_are() -> None:
    """Too few and too many are told with both numbers, and name no zip."""
    for ids, said in (((), "none is"), (("1",), "1 is"), (tuple("1234"), "4 are")):
        submission = Submission(ids, ())
        assert f"id1_id2_id3 asks for 3 ids, and {said} given" in (explain_ids(submission) or "")
        assert find_zip_name(submission) is None
    assert "7.zip" == find_zip_name(Submission(("7",), (), "id1"))
    five = Submission(tuple("54321"), (), "id1-id2-id3-id4-id5")
    assert "5-4-3-2-1.zip" == find_zip_name(five)
    assert "5-4-3-2-1.txt" == name_listing("5-4-3-2-1.zip")


def test_it_is_known_what_a_build_makes() -> None:
    """Every document, and the weights of a model that there is; no file of a person's own."""
    made = ("report.html", "results.json", *ALWAYS, *list_read(["mlp"]))
    assert [] == [name for name in made if not is_made(name, ["mlp"])]
    assert not is_made("best_cnn.safetensors", ["mlp"])
    assert not is_made("notes/a.txt", ["mlp"])


def test_only_files_that_are_there_can_go_in(tmp_path: Path) -> None:
    """Neither links, nor what lies behind one, nor folders, nor the zip itself."""
    secret, output = tmp_path / "secret", tmp_path / "output"
    secret.mkdir()
    (secret / "key").write_text("secret")
    (output / "real").mkdir(parents=True)
    (output / "real" / "a.txt").write_text("a")
    (output / "real.txt").mkdir()
    (output / "linked").symlink_to(secret)
    (output / "real" / "linked.txt").symlink_to(secret / "key")
    (output / "dangling.txt").symlink_to("nowhere")
    (output / "1_2_3.zip").write_text("an old one")

    def find(name: str) -> str | None:
        return find_obstacle(output, name, SUBMISSION)

    assert find("real/a.txt") is None
    assert "lies in the folder linked, which is a symbolic link" == find("linked/key.txt")
    assert "is a symbolic link" == find("real/linked.txt") == find("dangling.txt")
    assert "is not there" == find("b.txt") == find("real/b.txt") == find("real/a.txt/b.md")
    assert "is no file" == find("real.txt")
    assert "is what pack writes itself" == find("1_2_3.zip") == find("1_2_3.txt")
    assert "cannot be read: File name too long" == find("ü" * 200 + ".txt")


def test_what_verify_would_not_pass_cannot_go_in(tmp_path: Path) -> None:
    """Another kind, a name that misleads, a name that some computers take for another's."""
    names = ("runs.csv", "RUNS.csv", "e\u0301.txt", "\u00e9.txt", "thesis.docx", "a\u00ad.txt")
    asked = Submission((), names)
    for name in names:
        (tmp_path / name).write_text("a")
    assert [
        None,
        "is the same name as runs.csv to some computers",
        None,
        "is the same name as e\u0301.txt to some computers",
        "is of a kind that is not handed in",
        "has characters that nobody sees",
    ] == [find_obstacle(tmp_path, name, asked) for name in names]


def test_a_file_is_read_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever puts a link or a pipe in its place, or in its folder's, has nothing read by it."""
    secret = tmp_path / "secret"
    (secret / "inner").mkdir(parents=True)
    (secret / "inner" / "a.txt").write_bytes(b"secret")
    output = tmp_path / "output"
    (output / "real").mkdir(parents=True)
    (output / "real" / "a.txt").write_bytes(b"a")
    (output / "real" / "b.txt").symlink_to(secret / "inner" / "a.txt")
    (output / "linked").symlink_to(secret / "inner")
    (output / "twice").symlink_to(secret)
    os.mkfifo(output / "pipe.txt")
    assert b"a" == read_file(output, "real/a.txt")
    for name in ("real/b.txt", "linked/a.txt", "twice/inner/a.txt", "pipe.txt", "real"):
        with pytest.raises(OSError, match=r"link|irectory|is no file"):
            read_file(output, name)
    monkeypatch.setattr(submission, "LARGEST_MEMBER", 0)
    with pytest.raises(OSError, match="is larger than"):
        read_file(output, "real/a.txt")


def test_what_unpacks_to_too_much_is_found() -> None:
    """By its name, of the zip as it was made; small files may be as empty as they like."""
    files = {"zeros.txt": bytes(3 * 2**20), "few.txt": bytes(2**20), "a.txt": b"a"}
    found = find_oversized(make_zip(files))
    assert {"zeros.txt": "unpacks to more than 100 times its size"} == found


def test_a_zip_is_nothing_but_its_files() -> None:
    """In their order, byte for byte; no time, no owner, no right that differs anywhere."""
    files = {"b.txt": b"b" * 999, "a/ä.bin": bytes(range(256)), "empty": b""}
    content = make_zip(files)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert list(files) == archive.namelist()
        assert files == {name: archive.read(name) for name in files}
        kinds = {(m.date_time, m.create_system, m.external_attr, m.extra, m.comment)
                 for m in archive.infolist()}  # fmt: skip
    assert {((1980, 1, 1, 0, 0, 0), 3, 0o100644 << 16, b"", b"")} == kinds
    assert len(content) < sum(map(len, files.values()))
    assert content == make_zip(dict(files))


def test_the_list_says_what_was_handed_in() -> None:
    """A line for each file: SHA-256, size and name, in the zip's order."""
    assert (
        "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb   1  b.txt\n"
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855   0  a/a.txt\n"
        "d1616b874a96df2515da372a90bddc00792cbff027f5e097cafa31d3aea8b310  10  c\n"
    ) == list_files({"b.txt": b"a", "a/a.txt": b"", "c": b"c" * 10})


def fill(output: Path) -> dict[str, bytes]:
    """Write what goes into the zip, and return it."""
    files = {name: name.encode() for name in list_members(SUBMISSION)}
    for name, content in files.items():
        (output / name).parent.mkdir(exist_ok=True)
        (output / name).write_bytes(content)
    return files


@pytest.mark.parametrize("spoil", ["", "member", "file", "gone", "damaged"])
def test_a_zip_is_held_against_what_stands_beside_it(tmp_path: Path, spoil: str) -> None:
    """Another member, another file, one that is gone, or no zip at all: each is told."""
    files = fill(tmp_path)
    assert "none" == look_at_zip(tmp_path, SUBMISSION)
    extra = {"more": b""} if spoil == "member" else {}
    (tmp_path / "1_2_3.zip").write_bytes(make_zip(files | extra))
    if spoil == "file":
        (tmp_path / "runs.csv").write_bytes(b"runs_csv")
    if spoil == "gone":
        (tmp_path / "runs.csv").unlink()
    if spoil == "damaged":
        (tmp_path / "1_2_3.zip").write_bytes(b"PK\x03\x04 no zip")
    assert ("outdated" if spoil else "current") == look_at_zip(tmp_path, SUBMISSION)
