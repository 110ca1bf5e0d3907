"""A preview shows the page that ``render`` would write, however often words change."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mnistreport.errors import DataError, ManifestError, TemplateError
from mnistreport.options import Listener, Options
from mnistreport.pipeline import render
from mnistreport.previewing.rendering import Page, Renderer, Untrained
from mnistreport.previewing.watching import Kind
from tests.previewing.projects import MANIFEST, Project

LOADED = """\
import sys
from pathlib import Path
from mnistreport.options import Options
from mnistreport.previewing.rendering import Renderer
if __name__ == "__main__":
    options = Options(Path("experiments.toml"))
    made = Renderer(options, lambda _stage: None).render(anew=True)
    print(len(made.html) > 0, "torch" in sys.modules, "matplotlib" in sys.modules)
"""


@pytest.fixture
def project(trained: Project, tmp_path: Path) -> Project:
    """A project to edit."""
    return trained.copy(tmp_path / "project")


def start(project: Project) -> Renderer:
    """Return what renders a project."""
    return Renderer(Options(project.manifest), lambda _stage: None)


def make_page(renderer: Renderer, *, anew: bool = False) -> Page:
    """Return the page of now, where nothing is wrong."""
    made = renderer.render(anew=anew)
    assert isinstance(made, Page)
    return made


def write_page(project: Project) -> str:
    """Return the page that ``render`` writes."""
    render(Options(project.manifest, pdf=False), Listener())
    return (project.folder / "output/digits/report.html").read_text("utf-8")


def list_files(folder: Path) -> dict[Path, tuple[bytes, int]]:
    """Return every file with its content, and when it was written."""
    return {
        each: (each.read_bytes(), each.stat().st_mtime_ns)
        for each in folder.rglob("*")
        if each.is_file()
    }


def edit_insight(project: Project) -> None:
    """Change words of the insight."""
    text = project.insight.read_text("utf-8")
    project.insight.write_text(text.replace("first words", "new words"), encoding="utf-8")


def make_false(project: Project) -> None:
    """Claim what is not so, on the title page, too."""
    claim = '{% claim study.best.label == "9" %}Nine is the best.{% endclaim %}'
    project.insight.write_text(claim, encoding="utf-8")


def include_words(project: Project) -> None:
    """Include a file that is there from now on."""
    (project.templates / "insights/more.md.j2").write_text("More of it.", encoding="utf-8")
    project.insight.write_text('{% include "insights/more.md.j2" %}', encoding="utf-8")


def edit_included(project: Project) -> None:
    """Change only what is included."""
    (project.templates / "insights/more.md.j2").write_text("Less of it.", encoding="utf-8")


def include_by_chance(project: Project) -> None:
    """Include what is not there."""
    words = '{% include "insights/" ~ "perhaps.md.j2" ignore missing %} So much for that.'
    project.insight.write_text(words, encoding="utf-8")


def make_included(project: Project) -> None:
    """Make it, and leave the words that include it as they are."""
    (project.templates / "insights/perhaps.md.j2").write_text("It is here.", encoding="utf-8")


def replace_section(project: Project) -> None:
    """Put a part of the project's own before the packaged one."""
    (project.templates / "sections").mkdir()
    path = project.templates / "sections/summary.md.j2"
    path.write_text("A summary of our own: {{ data.title }}.", encoding="utf-8")


def remove_section(project: Project) -> None:
    """Take it away again."""
    (project.templates / "sections/summary.md.j2").unlink()


def edit_title(project: Project) -> None:
    """Change the manifest, and no run."""
    text = MANIFEST.replace("The learning rate", "How fast to go")
    project.manifest.write_text(f'[report]\ntitle = "Another title"\n\n{text}', encoding="utf-8")


def test_it_is_the_page_that_render_writes(project: Project) -> None:
    """Byte for byte, after each of many changes, one kept thing after the other being old."""
    steps: list[tuple[Callable[[Project], None], bool]] = [
        (lambda _project: None, False),
        (edit_insight, False),
        (make_false, False),
        (include_words, False),
        (edit_included, False),
        (include_by_chance, False),
        (make_included, False),
        (replace_section, False),
        (remove_section, False),
        (edit_title, True),
        (lambda project: project.write(), True),
    ]
    renderer = start(project)
    pages = list[str]()
    for change, anew in steps:
        change(project)
        pages.append(make_page(renderer, anew=anew).html)
        assert write_page(project) == pages[-1]
    assert len(pages) - 2 == len(set(pages))  # the first is the last, and the removed part's before


def test_nothing_is_written(project: Project) -> None:
    """Neither in the output nor beside it, figures that have to be drawn included."""
    (project.folder / "output/digits/figures/rate-curves.svg").unlink()
    before = list_files(project.folder)
    renderer = start(project)
    make_page(renderer)
    assert before == list_files(project.folder)
    edit_insight(project)
    make_false(project)
    after = list_files(project.folder)
    assert [project.insight] == [each for each in after if before.get(each) != after[each]]
    page = make_page(renderer)
    assert after == list_files(project.folder)
    assert ["claim"] == [each.kind for each in page.complaints]
    assert ["Nine is the best."] == [each.words for each in page.complaints]


