"""Templates that try to get out: of the sandbox, and of their folder.

Each stands in a project of its own, beside a secret. ``test_payloads`` says what becomes of it:
an error with the template's place, or a rendering in which nothing of the secret is.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

SLUG: Final = "batch_size"
INSIGHT: Final = f"insights/{SLUG}.md.j2"
PAGE: Final = "sections/data.html.j2"
CANARY: Final = "xyzzy-5f3c-plugh"
"""What stands in the file ``secret`` beside the project."""

Prepare = Callable[[Path, Path], None]
"""Is given the templates' folder and the secret, and puts something in the former."""


@dataclass(frozen=True)
class Payload:
    """A hostile template.

    Attributes:
        name: For the test's report.
        text: The template; ``SECRET_PATH`` in it stands for where the secret is.
        aim: What it tries to get or do.
        place: Its name below ``templates``: that decides what it sees.
        files: Other templates beside it.
        prepare: Puts links and the like beside it.
        is_inert: Whether it renders, to nothing of interest.
    """

    name: str
    text: str
    aim: str
    place: str = INSIGHT
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    prepare: Prepare | None = None
    is_inert: bool = False

    def write(self, project: Path, secret: Path) -> Path:
        """Put it into a project, and return its file."""
        folder = project / "templates"
        for name, text in {**self.files, self.place: self.text}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace("SECRET_PATH", str(secret)), encoding="utf-8")
        if self.prepare:
            self.prepare(folder, secret)
        return folder / self.place


def _link(name: str, target: str = "") -> Prepare:
    """Make a link in the templates' folder, to the secret if no target is named."""

    def prepare(folder: Path, secret: Path) -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target or secret)

    return prepare


def _link_folder(folder: Path, secret: Path) -> None:
    (folder / "outside").symlink_to(secret.parent, target_is_directory=True)


def _link_twice(folder: Path, secret: Path) -> None:
    (folder / "one.j2").symlink_to("two.j2")
    (folder / "two.j2").symlink_to(secret)


def _link_in_a_circle(folder: Path, _secret: Path) -> None:
    (folder / "one.j2").symlink_to("two.j2")
    (folder / "two.j2").symlink_to("one.j2")


def _make_pipe(folder: Path, _secret: Path) -> None:
    os.mkfifo(folder / "pipe.j2")


def _make_folder(folder: Path, _secret: Path) -> None:
    (folder / "folder.j2").mkdir()


_OPEN: Final = "__builtins__['open']('SECRET_PATH').read()"

