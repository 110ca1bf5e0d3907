"""What can be done to a submission: each makes a zip of its members, with one change."""

import io
import json
import stat
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import nbformat
import pikepdf

from tests.verification.submissions import (
    Members,
    change_notebook,
    make_notebook,
    print_notebook,
    store_weights,
    write_zip,
)

Change = Callable[[Members], bytes]


def added(name: str, content: bytes = b"some words") -> Change:
    """Add a member."""
    return lambda members: write_zip(members | {name: content})


def replaced(name: str, old: bytes, new: bytes) -> Change:
    """Replace words that are in a member."""

    def change(members: Members) -> bytes:
        assert old in members[name]
        return write_zip(members | {name: members[name].replace(old, new, 1)})

    return change


def without(name: str) -> Change:
    """Leave a member out."""
    return lambda members: write_zip({each: members[each] for each in members if each != name})


def noted(change: Callable[[dict[str, Any]], None]) -> Change:
    """Change the notebook."""
    return lambda members: write_zip(change_notebook(members, change))


def tampered(tamper: Callable[[zipfile.ZipFile], None]) -> Change:
    """Change what the directory says."""
    return lambda members: write_zip(members | {"notes.txt": b"some words"}, tamper)


def said_otherwise(old: str, new: str) -> Change:
    """Replace a number wherever the notebook and its PDF have it."""

    def change(members: Members) -> bytes:
        text = members["notebook.ipynb"].decode()
        assert old in text
        notebook = text.replace(old, new)
        printed = print_notebook(json.loads(notebook))
        changed = {"notebook.ipynb": notebook.encode(), "notebook.pdf": printed}
        return write_zip(members | changed)

    return change


def rewritten(old: bytes, new: bytes) -> Change:
    """Change bytes of a member that is stored as it is, so that its checksum no longer fits."""

    def change(members: Members) -> bytes:
        content = io.BytesIO(write_zip(members))
        with zipfile.ZipFile(content, "a", zipfile.ZIP_STORED) as archive:
            archive.writestr("notes.txt", old)
        return content.getvalue().replace(old, new)

    return change


def doubled(first: str, second: str) -> Change:
    """Add two members."""

    def tamper(archive: zipfile.ZipFile) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # zipfile's own, of a name that is there
            archive.writestr(first, "one")
            archive.writestr(second, "two")

    return lambda members: write_zip(members, tamper)


def linked(archive: zipfile.ZipFile) -> None:
    """Make a symbolic link of the last member."""
    archive.infolist()[-1].external_attr = (stat.S_IFLNK | 0o777) << 16


def make_device(archive: zipfile.ZipFile) -> None:
    """Make a device of the last member."""
    archive.infolist()[-1].external_attr = (stat.S_IFCHR | 0o600) << 16


def extended(name: str, central: bytes, local: bytes) -> Change:
    """Add a member with extra fields, in the directory and before its content."""

    def tamper(archive: zipfile.ZipFile) -> None:
        member = zipfile.ZipInfo(name)
        member.extra = local
        archive.writestr(member, b"some words")
        member.extra = central

    return lambda members: write_zip(members, tamper)


def rename_elsewhere(name: str, other: str) -> bytes:
    """Return the extra field by which Info-ZIP unpacks ``name`` as ``other``."""
    field = struct.pack("<BI", 1, zlib.crc32(name.encode())) + other.encode()
    return struct.pack("<2H", 0x7075, len(field)) + field


def two_directories(members: Members) -> bytes:
    """Put a zip of other content into a zip: zipfile reads the outer one, Info-ZIP the inner."""
    end = struct.Struct("<4s4H2IH")
    inner = write_zip(dict.fromkeys(members, b"other content"))
    *_, count, size, offset, _ = end.unpack(inner[-end.size :])
    body = bytearray(inner[: -end.size])
    before = 30 + len("zz.txt")  # bytes of a header
    place = offset
    for _ in range(count):  # where its members are in the outer zip
        lengths = struct.unpack_from("<3H", body, place + 28)
        (start,) = struct.unpack_from("<I", body, place + 42)
        struct.pack_into("<I", body, place + 42, start + before)
        place += 46 + sum(lengths)
    outer = io.BytesIO()
    with zipfile.ZipFile(outer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("zz.txt"), bytes(body))
        for name, content in members.items():
            archive.writestr(name, content)
    content = outer.getvalue()
    *_, wide, wide_size, wide_offset, _ = end.unpack(content[-end.size :])
    content = content[: -end.size]
    return b"".join(
        (
            content,
            struct.pack(
                "<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, *[wide] * 2, wide_size, wide_offset
            ),
            struct.pack("<4sLQL", b"PK\6\7", 0, len(content), 1),
            end.pack(b"PK\5\6", 0, 0, count, count, size, offset + before, 0),
        )
    )


