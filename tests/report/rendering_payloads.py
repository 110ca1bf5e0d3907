"""Words, pages and style sheets that want something from outside, and something that would notice.

``{file}`` in a payload stands for the address of a secret without its suffix, ``{path}`` for its
path, ``{web}`` for its address at a server on this machine. There are ``.svg``, ``.css``,
``.html``, ``.png`` and ``.txt``. At ``{away}`` the server sends one on to the file.
"""

import sys
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final
from urllib.parse import quote

CANARY: Final = "canary-5f3c-sings"
SVG: Final = '<svg xmlns="http://www.w3.org/2000/svg" {more} width="90" height="20">{content}</svg>'
SECRETS: Final = {
    "svg": SVG.format(more="", content=f'<text id="a" y="12">{CANARY}</text>'),
    "css": f'p::before {{ content: "{CANARY}" }}',
    "html": f"<p>{CANARY}</p>",
    "png": CANARY,
    "txt": CANARY,
}
XLINK: Final = 'xmlns:xlink="http://www.w3.org/1999/xlink"'


def embed(content: str, kind: str = "image/svg+xml") -> str:
    """Return the address of what is in it."""
    return f"data:{kind},{quote(content)}"


@dataclass(frozen=True)
class Rendering:
    """Something that wants something from outside.

    Attributes:
        name: For the test's report.
        text: What is put there.
        place: ``insight`` for Markdown, ``page`` for a template of HTML, ``style`` for a style
            sheet, ``name`` for every name of the manifest, ``cell`` for a notebook's Markdown and
            outputs.
    """

    name: str
    text: str
    place: str


_DRAWING: Final = SVG.format(more=XLINK, content="{}")
_IN_DRAWING: Final = {
    "image href": '<image href="{file}.png" width="9" height="9"/>',
    "image xlink": '<image xlink:href="{file}.png" width="9" height="9"/>',
    "image web": '<image href="{web}.png" width="9" height="9"/>',
    "use": '<use href="{web}.svg#a"/><use xlink:href="{file}.svg#a"/>',
    "feImage": '<filter id="f"><feImage href="{web}.png"/></filter><rect filter="url(#f)"/>',
    "gradient": '<linearGradient id="g" href="{file}.svg#a"/><rect fill="url(#g)"/>',
    "fill": '<rect width="9" height="9" fill="url({web}.svg#a)"/>',
    "mask": '<rect width="9" height="9" mask="url({file}.svg#a)" clip-path="url({web}.svg#a)"/>',
    "style": '<style>@import url("{web}.css"); rect {{ fill: url({file}.svg#a) }}</style>',
    "foreign object": '<foreignObject><img src="{file}.png"/></foreignObject>',
    "script": '<script href="{web}.js">x()</script><a href="javascript:x()"><text>a</text></a>',
}
_ENTITY: Final = '<!DOCTYPE svg [<!ENTITY xxe SYSTEM "{file}.txt">]>' + SVG.format(
    more="", content='<text y="12">&xxe;</text>'
)
_PARAMETER: Final = '<!DOCTYPE svg [<!ENTITY % more SYSTEM "{web}.txt"> %more;]>' + SVG.format(
    more="", content='<text y="12">a</text>'
)
_LAUGHS: Final = (
    '<!DOCTYPE svg [<!ENTITY a0 "' + "ha" * 99 + '">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    + "]>" + SVG.format(more="", content='<text y="12">&a11;</text>')
)  # fmt: skip

