"""A preview from its start to Ctrl-C: wait for a change, render, show."""

from collections.abc import Callable
from typing import NoReturn

from mnistreport.errors import EnvironmentFault, MnistReportError
from mnistreport.options import Options
from mnistreport.previewing.board import Board
from mnistreport.previewing.rendering import Page, Renderer
from mnistreport.previewing.server import PreviewServer
from mnistreport.previewing.telling import Teller
from mnistreport.previewing.watching import Watcher
from mnistreport.study.loading import load_manifest


def preview(options: Options, port: int, on_ready: Callable[[str], None]) -> NoReturn:
    """Serve the report of now until somebody interrupts.

    Args:
        options: Where manifest, data and stored runs are.
        port: Where to listen; 0 takes a port that is free.
        on_ready: Is told the page's address once it can be had.

    Raises:
        ManifestError: There is no manifest.
        EnvironmentFault: The port cannot be had, or files cannot be watched.
    """
    if not options.manifest.exists():
        load_manifest(options.manifest)  # which says what to do; later on, it may come back
    board = Board()
    renderer = Renderer(options, board.tell_stage)
    with PreviewServer(board, port) as server, Watcher() as watcher:
        on_ready(server.address)
        anew = True
        while True:
            watcher.follow(renderer.find_places())  # first: what changes meanwhile is not missed
            _show(renderer, board, anew=anew)
            known_better = watcher.follow(renderer.find_places())
            anew = known_better or watcher.wait(renderer.find_places)


def _show(renderer: Renderer, board: Board, *, anew: bool) -> None:
    """Show the report of now, or what is wrong beside the last one."""
    teller = Teller(renderer.folder)
    try:
        made = renderer.render(anew=anew)
    except MnistReportError as error:
        board.show(teller.tell_error(error))
    except OSError as error:  # a file went away, or the disk refuses
        fault = EnvironmentFault(error.strerror or str(error), next_step="is it still there?")
        board.show(teller.tell_error(fault))
    else:
        if isinstance(made, Page):
            board.show(teller.tell_page(made), made.html)
        else:
            board.show(teller.tell_untrained(made))