_WALKS: Final = {
    "class": ("{{ ''.__class__ }}", "a class from a text"),
    "mro": ("{{ ''.__class__.__mro__ }}", "all classes from a text"),
    "mro called": ("{{ [].__class__.mro() }}", "all classes by the method"),
    "bases": ("{{ {}.__class__.__base__.__subclasses__() }}", "every class that there is"),
    "item": ("{{ ''['__class__'] }}", "an attribute as an item"),
    "item of a tuple": ("{{ (1, 2)['__class__']['__base__'] }}", "the same of a tuple"),
    "joined name": ("{{ ''['__cla' ~ 'ss__'] }}", "a name that no search finds"),
    "hexadecimal name": (r"{{ ''['\x5f\x5fclass\x5f\x5f'] }}", "a name in escapes"),
    "reversed name": ("{{ ''['__ssalc__' | reverse] }}", "a name made by a filter"),
    "attr": ("{{ '' | attr('__class__') }}", "an attribute by a filter"),
    "attr chain": (
        "{{ ('' | attr('__class__') | attr('__base__')).__subclasses__() }}",
        "filters one after the other",
    ),
    "map attribute": (
        "{{ ['a'] | map(attribute='__class__') | first }}",
        "an attribute of each item",
    ),
    "map attr": ("{{ ['a'] | map('attr', '__class__') | first }}", "a filter by its name"),
    "map dotted": (
        "{{ study.levels | map(attribute='label.__class__.__mro__') | first }}",
        "a way of several steps",
    ),
    "groupby": ("{{ study.levels | groupby('__class__') | first }}", "an attribute to group by"),
    "sort": ("{{ ['a', 'b'] | sort(attribute='__doc__') }}", "an attribute to sort by"),
    "sum": ("{{ [''] | sum(attribute='__class__') }}", "an attribute to sum up"),
    "unique": ("{{ ['a'] | unique(attribute='__class__') | list }}", "an attribute to tell by"),
    "max": ("{{ (['a', 'b'] | max(attribute='__len__')).x }}", "an attribute to compare"),
    "join": ("{{ ['a'] | join(attribute='__class__') }}", "an attribute to join"),
    "selectattr": (
        "{{ (['a'] | selectattr('__class__.__mro__') | first).x }}",
        "an attribute to choose by",
    ),
    "format method": ("{{ '{0.__class__.__mro__}'.format('') }}", "attributes in a format"),
    "format of a study": ("{{ '{0.__class__.__init__}'.format(study) }}", "a view's class"),
    "format map": ("{{ '{a.__class__}'.format_map({'a': study}) }}", "the same of a mapping"),
    "format by attr": ("{{ ('{0.__class__}' | attr('format'))('') }}", "the method by a filter"),
    "format by map": (
        "{{ ['{0.__class__}'] | map('attr', 'format') | map('x') | list }}",
        "the method of each item",
    ),
    "format in a markup": ("{{ ('{0.__class__}' | safe).format('') }}", "a text of another class"),
    "format filter": ("{{ ('%s' | format(study.levels)).__class__ }}", "a text of a value"),
    "format of an own": ("{{ 'a'.format.__self__.__class__ }}", "the owner of a method"),
    "self": ("{{ self.__init__.__globals__ }}", "the template's own module"),
    "context": ("{{ self._TemplateReference__context }}", "everything that templates share"),
    "environment": (
        "{{ self._TemplateReference__context.environment }}",
        "the environment behind it",
    ),
    "cycler": (f"{{{{ cycler.__init__.__globals__.{_OPEN} }}}}", "the globals of Jinja's own"),
    "joiner": (f"{{{{ joiner.__init__.__globals__.{_OPEN} }}}}", "the same"),
    "namespace": (
        f"{{{{ namespace.__init__.__globals__.{_OPEN} }}}}",
        "the same of what can be assigned to",
    ),
    "namespace item": (
        "{% set n = namespace(a=1) %}{{ n._Namespace__attrs }}",
        "what a namespace hides",
    ),
    "namespace class": (
        "{% set n = namespace() %}{% set n.__class__ = 1 %}{{ n.__class__.__mro__ }}",
        "another class for a namespace",
    ),
    "lipsum": (
        "{{ lipsum.__globals__['os'].popen('touch SECRET_PATH.pwn').read() }}",
        "a process by way of Jinja's own",
    ),
    "range": ("{{ range.__class__ }}", "the class of a function"),
    "dict": ("{{ dict.__base__.__subclasses__() }}", "the class that is given"),
    "loop": ("{% for a in [1] %}{{ loop.__class__.__init__.__globals__ }}{% endfor %}", "a loop"),
    "macro": (
        "{% macro m() %}{% endmacro %}{{ m.__class__.__init__.__globals__ }}",
        "a macro's class",
    ),
    "macro's hidden": ("{% macro m() %}{% endmacro %}{{ m._func.__globals__ }}", "its function"),
    "caller": (
        "{% macro m() %}{{ caller.__globals__ }}{% endmacro %}{% call m() %}{% endcall %}",
        "what a macro is called with",
    ),
    "undefined": ("{{ nothing.__class__ }}", "a name that is not there"),
    "undefined's class": ("{{ (nothing | default(0)).__class__.__base__ }}", "a substitute"),
    "exception": ("{{ (none | attr('x')).__init__.__globals__ }}", "an attribute of nothing"),
    "url_for": ("{{ url_for.__globals__ }}", "what Flask has here"),
    "config": ("{{ config.items() }}", "the same"),
    "request": ("{{ request.application.__globals__ }}", "the same"),
    "get_flashed_messages": ("{{ get_flashed_messages.__globals__ }}", "the same"),
    "builtins": ("{{ __builtins__ }}", "Python's own functions"),
    "open": ("{{ open('SECRET_PATH').read() }}", "one of them"),
    "import": ("{{ __import__('os').system('touch SECRET_PATH.pwn') }}", "a module"),
    "import statement": ("{% import os %}", "a statement of Python's"),
    "python": ("{% python %}import os{% endpython %}", "a tag of other engines"),
    "do": ("{% do study.clear() %}", "a tag that is not switched on"),
    "eval": ("{{ eval('1') }}", "code in a text"),
    "debug": ("{% debug %}", "a tag that prints all there is"),
    "generator": ("{{ ([1] | map('string')).gi_frame }}", "the frame of a generator"),
    "generator's code": ("{{ ([1] | select).gi_code.co_consts }}", "its code"),
    "generator's globals": (
        f"{{{{ ([1] | select).gi_frame.f_globals.{_OPEN} }}}}",
        "what its frame knows",
    ),
    "coroutine": ("{{ (study.levels | map('list')).cr_frame }}", "the frame of a coroutine"),
    "asynchronous": ("{{ ([1] | map('string')).ag_frame }}", "and of what is neither"),
    "function": ("{{ finding.__globals__ }}", "the globals of a function that is given"),
    "function's closure": ("{{ finding.__closure__[0].cell_contents }}", "what it holds"),
    "function's code": ("{{ level.__code__.co_filename }}", "where it stands"),
    "function's defaults": ("{{ mine.__defaults__ }}", "its defaults"),
    "function of old": ("{{ mine.func_globals }}", "its globals, as Python 2 had them"),
    "mine": ("{{ mine.__globals__['Path']('SECRET_PATH').read_text() }}", "a path by a function"),
    "method's owner": ("{{ ref.__call__.__self__ }}", "the owner of a method"),
    "method's function": ("{{ 'a'.upper.__func__ }}", "its function"),
    "fields": ("{{ report.__dataclass_fields__ }}", "what Python says of a view"),
    "view's class": ("{{ report.__class__.__module__ }}", "where a view is made"),
    "view's method": ("{{ study.__init__.__globals__ }}", "the globals of its method"),
    "reduce": ("{{ study.__reduce_ex__(4) }}", "how a view is copied"),
    "interval": (
        "{{ study.levels[0].against_baseline.interval.__contains__.__globals__ }}",
        "a method that views have",
    ),
    "set": ("{% set report.title = 'x' %}", "another title"),
    "dict update": ("{{ studies.update({'a': 1}) }}", "another study"),
    "dict pop": ("{{ studies.popitem() }}", "one study fewer"),
    "dict setdefault": ("{{ models.setdefault('a', 1) }}", "another model"),
    "finding's values": ("{{ study.findings[0].values.clear() }}", "no values"),
    "append": ("{{ report.studies.append(1) }}", "a study more"),
    "list": ("{% set a = [1] %}{{ a.append(2) }}", "a change of anything"),
    "setattr": ("{{ setattr(report, 'title', 'x') }}", "a change by a function"),
    "parent": ("{{ report.manifest.parent }}", "the manifest's path"),
    "path": ("{{ report.manifest_name.parent }}", "a path behind a name"),
    "folder": ("{{ data.folder.joinpath('x').write_text('y') }}", "the data's folder"),
    "write": ("{{ data.origin.write_text('y') }}", "a file to write to"),
    "secret in the environment": ("{{ environ['PATH'] }}", "what the program was given"),
    "pipe tricks": ("{{ '' | xmlattr | attr('__html__') | attr('__self__') }}", "a markup's owner"),
}
"""From any insight: name, text, aim."""