_PAGES: Final = {
    "img file": '<img src="{file}.svg" alt="a">',
    "img web": '<img src="{web}.svg" alt="a">',
    "img https": '<img src="https://127.0.0.1:9/a.png" alt="a">',
    "img ftp": '<img src="ftp://127.0.0.1:9/a.png" alt="a">',
    "img redirect": '<img src="{away}" alt="a">',
    "img without a scheme": '<img src="//127.0.0.1:9/a.png" alt="a">',
    "img in capitals": '<img src="FILE://{path}.svg" alt="a">',
    "img with a space": '<img src=" {file}.svg" alt="a">',
    "img by a path": '<img src="{path}.svg" alt="a">',
    "img UNC": r'<img src="\\127.0.0.1\a.png" alt="a">',
    "img base": '<base href="{web}"><img src="secret.svg" alt="a">',
    "img base file": '<base href="file:///tmp/"><img src="secret.svg" alt="a">',
    "link stylesheet": '<link rel="stylesheet" href="{file}.css"><p>a</p>',
    "link stylesheet web": '<link rel="stylesheet" href="{web}.css"><p>a</p>',
    "link attachment": '<link rel="attachment" href="{file}.txt"><p>a</p>',
    "link attachment web": '<link rel="attachment" href="{web}.txt"><p>a</p>',
    "a attachment": '<a rel="attachment" href="{file}.txt">a</a>',
    "object": '<object data="{file}.svg">a</object>',
    "embed": '<embed src="{web}.svg">',
    "import": '<style>@import url("{web}.css");</style><p>a</p>',
    "import text": "<style>@import '{file}.css';</style><p>a</p>",
    "import in data": ('<style>@import "data:text/css,@import%20url({web}.css);";</style><p>a</p>'),
    "background": '<p style="background: url({file}.svg)">a</p>',
    "background web": '<p style="background: url({web}.svg)">a</p>',
    "content": '<style>p::before {{ content: url("{file}.svg") }}</style><p>a</p>',
    "list": '<ul style="list-style-image: url({web}.svg)"><li>a</li></ul>',
    "border image": '<p style="border: 9px solid; border-image: url({file}.svg) 9">a</p>',
    "font": (
        "<style>@font-face {{ font-family: x; src: url({file}.png) }} p {{ font-family: x }}"
        "</style><p>a</p>"
    ),
    "colour profile": (
        "<style>@color-profile device-cmyk {{ src: url({web}.txt) }}</style>"
        '<p style="color: device-cmyk(0 0 0 1)">a</p>'
    ),
    "entity in data": f'<img src="{embed(_ENTITY)}" alt="a">',
    "laughs in data": f'<img src="{embed(_LAUGHS)}" alt="a">',
    "html in data": f'<img src="{embed("<p>a</p>", "text/html")}" alt="a">',
    "iframe": '<iframe src="{file}.html"></iframe><iframe srcdoc="<img src={web}.png>"></iframe>',
    "frame": '<frameset><frame src="{web}.html"></frameset>',
    "meta refresh": '<meta http-equiv="refresh" content="0; url={web}.html"><p>a</p>',
    "script": '<script src="{web}.js"></script><script>fetch("{web}.txt")</script><p>a</p>',
    "srcset": '<img src="data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAA'
    'DUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==" srcset="{web}.png 2x" alt="a">',
    "picture": '<picture><source srcset="{web}.png"></picture>',
    "video": '<video src="{web}.mp4" poster="{web}.png"></video><audio src="{web}.mp3"></audio>',
    "form": '<form action="{web}"><input type="image" src="{file}.png"></form>',
    "body background": '<table background="{web}.png"><tr><td>a</td></tr></table>',
    "attr": '<style>a::before {{ content: attr(href url) }}</style><a href="{file}.svg">a</a>',
    "target counter": (
        '<style>a::after {{ content: target-counter("{web}.html#a", page) '
        'target-text("{file}.html#a") }}</style><a href="#b">a</a>'
    ),
    "string set": (
        '<style>h1 {{ bookmark-label: attr(data-a); string-set: a url("{web}.txt") }}</style>'
        '<h1 data-a="{file}.txt">a</h1>'
    ),
    "javascript": '<a href="javascript:x()">a</a><a href="data:text/html,<p>b</p>">b</a>',
    "links": '<a href="{file}.txt">a</a><a href="{web}.html">b</a><a ping="{web}" >c</a>',
    "prefetch": '<link rel="prefetch" href="{web}.css"><link rel="preload" href="{web}.css">',
    "manifest": '<link rel="icon" href="{web}.png"><link rel="manifest" href="{web}.json">',
    "alternate": '<link rel="alternate stylesheet" href="{web}.css" title="b"><p>a</p>',
    "namespace": '<style>@namespace a url({web}.css); @charset "{file}";</style><p>a</p>',
    "comment": '<!--[if IE]><img src="{web}.png"><![endif]--><p>a</p>',
    "template": '<template><img src="{web}.png"></template>',
    **{f"{name} in a drawing": _DRAWING.format(text) for name, text in _IN_DRAWING.items()},
    "drawings in data": f'<img src="{embed(_DRAWING.format(_IN_DRAWING["use"]))}" alt="a">',
    "parameter entity in data": f'<img src="{embed(_PARAMETER)}" alt="a">',
}
_MARKDOWN: Final = {
    "picture of a file": "![a]({file}.svg)",
    "address of a file": "[a]({file}.txt) <{file}.txt>",
    "reference to a file": "[a][b] ![a][b]\n\n[b]: {file}.svg",
    "html": '<img src="{file}.svg"> <link rel="attachment" href="{file}.txt">',
    "html block": '<iframe src="{file}.html"></iframe>\n\n<style>@import "{web}.css";</style>',
    "html by a value": "{{{{ '<img src=\"{web}.svg\">' | safe }}}}",
    "address in quotes": '[a](https://a.b/"onclick="x) ![a](#"onerror="x)',
    "javascript": "[a](javascript:x()) ![a](JAVASCRIPT:x())",
    "picture of the web": "![a]({web}.svg)",
    "picture sent on": "![a]({away})",
    "reference to the web": "![a][b]\n\n[b]: {web}.svg",
    "picture by a path": "![a]({path}.svg)",
    "picture beside": "![a](../../secret.svg)",
    "picture of mail": "![a](mailto:a@b.c)",
}
_STYLES: Final = {
    "import": '@import url("{web}.css");',
    "import of a file": '@import "{file}.css";',
    "background": "body {{ background: url({file}.svg) }}",
    "page": "@page {{ background: url({web}.svg); @top-left {{ content: url({file}.svg) }} }}",
    "font": "@font-face {{ font-family: x; src: url({web}.png) }} body {{ font-family: x }}",
    "escaped": r"body {{ background: \75\72\6c({web}.svg) }}",
    "end": '</style><img src="{web}.svg" alt="a"><style>',
    "end in capitals": '</STYLE ><link rel="attachment" href="{file}.txt">',
    "variable": ":root {{ --a: url({web}.svg) }} body {{ background: var(--a) }}",
}
_NAMES: Final = {
    "element": '<img src="{web}.svg"><link rel="attachment" href="{file}.txt">',
    "attribute": '" onload="x()" style="background: url({file}.svg)',
    "title's end": '</title><style>@import "{web}.css";</style>',
    "markdown": "![a]({web}.svg) [a]({file}.txt)",
    "template": "{{{{ ''.__class__ }}}}{{% include '{path}.txt' %}}",
    "comment": '--><image href="{file}.png"/><!--',
    "drawing": ']]></text><use href="{web}.svg#a"/>',
}
_CELLS: Final = (
    *("iframe", "script", "video", "form", "links", "attr", "javascript", "prefetch", "object"),
    *("link attachment", "import", "background", "embed", "img file", "img web", "img redirect"),
    *("img by a path", "use in a drawing", "img base", "body background", "meta refresh"),
)
_TEXTS: Final = {
    "page": _PAGES,
    "insight": _MARKDOWN,
    "style": _STYLES,
    "name": _NAMES,
    "cell": {name: _PAGES[name] for name in _CELLS} | _MARKDOWN,
}
RENDERINGS: Final = tuple(
    Rendering(name, text, place) for place, texts in _TEXTS.items() for name, text in texts.items()
)


