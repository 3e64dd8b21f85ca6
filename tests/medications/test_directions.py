"""Directions of prescriptions in a patient's words: all of a text, or none of it."""

from __future__ import annotations

import itertools

import pytest
import time_machine
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st
from pages_house import NOW, PagesHouse, fields, page

from medications import directions, dosage
from medications.presenters.directions import how

SHORT = {
    "1 tab po qd": ("1 tablet by mouth, once a day", "1 tableta por la boca, una vez al día"),
    "1-2 tabs po q4-6h prn pain": (
        "1 to 2 tablets by mouth, every 4 to 6 hours, as needed for pain",
        "de 1 a 2 tabletas por la boca, cada 4 a 6 horas, si lo necesita para el dolor",
    ),
    "1 cap PO TID x 7 days": (
        "1 capsule by mouth, three times a day, for 7 days",
        "1 cápsula por la boca, tres veces al día, durante 7 días",
    ),
    "Take 1 tablet(s) p.o. b.i.d.": (
        "Take 1 tablet by mouth, twice a day",
        "Tome 1 tableta por la boca, dos veces al día",
    ),
    "1/2 tab po qAM and at bedtime": (
        "half a tablet by mouth, in the morning, at bedtime",
        "media tableta por la boca, por la mañana, al acostarse",
    ),
    "Inject 20 units subq qhs": (
        "Inject 20 units under the skin, at bedtime",
        "Inyecte 20 unidades debajo de la piel, al acostarse",
    ),
    "1 gtt in each eye qid": (
        "1 drop in each eye, four times a day",
        "1 gota en cada ojo, cuatro veces al día",
    ),
    "2 puffs inh q4h prn": (
        "2 puffs, every 4 hours, as needed",
        "2 inhalaciones, cada 4 horas, si lo necesita",
    ),
    "5 mL po q 8 hours ac for 1 week": (
        "5 mL by mouth, every 8 hours, before meals, for 1 week",
        "5 mL por la boca, cada 8 horas, antes de las comidas, durante 1 semana",
    ),
    "apply 1 patch topically qod": (
        "Apply 1 skin patch on the skin, every other day",
        "Aplique 1 parche sobre la piel, un día sí y otro no",
    ),
    "1.50 tabs po once weekly": (
        "1.5 tablets by mouth, once a week",
        "1.5 tabletas por la boca, una vez a la semana",
    ),
}  # fmt: skip


@pytest.mark.parametrize("written", SHORT)
def test_short_forms_are_told_in_plain_words(written):
    for language, said in zip(("en", "es"), SHORT[written], strict=True):
        with translation.override(language):
            told = how(written)
        assert (told.text, told.written) == (said, written)


def test_plain_words_stay_as_they_are_for_who_reads_their_language():
    written = "Take 1 tablet by mouth daily with food"
    assert (how(written).text, how(written).written) == (written, "")
    with translation.override("es"):
        assert how(written).text == "Tome 1 tableta por la boca, una vez al día, con alimentos"
        assert how(written).written == written


@pytest.mark.parametrize(
    "written",
    [
        "", "as the leaflet says", "1 daily", "1 tab", "qd", "1 tab od", "1 tab hs", "1 u qd", "5 cc qd",
        "1 tab qd, max 3 a day", "do not take 1 tab qd", "1 tab qd tid", "1 tab qd q8h", "1 tab daily daily",
        "1 tab qam and 2 tabs qhs", "1 1/2 tabs qd", "1/4 tab qd", "1,000 mg qd", "1 (2) tabs qd",
        "3-2 tabs qd", "1 or 2 tabs qd", "1 tab q0h", "1 tab q6-4h", "1 tab qd for 0 days", "1 tab prn gout",
        "1 tabqd", "1 tab po/qd", "take 1 tab qd then stop", "1 tab qd " * 40, "１ tab qd",
    ],
)  # fmt: skip
def test_what_is_not_wholly_understood_stays_as_it_was_written(written):
    assert directions.read(written) is None
    with translation.override("es"):
        assert (how(written).text, how(written).written) == (written, "")


AMOUNTS = ("1 tab", "2 tabs", "1-2 caps", "half a tablet", "10 mL", "0.5 mg", "20 units")
TIMES = ("qd", "bid", "three times daily", "qid", "q8h", "every 6 hours", "every other day", "weekly")
WITH = ("", "po", "prn", "with food", "x 10 days", "po prn")


@pytest.mark.parametrize(("amount", "times"), [*itertools.product(AMOUNTS, TIMES)])
def test_its_numbers_are_those_that_the_doses_are_checked_by(amount, times):
    for more in WITH:
        for text in (f"{amount} {times} {more}", f"{times} {amount}, {more}"):
            said, checked = directions.read(text), dosage.read(text)
            assert said is not None, text
            assert (said.low, said.high) == (str(checked.amount_low), str(checked.amount_high)), text
            assert said.as_needed == checked.as_needed, text


KNOWN = (
    "take",
    "1",
    "2",
    "½",
    "-",
    "tab",
    "mg",
    "po",
    "qd",
    "bid",
    "prn",
    "for",
    "pain",
    "q",
    "8",
    "h",
    "x",
    ".",
    ",",
)


@given(st.lists(st.sampled_from((*KNOWN, "not", "7", "day", "weekly")), max_size=9).map(" ".join))
def test_no_word_is_left_out(text):
    said = directions.read(text)
    if said is None:
        return
    with translation.override("en"):
        told = how(text).text
    assert "not" not in text
    assert {word for word in text.replace("½", "half").split() if word.isdigit()} <= set(told.split()) | {"1"}
    assert ("prn" in text) == ("as needed" in told)


@pytest.mark.django_db
def test_each_page_says_it_plainly_with_what_was_written_beside_it():
    with time_machine.travel(NOW, tick=False):
        home = PagesHouse()
        home.prescribe(dosage_text="1 tab po bid prn")
        ada, line = home.client(home.patient), f"/medicines/{home.line().line_id}/"
        form = fields(ada.get(f"{line}refill/"))
        refill = ada.post(f"{line}refill/", {**form, "pharmacy": str(home.pharmacy.pk)}).url

        for path in ("/medicines/", line, "/medicines/print/", refill):
            said = page(ada, path)
            assert "1 tablet by mouth, twice a day, as needed As written: 1 tab po bid prn" in said, path
