"""The live page in a real browser, as a person sees it who edits the files beside it."""

import shutil
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, FrameLocator, Page, expect

from mnistreport.resources import find_resource
from mnistreport.study.loading import load_manifest
from tests.previewing.projects import MANIFEST, Project, Running, previewing

SOON = 2_000
"""Milliseconds from a save to what it changes on the page, on a machine with other work."""
STARTING = 20_000
MORE = MANIFEST.replace("[0.02, 0.2]", "[0.02, 0.2, 0.5]")
FALSE = '{% claim study.best.label == "9" %}Nine is the best rate.{% endclaim %}\n'
LOOK = """() => {
    const frame = document.querySelector("iframe:not(.coming)").contentWindow;
    const place = frame.document.getElementById("comparison").getBoundingClientRect().top;
    return [Math.round(place), Math.round(frame.scrollY)];
}"""
SCROLL = """() => {
    const frame = document.querySelector("iframe").contentWindow;
    const place = frame.document.getElementById("comparison").getBoundingClientRect().top;
    frame.scrollBy({ top: place + 200, behavior: "instant" });
}"""
TEXT = 'document.querySelector("iframe:not(.coming)").contentDocument.body.innerText'


@pytest.fixture(scope="module")
def project(trained: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project to edit; each test finds it as it was."""
    return trained.copy(tmp_path_factory.mktemp("previewed") / "project")


@pytest.fixture(scope="module")
def running(project: Project) -> Iterator[Running]:
    """A preview of it."""
    with previewing(project.folder) as running:
        yield running


@pytest.fixture
def open_page(
    browser: Browser, project: Project, running: Running
) -> Iterator[Callable[..., Page]]:
    """Open the preview; what the browser complains of fails the test."""
    contexts, complaints = [], list[str]()

    def open_page(address: str = running.address, **settings: object) -> Page:
        settings = {"viewport": {"width": 1300, "height": 800}} | settings
        context = browser.new_context(reduced_motion="reduce", **settings)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(STARTING)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address)
        return page

    yield open_page
    for each in contexts:
        each.close()
    project.write()
    assert [] == complaints


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """The preview, once the report is there."""
    page = open_page()
    expect(find_report(page).locator("#study-rate")).to_contain_text(
        "first words", timeout=STARTING
    )
    expect(page.locator("#status")).to_have_attribute("data-status", "good", timeout=STARTING)
    return page


def find_report(page: Page) -> FrameLocator:
    """Return the report as it is shown."""
    return page.frame_locator("iframe:not(.coming)")


def add_words(project: Project, words: str) -> None:
    """Save an insight with further words in front."""
    text = project.insight.read_text("utf-8")
    project.insight.write_text(f"{words}\n\n{text}", encoding="utf-8")


def test_a_save_is_seen(page: Page, project: Project) -> None:
    """New words are there soon; where the reader was, below them, nothing moves."""
    page.evaluate(SCROLL)
    place, scrolled = page.evaluate(LOOK)
    add_words(project, "Quite new words.\n\n" + "And many more of them. " * 60)
    words = find_report(page).locator("#study-rate").get_by_text("Quite new words.")
    expect(words).to_have_count(1, timeout=SOON)
    after, scrolled_after = page.evaluate(LOOK)
    assert abs(place - after) <= 1
    assert scrolled_after > scrolled + 100  # the words stand above what the reader looks at
    page.wait_for_timeout(100)
    assert abs(place - page.evaluate(LOOK)[0]) <= 1


def test_what_is_no_word_is_seen(page: Page, project: Project) -> None:
    """A style sheet needs a new page: it takes the place of the old one, where the reader was."""
    page.evaluate(SCROLL)
    place, _ = page.evaluate(LOOK)
    folder = project.templates / "css"
    folder.mkdir()
    text = find_resource("templates/css/screen.css").read_text("utf-8")
    (folder / "screen.css").write_text(f"{text}\nh2 {{ letter-spacing: 3px; }}", encoding="utf-8")
    heading = find_report(page).locator("#comparison h2")
    expect(heading).to_have_css("letter-spacing", "3px", timeout=SOON)
    assert abs(place - page.evaluate(LOOK)[0]) <= 1
    assert 1 == page.locator("iframe").count()


def test_what_is_shown_is_the_page(
    page: Page, open_page: Callable[..., Page], project: Project
) -> None:
    """A page whose words were exchanged several times reads as one that was just opened."""
    add_words(project, "Quite new words with a list:\n\n- one\n- two")
    expect(find_report(page).locator("#study-rate li")).to_have_count(2, timeout=SOON)
    project.insight.write_text(FALSE, encoding="utf-8")
    expect(find_report(page).locator("mark.refuted")).to_have_count(1, timeout=SOON)
    add_words(project, "Words **at the end** of it all.")
    expect(find_report(page).locator("#study-rate strong")).to_have_count(1, timeout=SOON)
    other = open_page()
    expect(find_report(other).locator("#study-rate strong")).to_have_count(1, timeout=STARTING)
    assert page.evaluate(TEXT) == other.evaluate(TEXT)


def test_a_cell_is_exchanged(page: Page, project: Project) -> None:
    """A number in a table takes no new page either."""
    report = find_report(page)
    page.evaluate("document.querySelector('iframe').dataset.first = 'yes'")
    first = page.locator("iframe[data-first]")
    setup = report.locator("#table-setup td, #table-setup th")
    before = load_manifest(project.manifest).sha256[:12]
    expect(setup.filter(has_text=before)).to_have_count(1)
    project.manifest.write_text(f"{MANIFEST}\n# one\n", encoding="utf-8")
    now = load_manifest(project.manifest).sha256[:12]
    expect(setup.filter(has_text=now)).to_have_count(1, timeout=SOON)
    expect(first).to_have_count(1)


def test_a_mistake_is_shown_until_it_is_mended(page: Page, project: Project) -> None:
    """File, line, the line itself and the next step, above the last good page."""
    words = project.insight.read_text("utf-8")
    project.insight.write_text(f"{words}\n{{{{ study.bets }}}}\n", encoding="utf-8")
    card = page.locator("#card")
    expect(card).to_contain_text("templates/insights/rate.md.j2:7", timeout=SOON)
    expect(card).to_contain_text("did you mean best?")
    expect(card.locator(".wrong")).to_contain_text("{{ study.bets }}")
    expect(find_report(page).locator("#study-rate")).to_contain_text("The first words")
    project.insight.write_text(words.replace("first", "mended"), encoding="utf-8")
    expect(find_report(page).locator("#study-rate")).to_contain_text("mended", timeout=SOON)
    expect(card).to_be_hidden()


def test_a_mistake_in_the_manifest_is_shown(page: Page, project: Project) -> None:
    """Each with its line, and gone when it is mended."""
    project.manifest.write_text(MANIFEST.replace("epochs", "epocs"), encoding="utf-8")
    card = page.locator("#card")
    expect(card).to_contain_text("experiments.toml:7", timeout=SOON)
    expect(find_report(page).locator("#study-rate")).to_contain_text("The first words")
    project.manifest.write_text(MANIFEST, encoding="utf-8")
    expect(card).to_be_hidden(timeout=SOON)


def test_what_is_not_trained_is_shown(page: Page, project: Project) -> None:
    """The number of runs, the variant's name and the command, above the last good page."""
    project.manifest.write_text(MORE, encoding="utf-8")
    card = page.locator("#card")
    expect(card).to_contain_text("Not trained yet: 2 of 6 runs", timeout=SOON)
    expect(card).to_contain_text("rate 0.5")
    expect(card.locator("code")).to_have_text("mnistreport build")
    expect(find_report(page).locator("#study-rate")).to_contain_text("The first words")
    project.manifest.write_text(MANIFEST, encoding="utf-8")
    expect(card).to_be_hidden(timeout=SOON)


def test_a_false_claim_is_in_the_panel(page: Page, project: Project) -> None:
    """With file, line and what to do; a click leads to its words; once true, it is gone."""
    add_words(project, "Long words in front. " * 200 + f"\n\n{FALSE}")
    entry = page.locator(".group.grave .entry")
    expect(entry).to_contain_text("“Nine is the best rate.”", timeout=SOON)
    expect(entry).to_contain_text("templates/insights/rate.md.j2:3")
    expect(entry).to_contain_text("say what the results bear out")
    mark = find_report(page).locator("mark.refuted")
    expect(mark).not_to_be_in_viewport()
    entry.get_by_role("button").press("Enter")
    expect(mark).to_be_in_viewport()
    project.write()
    expect(entry).to_have_count(0, timeout=SOON)


def test_a_number_without_a_source_is_in_the_panel(page: Page, project: Project) -> None:
    """A typed number without a source, with its line, and where it stands."""
    add_words(project, "It was 12.3456 % at first.")
    group = page.get_by_role("heading", name="Numbers without a source")
    expect(group).to_be_visible(timeout=SOON)
    expect(page.locator(".entry").first).to_contain_text("rate.md.j2:1")
    page.get_by_role("button", name="12.3456 %").click()
    expect(find_report(page).get_by_text("It was 12.3456 %")).to_be_in_viewport()


def test_a_narrow_window_has_room_for_the_report(
    open_page: Callable[..., Page], project: Project
) -> None:
    """The panel is folded until it is asked for, and Escape folds it again."""
    page = open_page(viewport={"width": 400, "height": 800})
    project.insight.write_text(FALSE, encoding="utf-8")
    button = page.locator("#fold")
    expect(button).to_have_attribute("aria-expanded", "false", timeout=STARTING)
    expect(page.locator("#count")).to_have_text("1", timeout=STARTING)
    expect(page.locator("aside")).to_be_hidden()
    assert 400 == page.evaluate("document.documentElement.scrollWidth")
    button.press("Enter")
    expect(page.locator("aside")).to_be_visible()
    page.locator(".entry button").focus()
    page.keyboard.press("Escape")
    expect(page.locator("aside")).to_be_hidden()
    expect(button).to_be_focused()


def test_the_page_follows_the_reports_colours(page: Page) -> None:
    """A reader who chooses dark colours has them around the report, and on the next page."""
    find_report(page).get_by_role("button", name="Dark colours").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def list_violations(page: Page) -> list[tuple[str, str]]:
    """Return the rules of axe that are broken around the report, by day and by night."""
    rules = {"iframes": False, "resultTypes": ["violations"]}
    found = list[tuple[str, str]]()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        told = Axe().run(page, options=rules).response["violations"]
        found += [(each["id"], each["nodes"][0]["html"]) for each in told]
    return found


def test_everybody_can_use_it(page: Page, project: Project) -> None:
    """No rule of axe is broken around the report, with a panel, a mistake and runs missing."""
    project.insight.write_text(f"{FALSE}\nIt was 12.3456 %.", encoding="utf-8")
    expect(page.locator(".entry")).to_have_count(3, timeout=SOON)
    assert [] == list_violations(page)
    project.insight.write_text("{{ nothing }}", encoding="utf-8")
    expect(page.locator("#card")).to_contain_text("rate.md.j2:1", timeout=SOON)
    assert [] == list_violations(page)
    project.manifest.write_text(MORE, encoding="utf-8")
    expect(page.locator("#card")).to_contain_text("Not trained yet", timeout=SOON)
    assert [] == list_violations(page)


def test_another_page_cannot_show_it(browser: Browser, running: Running) -> None:
    """In a frame of somebody else's page there is nothing of the report."""
    page = browser.new_page()
    page.set_content(f'<iframe src="{running.address}"></iframe>')
    page.wait_for_timeout(300)
    assert "To look at" not in page.frames[1].content()
    page.close()


def test_it_begins_before_anything_is_trained(
    trained: Project, tmp_path: Path, browser: Browser
) -> None:
    """It says what is missing and, as a build elsewhere ends, shows the report by itself."""
    project = Project(tmp_path / "project")
    project.folder.mkdir()
    project.write()
    with previewing(project.folder) as running:
        page = browser.new_page()
        page.goto(running.address)
        expect(page.locator("#card")).to_contain_text("Not trained yet: 4 of 4", timeout=STARTING)
        for name in ("output", ".mnistreport"):  # as a build elsewhere leaves it
            shutil.copytree(trained.folder / name, project.folder / name, dirs_exist_ok=True)
        section = find_report(page).locator("#study-rate")
        expect(section).to_contain_text("The first words", timeout=STARTING)
        expect(page.locator("#card")).to_be_hidden()
        page.close()


def test_the_browser_is_opened_if_that_is_wished(
    trained: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the user's browser is, it is given the page's address."""
    project, asked = trained.copy(tmp_path / "project"), tmp_path / "asked"
    monkeypatch.setenv("BROWSER", f"sh -c 'echo %s > {asked}'")
    with previewing(project.folder, "--open") as running:
        deadline = time.monotonic() + 10
        while not asked.exists() or not asked.read_text("utf-8"):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert running.address == asked.read_text("utf-8").strip()


def test_an_interrupt_ends_it_at_once(trained: Project, tmp_path: Path) -> None:
    """Exit code 130 soon, whoever is connected; the port is free again."""
    project = trained.copy(tmp_path / "project")
    with previewing(project.folder) as running:
        connections = [socket.create_connection(("127.0.0.1", running.port)) for _ in range(3)]
        line = f"GET /events HTTP/1.1\r\nHost: 127.0.0.1:{running.port}\r\n\r\n"
        connections[0].sendall(line.encode())
        assert connections[0].recv(20)
        connections[1].sendall(b"GET /")  # in the midst of a request
        start = time.monotonic()
        running.process.send_signal(signal.SIGINT)
        assert 130 == running.process.wait(5)
        assert time.monotonic() - start < 2
        assert running.process.stderr is not None
        told = running.process.stderr.read()
        assert "the preview has ended; no document was written\n" == told
        for each in connections:
            each.close()
        with socket.socket() as free:
            free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            free.bind(("127.0.0.1", running.port))
