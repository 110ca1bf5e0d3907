"""The command that shows the report while somebody edits its words."""

from typing import Annotated

import typer

from mnistreport.cli_frame import errors_told, gather_options, say
from mnistreport.cli_options import DEFAULT_MANIFEST, Cache, Data, Debug, Manifest, Output

DEFAULT_PORT = 8765


def preview(
    manifest: Manifest = DEFAULT_MANIFEST,
    data: Data = None,
    output: Output = None,
    cache: Cache = None,
    port: Annotated[
        int,
        typer.Option(
            min=0, max=65_535, help="Where to serve it; 0 takes a free port.", metavar="N"
        ),
    ] = DEFAULT_PORT,
    open_browser: Annotated[
        bool, typer.Option("--open/--no-open", help="Open it in the browser.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Show the report while you edit templates; trains nothing, writes no document."""
    with errors_told(debug, stopped="the preview has ended; no document was written"):
        from mnistreport.previewing.session import preview

        def tell(address: str) -> None:
            say(f"{address} shows the report, and each change at once; Ctrl-C ends it")
            if open_browser:
                import webbrowser

                if not webbrowser.open(address):
                    say("no browser could be opened; open the address yourself", err=True)

        preview(gather_options(manifest, data, output, cache, None), port, tell)
