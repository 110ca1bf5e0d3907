"""What reaches somebody who installs mnistreport instead of cloning it."""

import os
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from mnistreport.report.insights import RESERVED
from mnistreport.resources import PROJECT_FILES, find_resource

ROOT = Path(__file__).resolve().parent.parent
INSIDE = "mnistreport/project_files"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of the working tree."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, cwd=ROOT)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def installation(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ``bin`` folder of a new environment: the wheel, over the libraries that are here.

    A .pth file lends the libraries. It does not lend the editable mnistreport among them, since
    Python does not follow the .pth files of a folder that it came to by a .pth file.
    """
    environment = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", environment)
    python = environment / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python)
    run(*pip, "install", "--quiet", "--no-deps", "--no-index", wheel)
    (site_packages,) = environment.glob("lib/python*/site-packages")
    lent = dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib"))
    (site_packages / "libraries.pth").write_text("\n".join(lent) + "\n")
    return environment / "bin"


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """Run a command away from the checkout's own Python path; return what it printed."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_wheel_carries_what_a_new_project_starts_from(wheel: Path) -> None:
    """Manifest, schema and every template are in the wheel, as they are in the repository."""
    names = set(zipfile.ZipFile(wheel).namelist())
    templates = (path for path in (ROOT / "templates").rglob("*") if path.is_file())
    expected = {f"{INSIDE}/{path.relative_to(ROOT).as_posix()}" for path in templates}
    expected |= {f"{INSIDE}/experiments.toml", f"{INSIDE}/experiments.schema.json"}
    assert set() == expected - names
    assert f"{INSIDE}/templates/report.html.j2" in names


def test_wheel_carries_the_page_around_the_report(wheel: Path) -> None:
    """A preview is served from an installed copy, too."""
    names = set(zipfile.ZipFile(wheel).namelist())
    shell = [path for path in (ROOT / "mnistreport/previewing/shell").glob("*.*") if path.is_file()]
    assert {".css", ".html", ".js", ".py", ".svg"} == {path.suffix for path in shell}
    assert set() == {path.relative_to(ROOT).as_posix() for path in shell} - names


def test_wheel_carries_nothing_else(wheel: Path) -> None:
    """Tests, reports and tools stay in the repository."""
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {"mnistreport"} == {top for top in tops if not top.endswith(".dist-info")}


def test_installed_copy_makes_and_plans_a_project(installation: Path, tmp_path: Path) -> None:
    """In an empty folder, ``init`` puts a project there and ``plan`` understands it."""
    where = run(
        installation / "python",
        "-c",
        "import mnistreport; print(mnistreport.__file__)",
        cwd=tmp_path,
    )
    assert Path(where.strip()).is_relative_to(installation.parent)

    run(installation / "mnistreport", "init", cwd=tmp_path)
    assert (tmp_path / "experiments.toml").is_file()
    insights = {path.name for path in (ROOT / "templates/insights").glob("*.md.j2")}
    insights -= {f"{name}.md.j2" for name in RESERVED}
    assert insights
    assert insights == {path.name for path in (tmp_path / "templates/insights").glob("*.md.j2")}

    run(installation / "mnistreport", "plan", "--data", "digits", cwd=tmp_path)


@pytest.mark.parametrize(
    ("name", "faulty"),
    [
        ("filelock", "3.20.2"),  # opens locks through links: CVE-2025-68146, CVE-2026-22701
        ("jinja2", "3.1.5"),  # its sandbox can be left: CVE-2025-27516
        ("nbconvert", "7.16.6"),  # runs inkscape.bat of the working folder: CVE-2025-53000
        ("pillow", "12.1.0"),  # writes out of bounds: CVE-2026-25990
        ("torch", "2.5.1"),  # loads weights that run code: CVE-2025-32434
    ],
)
def test_no_release_with_a_known_hole_is_installed(name: str, faulty: str) -> None:
    """The bound leaves out the last release that had it, and so does the pinned version."""
    content = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    bounds = {each.name: each for each in map(Requirement, content["project"]["dependencies"])}
    assert not bounds[name].specifier.contains(faulty)
    assert bounds[name].specifier.contains(version(name))


def test_each_pinned_version_is_within_its_bound() -> None:
    """What the project is tested with is what it says it needs."""
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pinned = dict(line.split("==") for line in lines if "==" in line and not line.startswith("#"))
    content = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = [each for some in content["optional-dependencies"].values() for each in some]
    bounds = [*map(Requirement, [*content["dependencies"], *extras])]
    names = {canonicalize_name(name): number.split()[0] for name, number in pinned.items()}
    outside = [
        str(each)
        for each in bounds
        if canonicalize_name(each.name) in names
        and not each.specifier.contains(names[canonicalize_name(each.name)])
    ]
    assert [] == outside
    assert {"filelock", "torch"} <= names.keys()


def test_checkout_uses_the_files_at_its_root() -> None:
    """Whoever edits a template in a clone sees the change without installing anything again."""
    assert ROOT == PROJECT_FILES
    assert ROOT / "templates" == find_resource("templates")


def test_a_missing_file_is_named() -> None:
    """A damaged installation says which file it misses."""
    with pytest.raises(FileNotFoundError, match=r"templates/nothing\.j2: not found"):
        find_resource("templates/nothing.j2")
