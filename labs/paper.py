"""A result as a file for its patient: what the page says, as text that can be read out, searched and copied.

It is made from the page's own view and nothing else, so that it can show no more than the page does. Letters
that Helvetica has not come from DejaVu Sans, where the host has it (``RESULT_FONTS``); what neither font has
is replaced by a mark, and the file says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from fpdf import FPDF, ViewerPreferences
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace, TTFFont

from labs.presenters.reports import ReportPage
from labs.presenters.results import ResultLine
from labs.presenters.trends import TrendView

_FONT: Final = "DejaVu"
_FILES: Final = {"": "DejaVuSans.ttf", "B": "DejaVuSans-Bold.ttf"}
_MISSING: Final = "\N{WHITE SQUARE}"
_WIDTHS: Final = (34, 22, 22, 22)  # of the table of values, in parts of a hundred


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """Whose result it is, and when and for whom the file was made. Words as a reader sees them."""

    patient: str
    made: str


class _Paper(FPDF):
    """A page of letters that says on each of its pages whose it is and which one it is."""

    def __init__(self, title: str, about: str) -> None:
        super().__init__(format="A4")
        self.about, self.lost = about, False
        self._families: tuple[str, frozenset[int] | None] = ("Helvetica", None)
        self._use_fonts(Path(settings.RESULT_FONTS))
        self.set_lang(get_language() or "en")
        self.set_title(title)
        self.viewer_preferences = ViewerPreferences(display_doc_title=True)
        self.set_margin(18)
        self.set_auto_page_break(auto=True, margin=20)
        self.add_page()

    def _use_fonts(self, folder: Path) -> None:
        if all((folder / name).is_file() for name in _FILES.values()):
            for style, name in _FILES.items():
                self.add_font(_FONT, style, str(folder / name))
            font = self.fonts[_FONT.lower()]
            assert isinstance(font, TTFFont)  # noqa: S101 - just added from a file
            self._families = (_FONT, frozenset(font.cmap))
        self.set_font(self._families[0], size=10)

    def shown(self, text: str) -> str:
        """The text with a mark for each letter that the font has not."""
        known = self._families[1]
        kept = "".join(c if _has(known, c) else (_MISSING if known else "?") for c in text)
        self.lost = self.lost or kept != text
        return kept

    def footer(self) -> None:
        self.set_y(-14)
        self.set_font(self._families[0], size=8)
        page = _("Page %(page)d of %(pages)s") % {"page": self.page_no(), "pages": "{nb}"}
        self.cell(0, 5, self.shown(f"{self.about} · {page}"), align="C")

    def heading(self, text: str, *, level: int) -> None:
        self.ln(2 if level else 0)
        self.start_section(self.shown(text), level=0 if level < 2 else 1)
        self.paragraph(text, size=17 - 3 * level, style="B")

    def paragraph(self, text: str, *, size: int = 10, style: str = "") -> None:
        """A paragraph; nothing where there is no text."""
        if text:
            self.set_font(self._families[0], style=style, size=size)
            self.multi_cell(0, size * 0.5, self.shown(text), new_x=XPos.LMARGIN, new_y=YPos.NEXT, align="L")
            self.ln(1)

    def grid(self, head: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[int]) -> None:
        self.set_font(self._families[0], size=9)
        bold = FontFace(emphasis="BOLD", fill_color=(236, 236, 236))
        with self.table(col_widths=tuple(widths), headings_style=bold, line_height=5, text_align="LEFT") as t:
            for cells in (head, *rows):
                row = t.row()
                for cell in cells:
                    row.cell(self.shown(cell))
        self.ln(2)


def _has(known: frozenset[int] | None, letter: str) -> bool:
    if letter == "\n":
        return True
    return ord(letter) in known if known is not None else letter.encode("latin-1", "ignore") != b""


def write(page: ReportPage, heading: Heading) -> bytes:
    """The file. The page decides what is in it."""
    paper = _Paper(_("Laboratory result"), heading.patient)
    _top(paper, page, heading)
    _first(paper, page)
    if page.results:
        paper.heading(_("Values"), level=1)
        paper.grid((_("Test"), _("Value"), _("In words"), _("Usual")), map(_row, page.results), _WIDTHS)
    for line in page.results:
        _more(paper, line)
    if page.notes:
        paper.heading(_("The laboratory's notes"), level=1)
        for note in page.notes:
            paper.paragraph(note)
    paper.heading(_("What changed and when"), level=1)
    for step in page.steps:
        paper.paragraph(f"{step.at}: {step.what}")
    if page.phone:
        paper.paragraph(_("Questions? %(site)s, %(phone)s") % {"site": page.site, "phone": page.phone})
    if paper.lost:
        paper.paragraph(_("Some letters cannot be shown in this file. The page in the portal shows them."))
    return bytes(paper.output())


def _top(paper: _Paper, page: ReportPage, heading: Heading) -> None:
    paper.paragraph(page.site)
    paper.heading(page.name, level=0)
    paper.paragraph(heading.patient, size=11, style="B")
    paper.paragraph(" · ".join(part for part in (page.collected, page.laboratory, page.specimen) if part))
    paper.paragraph(page.status)
    paper.paragraph(
        _("As of %(moment)s. Later changes are in the portal.") % {"moment": heading.made}, size=8
    )


def _first(paper: _Paper, page: ReportPage) -> None:
    """What is read first: as on the page."""
    if page.is_withdrawn:
        paper.heading(_("The laboratory took this result back"), level=1)
        paper.paragraph(_("It was sent by mistake. Please do not rely on it. Your clinic was told as well."))
    elif page.corrected:
        paper.heading(_("This result was corrected"), level=1)
        for line in page.corrected:
            _correction(paper, line)
    for comment in page.comments:
        paper.heading(_("%(by)s writes") % {"by": comment.by}, level=1)
        older = f" · {_('Written before the latest change')}" if comment.is_older else ""
        paper.paragraph(comment.text)
        paper.paragraph(comment.day + older, size=8)
    if page.is_urgent:
        paper.paragraph(_("Your clinic wants to know about a value like this at once"), style="B")
    paper.paragraph(page.summary, style="B")


def _correction(paper: _Paper, line: ResultLine) -> None:
    said = line.correction
    if said is None:
        return
    now = f"{said.now} {said.now_words}".strip() or _("Taken back by the laboratory")
    paper.paragraph(f"{line.name}, {said.day}", style="B")
    paper.paragraph(f"{_('Before')}: {said.before} {said.before_words}".strip())
    paper.paragraph(f"{_('Now')}: {now}")


def _row(line: ResultLine) -> tuple[str, str, str, str]:
    if line.is_withdrawn:
        return line.name, _("Taken back by the laboratory"), "", ""
    value = f"{line.value} {line.unit}".strip() if line.value else line.text
    if line.checking:
        said = _("Your clinic is checking this value.")
        wrote = _("The laboratory wrote: %(value)s") % {"value": value} if value else ""
        return line.name, f"{said} {wrote}".strip(), "", ""
    if line.absent:
        return line.name, f"{_('No value')}. {line.absent}", "", ""
    marks = " · ".join(part for part in (line.words, line.status) if part)
    return line.name, value, marks, line.usual


def _more(paper: _Paper, line: ResultLine) -> None:
    """What a test is, what was written about it, the medicines tried, and how it was before."""
    if not (line.notes or line.medicines or line.plain or line.trends):
        return
    paper.heading(line.name, level=2)
    paper.paragraph(line.plain)
    paper.paragraph(line.source, size=8)
    for note in line.notes:
        paper.paragraph(_("The laboratory's note:") + f" {note}")
    if line.medicines:
        paper.grid(
            (_("Medicine"), _("In the laboratory"), _("Measured")),
            [(each.name, each.words, each.measured) for each in line.medicines],
            (50, 25, 25),
        )
    for trend in line.trends:
        _trend(paper, trend)


def _trend(paper: _Paper, trend: TrendView) -> None:
    """The picture's table: it says the same."""
    paper.paragraph(trend.title, style="B")
    if trend.apart:
        paper.paragraph(
            _(
                "These values were measured in another unit, which cannot be converted safely. So they stand"
                " on their own."
            )
        )
    paper.grid(
        (_("Date"), _("Value"), _("In words"), _("Usual")),
        [(row.day, f"{row.value} {row.note}".strip(), row.words, row.usual) for row in trend.rows],
        (22, 38, 20, 20),
    )