_INERT: Final = {
    "cycler's type": ("{{ cycler('a').next() }}", "Jinja's own, as it is meant"),
    "dump": ("{{ [1, 2] | tojson }}", "what JSON makes of it"),
    "double braces": ("{{ '{{ ' ~ '7 * 7' ~ ' }}' }}", "a template in a template"),
    "expression as text": ("{% raw %}{{ ''.__class__ }}{% endraw %}", "the same, unread"),
    "unused include": ("{% include 'nothing.j2' ignore missing %}a", "a file that may be missing"),
    "maybe secret": (
        "{% include ['SECRET_PATH', '../../secret'] ignore missing %}a",
        "a file that may be missing, and is not",
    ),
    "other encoding": ("{{ '\\u007b\\u007b' }}", "braces in escapes"),
    "a thousand": ("{{ ('a' * 1000) | length }}", "a long text"),
    "an alias": ("{% set a = '_' %}{{ a ~ a ~ 'class' ~ a ~ a }}", "the name alone"),
}

_FILES: Final = (
    Payload("include", "{% include '/etc/passwd' %}", "a file by its path"),
    Payload("include secret", "{% include 'SECRET_PATH' %}", "the same"),
    Payload("include above", "{% include '../../secret' %}", "a file above"),
    Payload("include by insights", "{% include 'insights/../../../secret' %}", "the same"),
    Payload("include backslashes", r"{% include '..\\..\\secret' %}", "as Windows has it"),
    Payload("include null", "{% include 'secret\\0.j2' %}", "a name that ends early"),
    Payload("include list", "{% include ['SECRET_PATH', '../../secret'] %}", "one of several"),
    Payload(
        "include computed",
        "{% set a = '..' %}{% include a ~ '/' ~ a ~ '/secret' %}",
        "a name that is computed",
    ),
    Payload("include line", "{% include 'a\\nb' %}", "an error of two lines"),
    Payload("include value", "{% include report %}", "something that is no name"),
    Payload("import file", "{% import 'SECRET_PATH' as a %}{{ a }}", "a file as a module"),
    Payload("from file", "{% from '../../secret' import a %}", "the same"),
    Payload("extends", "{% extends 'SECRET_PATH' %}", "a file as a parent"),
    Payload("extends itself", f"{{% extends '{INSIGHT}' %}}", "a template without an end"),
    Payload("includes itself", f"{{% include '{INSIGHT}' %}}", "the same"),
    Payload("include folder", "{% include 'folder.j2' %}", "a folder", prepare=_make_folder),
    Payload("include pipe", "{% include 'pipe.j2' %}", "a wait for ever", prepare=_make_pipe),
    Payload(
        "include device",
        "{% include 'zero.j2' %}",
        "a file without an end",
        prepare=_link("zero.j2", "/dev/zero"),
    ),
    Payload("include link", "{% include 'a.j2' %}", "the secret", prepare=_link("a.j2")),
    Payload("include links", "{% include 'one.j2' %}", "the same", prepare=_link_twice),
    Payload(
        "include circle", "{% include 'one.j2' %}", "no file at all", prepare=_link_in_a_circle
    ),
    Payload(
        "include linked folder",
        "{% include 'outside/secret' %}",
        "the secret by its folder",
        prepare=_link_folder,
    ),
    Payload(
        "include environment",
        "{% include 'a.j2' %}",
        "what the program was given",
        prepare=_link("a.j2", "/proc/self/environ"),
    ),
    Payload(
        "import by macro",
        "{% from 'macros.md.j2' import m %}{{ m() }}",
        "the secret by way of a macro",
        files={"macros.md.j2": "{% macro m() %}{% include 'SECRET_PATH' %}{% endmacro %}"},
    ),
    Payload(
        "scoped block",
        "{% block a scoped %}{{ super.__init__.__globals__ }}{% endblock %}",
        "the globals of a block",
    ),
)