def miscounted(members: Members) -> bytes:
    """Say that there is one member less: who counts leaves out the last."""
    content = bytearray(write_zip(members))
    struct.pack_into("<2H", content, len(content) - 14, *[len(members) - 1] * 2)
    return bytes(content)


def encrypted(archive: zipfile.ZipFile) -> None:
    """Say that the last member is encrypted."""
    archive.infolist()[-1].flag_bits |= 1


def overlapped(archive: zipfile.ZipFile) -> None:
    """Have two members share their bytes, as bombs that hide their size do."""
    first, second = archive.infolist()[-2:]
    second.header_offset = first.header_offset


def unlisted(archive: zipfile.ZipFile) -> None:
    """Leave the first member out of the directory; its bytes stay."""
    del archive.filelist[0]


def between(archive: zipfile.ZipFile) -> None:
    """Leave the second member out of the directory; its bytes stay."""
    del archive.filelist[1]


def renamed(archive: zipfile.ZipFile) -> None:
    """Have the directory call the last member otherwise than the header before its content."""
    archive.infolist()[-1].filename = "other.txt"


def promised(archive: zipfile.ZipFile) -> None:
    """Have the directory give another checksum than the header before the content."""
    archive.infolist()[-1].CRC ^= 1


def unexecuted(notebook: dict[str, Any]) -> None:
    """Clear the notebook."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell |= {"execution_count": None, "outputs": []}


def out_of_order(notebook: dict[str, Any]) -> None:
    """Run the second cell of code first."""
    first, second = notebook["cells"][1:3]
    first["execution_count"], second["execution_count"] = 2, 1


def with_error(notebook: dict[str, Any]) -> None:
    """Have a cell end with an error."""
    output = nbformat.v4.new_output("error", ename="KeyError", evalue="x", traceback=[])
    notebook["cells"][1]["outputs"].append(output)


def untagged(notebook: dict[str, Any]) -> None:
    """Take the tag away that says which tables are compared."""
    notebook["cells"][2]["metadata"]["tags"] = []


def silenced(notebook: dict[str, Any]) -> None:
    """Take every sentence out."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = "# Nothing"


def printed_otherwise(members: Members) -> bytes:
    """Hand in the PDF of another notebook."""
    other = make_notebook(("The number is 3.25 here.", "It is 4.75 there.", "And 6.5."))
    other["cells"][1]["source"] = "\n".join(f"completely_other = {place}" for place in range(30))
    return write_zip(members | {"notebook.pdf": print_notebook(other)})


def doubled_pdf(members: Members) -> bytes:
    """Hand in the notebook's PDF in the place of the report, too."""
    return write_zip(members | {"report.pdf": members["notebook.pdf"]})


def printed_with_more(members: Members) -> bytes:
    """Add a number to the notebook's PDF alone."""
    notebook = json.loads(members["notebook.ipynb"])
    notebook["cells"].append({"cell_type": "markdown", "source": "In truth it is 99.87 % right."})
    return write_zip(members | {"notebook.pdf": print_notebook(notebook)})


def protected(members: Members) -> bytes:
    """Encrypt the report."""
    content = io.BytesIO()
    with pikepdf.open(io.BytesIO(members["report.pdf"])) as pdf:
        pdf.save(content, encryption=pikepdf.Encryption(owner="a", user="b"))
    return write_zip(members | {"report.pdf": content.getvalue()})


def without_pages(members: Members) -> bytes:
    """Take every page out of the report."""
    content = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.save(content)
    return write_zip(members | {"report.pdf": content.getvalue()})


def reweighed(**changes: object) -> Change:
    """Change what the weights say of themselves."""

    def change(members: Members) -> bytes:
        content = members["best_mlp.safetensors"]
        (length,) = struct.unpack_from("<Q", content)
        header = json.loads(content[8 : 8 + length])
        about = json.loads(header["__metadata__"]["mnistreport"])
        forged = store_weights(content, about | changes)
        return write_zip(members | {"best_mlp.safetensors": forged})

    return change


def with_number(name: str, column: str, value: str) -> Change:
    """Change a cell of a table's last row."""

    def change(members: Members) -> bytes:
        lines = members[name].decode().splitlines()
        place = lines[0].split(",").index(column)
        cells = lines[-1].split(",")
        cells[place] = value
        table = "\r\n".join((*lines[:-1], ",".join(cells), ""))
        return write_zip(members | {name: table.encode()})

    return change
