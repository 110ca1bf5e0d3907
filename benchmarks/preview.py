"""How long it takes from a save to the new words in the browser, with `mnistreport preview`.

    .venv/bin/python benchmarks/preview.py [--saves 20] [--project FOLDER]

A copy of the project is edited: words are saved at the end of an insight, again and again, and
Chromium looks for them in every frame that it paints. Without a project, the default manifest is
trained on the embedded digits, for two epochs.
"""

import argparse
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Final

from playwright.sync_api import Page, sync_playwright

SAVES: Final = 20
EPOCHS: Final = 2
PAUSE_SECONDS: Final = 0.7
"""Between two saves; nobody saves faster."""
_LOOK: Final = """([anchor, words]) => new Promise((resolve) => {
    const look = () => {
        const frame = document.querySelector("iframe:not(.coming)");
        const section = frame?.contentDocument.getElementById(anchor);
        if (section?.textContent.includes(words)) requestAnimationFrame(() => resolve(Date.now()));
        else requestAnimationFrame(look);
    };
    look();
})"""


def measure_saves(project: Path, data: str, saves: int = SAVES) -> list[float]:
    """Return the seconds from each save to the frame in which its words are painted.

    Args:
        project: Folder of a trained project; edited, so give a copy.
        data: Its data source.
        saves: How many to measure; two before them are not.
    """
    insight = min((project / "templates" / "insights").glob("*.md.j2"))
    anchor, before = f"study-{insight.name.removesuffix('.md.j2')}", insight.read_text("utf-8")
    command = (sys.executable, "-m", "mnistreport", "preview", "--data", data, "--port", "0")
    with (
        subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, encoding="utf-8") as process,
        sync_playwright() as playwright,
    ):
        try:
            address = re.findall(r"http://\S+", process.stdout.readline())[0]
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=("--no-sandbox", "--disable-gpu")
            )
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.set_default_timeout(120_000)
            page.goto(address)
            page.wait_for_selector("[data-status=good]")
            return [
                _measure_save(page, insight, before, anchor, number) for number in range(saves + 2)
            ][2:]
        finally:
            process.send_signal(signal.SIGINT)


def _measure_save(page: Page, insight: Path, before: str, anchor: str, number: int) -> float:
    time.sleep(PAUSE_SECONDS)
    words = f"This is save number {'one of many, ' * (number % 3)}{number + 1}."
    start = time.time()
    insight.write_text(f"{before}\n{words}\n", encoding="utf-8")
    return page.evaluate(_LOOK, [anchor, words]) / 1000 - start


def train_project(folder: Path) -> None:
    """Train what the default manifest asks for, as shortly as tells a browser enough."""
    run = [sys.executable, "-m", "mnistreport"]
    subprocess.run([*run, "init", str(folder)], check=True, stdout=subprocess.DEVNULL)
    manifest = folder / "experiments.toml"
    text = re.sub(r"(?m)^epochs = \d+", f"epochs = {EPOCHS}", manifest.read_text("utf-8"))
    manifest.write_text(text, encoding="utf-8")
    subprocess.run([*run, "build", "--data", "digits", "--no-notebook"], cwd=folder, check=False)


def main(words: Sequence[str] | None = None) -> None:
    """Measure, and print the median and the worst."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--saves", type=int, default=SAVES)
    parser.add_argument("--project", type=Path, help="a trained project; default one of its own")
    parser.add_argument("--data", default="digits", help="the project's data source")
    options = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "project"
        if options.project:
            shutil.copytree(options.project, folder)
        else:
            train_project(folder)
        times = measure_saves(folder, options.data, options.saves)
    print(f"{len(times)} saves, from the save to the frame that shows it:")
    print(f"median {median(times) * 1000:.0f} ms, worst {max(times) * 1000:.0f} ms")
    print(" ".join(f"{1000 * each:.0f}" for each in times))


if __name__ == "__main__":
    main()
