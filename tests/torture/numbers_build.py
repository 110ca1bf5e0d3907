"""A build of a project that trains for real, and whose only document are its numbers.

python -m tests.torture.numbers_build <folder> <jobs>

It says which runs it has trained.
"""

import sys
from pathlib import Path

from mnistreport import pipeline
from mnistreport.files import replace_file
from mnistreport.options import Listener, Options
from mnistreport.report.context import dump_context, make_context
from mnistreport.report.material import Material
from mnistreport.report.publication import Publication
from mnistreport.training.events import Ended, Event


def publish_numbers(material: Material, _project: Path, output: Path, **_: object) -> Publication:
    """Write ``results.json`` alone."""
    replace_file(output / "results.json", dump_context(make_context(material)))
    return Publication((output / "results.json",), fresh=True, complaints=())


def tell_end(event: Event) -> None:
    """Say what was trained; it is stored by then."""
    if isinstance(event, Ended):
        sys.stderr.write(f"trained {event.experiment.fingerprint}\n")
        sys.stderr.flush()


if __name__ == "__main__":
    pipeline.check_prose = lambda *_: None  # there is none
    pipeline.publish_report = publish_numbers  # type: ignore[assignment]
    manifest = Path(sys.argv[1]) / "experiments.toml"
    pipeline.build(
        Options(manifest, jobs=int(sys.argv[2]), notebook=False), Listener(on_event=tell_end)
    )
