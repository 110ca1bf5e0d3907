"""TensorBoard: a folder of each run below ``tensorboard`` beside the manifest.

Its own packages write the events: no torch is loaded. Numbers are rounded to 32 bits, since what
reads them by default shows no others.
"""

import io
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, types_pb2
from tensorboard.plugins.hparams import api_pb2, plugin_data_pb2
from tensorboard.plugins.hparams import metadata as hparams_metadata
from tensorboard.plugins.text import metadata as text_metadata
from tensorboard.summary.writer.record_writer import RecordWriter

from mnistreport.files import prepare_folder, publish_folder
from mnistreport.places import find_place
from mnistreport.report.wording import escape_markdown
from mnistreport.tracking.entry import Documents, Entry, Setting

# Their types are made when they are loaded: nobody knows them before.
_events: Any = event_pb2
_summaries: Any = summary_pb2
_tensors: Any = tensor_pb2
_types: Any = types_pb2
_sessions: Any = plugin_data_pb2
_status: Any = api_pb2
_hparams: Any = hparams_metadata
_texts: Any = text_metadata

FOLDER: Final = "tensorboard"
_SHORT: Final = 12
"""Digits of a fingerprint in the name of a run's folder."""
_MAX_READABLE: Final = 150
"""Letters of a run's own name in that of its folder; file systems allow 255 in all."""


class TensorBoard:
    """Writes each run's events into a folder, which appears complete or not at all."""

    def __init__(self, project: Path) -> None:
        """Make the folder ready.

        Raises:
            EnvironmentFault: It is a link, or cannot be written.
        """
        self._folder = find_place(None, project, FOLDER, option=None, inner=())
        prepare_folder(self._folder)
        self._standing: dict[str, set[Path]] = {}
        for place in self._folder.iterdir():
            self._standing.setdefault(place.name[-_SHORT:], set()).add(place)

    def log_run(self, entry: Entry) -> None:
        """Write a run's folder, in the place of what was known of it; the same is left alone."""
        short = entry.fingerprint[:_SHORT]
        readable = re.sub(r"[^A-Za-z0-9.]+", "-", entry.name)[:_MAX_READABLE]
        place = self._folder / f"{readable}-{short}"
        file = f"events.out.tfevents.{entry.sha256[:_SHORT]}"  # by which TensorBoard knows such
        if not (place / file).exists():
            publish_folder(place, {file: write_events(entry, time.time())})
        for other in self._standing.get(short, set()) - {place}:  # its model had another name
            shutil.rmtree(other, ignore_errors=True)
        self._standing[short] = {place}

    def log_documents(self, documents: Documents) -> None:
        """Do nothing: TensorBoard keeps no files."""

    def close(self) -> None:
        """Do nothing: nothing is open."""


def write_events(entry: Entry, end: float) -> bytes:
    """Return an event file of a run that ended then, in seconds since 1970."""
    stream = io.BytesIO()
    writer = RecordWriter(stream)
    for event in _list_events(entry, end):
        writer.write(event.SerializeToString())
    return stream.getvalue()


def _list_events(entry: Entry, end: float) -> Iterator[Any]:
    begin = end - entry.result.duration_seconds
    yield _events.Event(wall_time=begin, file_version="brain.Event:2")
    start = _sessions.SessionStartInfo(start_time_secs=begin)
    for name, value in entry.settings.items():
        _fill(start.hparams[name], value)
    yield _tell_session(_hparams.SESSION_START_INFO_TAG, begin, session_start_info=start)
    yield _tell_text("about", entry.tags, begin)
    times = entry.find_times(end)
    for name, value, epoch in entry.metrics:
        yield _tell(times[epoch], epoch, tag=name, simple_value=value)
    status = _status.STATUS_SUCCESS if entry.result.status == "finished" else _status.STATUS_FAILURE
    over = _sessions.SessionEndInfo(status=status, end_time_secs=end)
    yield _tell_session(_hparams.SESSION_END_INFO_TAG, end, session_end_info=over)


def _fill(place: Any, value: Setting) -> None:  # noqa: ANN401 - a protocol buffer
    if isinstance(value, bool):
        place.bool_value = value
    elif isinstance(value, str):
        place.string_value = value
    else:
        place.number_value = value


def _tell_session(tag: str, when: float, **info: object) -> object:
    metadata = _hparams.create_summary_metadata(_sessions.HParamsPluginData(**info))
    return _tell(when, tag=tag, metadata=metadata, tensor=_hparams.NULL_TENSOR)


def _tell_text(tag: str, about: Mapping[str, str], when: float) -> object:
    rows = [f"| {name} | {escape_markdown(text)} |" for name, text in about.items()]
    text = "\n".join(["| | |", "| --- | --- |", *rows])
    tensor = _tensors.TensorProto(dtype=_types.DT_STRING, string_val=[text.encode()])
    metadata = _texts.create_summary_metadata(display_name="", description="")
    return _tell(when, tag=tag, metadata=metadata, tensor=tensor)


def _tell(when: float, step: int = 0, **what: object) -> object:
    summary = _summaries.Summary(value=[_summaries.Summary.Value(**what)])
    return _events.Event(wall_time=when, step=step, summary=summary)