@dataclass
class Watch:
    """Notices who reads a secret, or asks anybody for anything.

    Attributes:
        folder: Where the secrets are.
        port: Of the server.
        touched: What was read, and whom somebody turned to.
    """

    folder: Path
    port: int = 0
    touched: list[str] = field(default_factory=list[str])

    def spell(self, text: str) -> str:
        """Return a payload with the addresses of this machine."""
        path = self.folder / "secret"
        web = f"http://127.0.0.1:{self.port}"
        return text.format(file=path.as_uri(), path=path, web=f"{web}/secret", away=f"{web}/away")


_watches: Final[list[Watch]] = []


def _notice(event: str, arguments: tuple[object, ...]) -> None:
    for watch in _watches:
        if event == "open" and str(watch.folder) in str(arguments[0]):
            watch.touched.append(f"{event} {arguments[0]}")
        elif event in {"socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.system"}:
            watch.touched.append(f"{event} {arguments[1:]}")


@contextmanager
def watch_secrets(folder: Path) -> Generator[Watch]:
    """Put secrets into a folder and onto a server, and watch over them."""
    folder.mkdir(parents=True)
    for kind, content in SECRETS.items():
        (folder / f"secret.{kind}").write_text(content, encoding="utf-8")
    watch = Watch(folder)

    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            watch.touched.append(f"asked for {self.path}")
            if self.path == "/away":
                self.send_response(302)
                self.send_header("Location", (folder / "secret.svg").as_uri())
                self.end_headers()
                return
            self.send_response(200)
            self.end_headers()
            self.wfile.write(SECRETS.get(self.path.rpartition(".")[2], "").encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    watch.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    if not _watches:
        sys.addaudithook(_notice)  # for as long as the process lives, as hooks are
    _watches.append(watch)
    try:
        yield watch
    finally:
        _watches.remove(watch)
        server.shutdown()
        thread.join()
        server.server_close()


def read_streams(pdf: bytes) -> Iterator[bytes]:
    """Yield everything that a PDF holds: its objects, and its streams without compression."""
    import io

    import pikepdf

    with pikepdf.open(io.BytesIO(pdf)) as file:
        for each in file.objects:
            yield repr(each).encode()
            if isinstance(each, pikepdf.Stream):
                try:
                    yield each.read_bytes()
                except pikepdf.PdfError:  # a picture: its pixels are as they are
                    yield each.read_raw_bytes()
