import re
from dataclasses import replace

from mnistreport.report.document import Document, outline_document
from mnistreport.report.views import ReportContext
from tests.report.reports import read_page


def test_figures_and_tables_are_numbered_as_they_come(html: str) -> None:
    """Captions count from 1, without gaps, in the order in which a reader meets them."""
    page = read_page(html)
    for word in ("Figure", "Table"):
        numbers = [
            int(match.group(1))
            for text in page.words
            if (match := re.fullmatch(rf"{word} (\d+)\.", text))
        ]
        assert list(range(1, len(numbers) + 1)) == numbers
        assert len(numbers) > 10


def test_every_figure_and_table_is_shown_once(document: Document, html: str) -> None:
    """What was drawn or filled stands in the report, under its number."""
    ids = read_page(html).ids
    shown = [each for each in ids if each.startswith(("figure-", "table-"))]
    expected = [f"figure-{name}" for name in document.figures]
    expected += [f"table-{name}" for name in document.tables]
    assert [each.name for each in document.tables.values()] == [*document.tables]
    assert sorted(expected) == sorted(shown)


def test_a_number_in_prose_is_that_of_the_caption(html: str) -> None:
    """A reference “Figure 7” leads to the figure whose caption says 7."""
    caption = r'<figure id="([^"]+)".*?<figcaption[^>]*><b[^>]*>(\w+ \d+)\.</b>'
    captions = dict(re.findall(caption, html, re.DOTALL))
    links = re.findall(r'<a href="#((?:figure|table)-[^"]+)">((?:Figure|Table)\s\d+)</a>', html)
    assert len(links) > 20
    assert [] == [
        (target, text) for target, text in links if captions[target] != " ".join(text.split())
    ]


def test_every_link_into_the_report_leads_somewhere(html: str) -> None:
    """Each ``#anchor`` is the id of exactly one element."""
    page = read_page(html)
    links = (value for tag, _, value in page.addresses if tag == "a")
    anchors = {value[1:] for value in links if value.startswith("#")}
    assert len(page.ids) == len(set(page.ids))
    assert set() == anchors - set(page.ids)
    assert len(anchors) > len(page.ids) // 2


def test_every_study_has_its_parts(context: ReportContext, html: str) -> None:
    """Table and curves of each study stand in its section, then its insight, then the factor."""
    for study in context.studies:
        [section] = re.findall(
            rf'<section id="study-{study.slug}".*?</section>', html, flags=re.DOTALL
        )
        places = [
            section.index(part)
            for part in (
                f'id="table-{study.slug}-levels"',
                f'id="figure-{study.slug}-curves"',
                'class="insight"',
                f'id="figure-{study.slug}-factor"',
            )
        ]
        assert sorted(places) == places
        insight = read_page(section[places[-1] :]).text
        assert len(insight) > 300, study.slug


def test_the_contents_list_every_section(document: Document, html: str) -> None:
    """Number, title and anchor of each section stand in the contents, as over the section."""
    [contents] = re.findall(r"<nav.*?</nav>", html, flags=re.DOTALL)
    listed = re.findall(
        r'<a href="#([^"]+)"><span class="number">([^<]+)</span><span>([^<]+)</span>', contents
    )
    assert [(each.anchor, each.number, each.title) for each in document.sections] == listed
    headings = re.findall(r'<h2><span class="number">([^<]+)</span> ([^<]+)</h2>', html)
    assert [(each.number, each.title) for each in document.sections] == headings


def test_every_figure_says_what_it_shows(document: Document) -> None:
    """Each has a caption and a text in its place, and both are sentences."""
    for name, figure in document.figures.items():
        assert name == figure.name
        assert figure.caption.strip().endswith("."), name
        assert figure.alt.strip(), name


def test_the_outline_knows_where_everything_stands(
    context: ReportContext, document: Document
) -> None:
    """Numbers are those of the document, with or without the rubric that cites them."""
    outline = outline_document(context)
    assert {each.anchor: each.number for each in document.sections} == outline.sections
    assert (tuple(document.figures), tuple(document.tables)) == (outline.figures, outline.tables)
    bare = outline_document(replace(context, rubric=()))
    assert bare.tables == outline.tables[:-1]
    assert "rubric" not in bare.sections
    assert bare.sections.items() <= outline.sections.items()


def test_a_study_says_whether_it_changed_one_factor(context: ReportContext, html: str) -> None:
    """Each study's section has the sentence its proof comes to, and the way to the table."""
    for proof in context.proofs:
        [section] = re.findall(
            rf'<section id="study-{proof.slug}".*?</section>', html, flags=re.DOTALL
        )
        assert proof.sentence in read_page(section).text
        assert 'href="#table-one-factor"' in section


def test_the_rubric_adds_up(html: str) -> None:
    """The section counts the requirements that are met, and their points."""
    [section] = re.findall(r'<section id="rubric".*?</section>', html, flags=re.DOTALL)
    assert "1 of 2 requirements are met, worth 4 of 10 points." in read_page(section).text