_ON_PAGE: Final = {
    "claim's file": (
        "{{ document.claims[0].file.parents[3].joinpath('secret').read_text() }}",
        "the secret by the path of a claim",
    ),
    "write": (
        "{{ document.claims[0].file.with_name('pwn').write_text('x') }}",
        "a file beside a claim's",
    ),
    "remove": ("{{ document.claims[0].file.unlink() }}", "the words of a claim, for ever"),
    "move": (
        "{{ document.claims[0].file.rename('SECRET_PATH') }}",
        "the words of a claim, in place of the secret",
    ),
    "folder": (
        "{{ document.claims[0].file.with_name('pwn').mkdir() }}",
        "a folder beside a claim's file",
    ),
    "images": (
        "{{ document.planned[1].subject[0].images.tofile('SECRET_PATH') }}",
        "other bytes for the secret, by the array that a figure is drawn from",
    ),
    "data": ("{{ document.planned[1].subject[0].folder.cwd() }}", "where the program runs"),
    "planned": ("{{ document.planned }}", "everything that figures know"),
    "source": ("{{ source.__globals__ }}", "the globals of a function"),
    "figure": ("{{ source(report) }}", "what is no figure, drawn"),
    "class": ("{{ document.__class__.__init__.__globals__ }}", "its class"),
    "method": ("{{ document.number_figure.__func__ }}", "its method"),
    "markup": ("{{ style.__class__.__mro__ }}", "the class of a markup"),
    "markup format": ("{{ ('{0.__class__}' | safe).format(style) }}", "the same"),
    "include": ("{% include 'SECRET_PATH' %}", "the secret"),
    "claim": ("{% claim true %}a{% endclaim %}", "a claim where none can be"),
    "figures": ("{{ document.figures.clear() }}", "no figures"),
    "open": ("{{ open('SECRET_PATH').read() }}", "a function of Python's"),
    "os": ("{{ lipsum.__globals__['os'].environ }}", "the environment"),
}
"""From a section of the page."""

ESCAPES: Final = (
    *(Payload(name, text, aim) for name, (text, aim) in _WALKS.items()),
    *(Payload(name, text, aim, is_inert=True) for name, (text, aim) in _INERT.items()),
    *_FILES,
    *(
        Payload(f"page, {name}", text, aim, PAGE, {INSIGHT: "A claim."})
        for name, (text, aim) in _ON_PAGE.items()
    ),
)
"""All of them; those that are after time or memory are in ``bombs``."""