def test_neither_torch_nor_drawing_is_loaded(project: Project) -> None:
    """Where figures are current, a page needs neither: it is there soon."""
    script = project.folder / "look.py"
    script.write_text(LOADED, encoding="utf-8")
    command = [sys.executable, script.name]
    done = subprocess.run(
        command, cwd=project.folder, capture_output=True, encoding="utf-8", check=True
    )
    assert "True False False" == done.stdout.strip()


def test_only_what_changed_is_run(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a save of one text one text is run, and none if nothing changed."""
    from mnistreport.report.template_process import PROCESS, TemplateProcess

    renderer = start(project)
    make_page(renderer)
    run = list[str]()
    draft = TemplateProcess.draft

    def count(_process: TemplateProcess, name: str, *rest: object) -> object:
        run.append(name)
        return draft(PROCESS, name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(TemplateProcess, "draft", count)
    make_page(renderer)
    assert [] == run
    edit_insight(project)
    make_page(renderer)
    assert ["insights/rate.md.j2"] == run
    edit_insight(project)
    make_page(renderer)
    assert ["insights/rate.md.j2"] == run  # which it was already
    make_page(renderer, anew=True)
    assert len(set(run)) > 5  # other values, for all that is known


def test_a_mistake_is_told_until_it_is_mended(project: Project) -> None:
    """File and line are those of the mistake; the page after it is as if there had been none."""
    renderer = start(project)
    page = make_page(renderer).html
    words = project.insight.read_text("utf-8")
    project.insight.write_text(words + "\n{{ study.bets }}\n", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(TemplateError) as caught:
            renderer.render(anew=False)
        problem = caught.value.problems[0]
        assert (project.insight, 7) == (problem.file, problem.line)
    project.insight.write_text(words, encoding="utf-8")
    assert page == make_page(renderer).html
    project.manifest.write_text(MANIFEST.replace("seeds", "seds"), encoding="utf-8")
    with pytest.raises(ManifestError):
        renderer.render(anew=True)
    project.manifest.write_text(MANIFEST, encoding="utf-8")
    assert page == make_page(renderer).html  # it was not opened, so it is opened anew


def test_what_is_not_trained_is_told_and_not_trained(project: Project) -> None:
    """With its names, their number and the command; nothing appears in the store."""
    renderer = Renderer(Options(project.manifest, data="digits"), lambda _stage: None)
    make_page(renderer)
    text = MANIFEST.replace("[0.02, 0.2]", "[0.02, 0.2, 0.5]")
    project.manifest.write_text(text, encoding="utf-8")
    runs = project.folder / ".mnistreport/runs"
    before = sorted(runs.iterdir())
    made = renderer.render(anew=True)
    assert isinstance(made, Untrained)
    assert (2, 6) == (made.runs, made.planned)
    assert [("rate 0.5", 2)] == [(names, missing) for names, _, missing in made.variants]
    assert f"mnistreport build --manifest {project.manifest} --data digits" == made.command
    assert before == sorted(runs.iterdir())


def test_runs_are_read_again_once_they_change(project: Project) -> None:
    """What is kept of a run counts only as long as its files stay as they are."""
    renderer = start(project)
    make_page(renderer)
    run = min((project.folder / ".mnistreport/runs").glob("*/tensors.safetensors"))
    content = run.read_bytes()
    run.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    made = renderer.render(anew=True)
    assert isinstance(made, Untrained)
    assert "its weights have changed" in " ".join(made.notes)
    run.write_bytes(content)
    make_page(renderer, anew=True)


def test_other_data_is_another_project(project: Project) -> None:
    """A manifest that names another source, or split, is not rendered beside the old one's runs."""
    renderer = start(project)
    make_page(renderer)
    text = MANIFEST.replace('"digits"', '"nowhere"', 1)
    project.manifest.write_text(text, encoding="utf-8")
    with pytest.raises(DataError):
        renderer.render(anew=True)
    text = MANIFEST.replace('"digits"\n', '"digits"\nseed = 1\n', 1)
    project.manifest.write_text(text, encoding="utf-8")
    made = renderer.render(anew=True)
    assert isinstance(made, Untrained)
    assert 4 == made.runs


def test_imported_runs_are_shown_and_watched(project: Project) -> None:
    """A file of a run that was trained elsewhere is part of the page, and of what is watched."""
    folder = project.folder / "histories"
    folder.mkdir()
    header = "epoch,train_loss,train_accuracy,validation_loss,validation_accuracy,seed"
    rows = [f"{epoch},1.5,0.5,1.6,0.4,{seed}" for seed in (0, 1) for epoch in (1, 2)]
    (folder / "rate.csv").write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    entry = '\n[[runs]]\nimport = "histories/*.csv"\nlearning_rate = 0.2\n'
    project.manifest.write_text(MANIFEST + entry, encoding="utf-8")
    renderer = start(project)
    assert "histories/rate.csv" in make_page(renderer, anew=True).html
    assert Kind.project is renderer.find_places().judge(folder / "rate.csv")
