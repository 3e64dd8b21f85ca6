"""A report as clinicians read it: every version, day by day, over time, and what hangs on it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import time_machine
from result_pages import corrected, report, text
from review_house import NOW, ReviewHouse, again, potassium, timedelta

from labs import service as labs
from labs.presenters import clinic_report
from labs.types import Status
from steadwell.audit import service as audit

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def house():
    return ReviewHouse()


@pytest.fixture
def doctor(house):
    return house.client(house.doctor)


def test_report_strikes_through_what_was_corrected_and_says_who_when_and_why(house, doctor):
    filed = corrected(house)

    page = text(doctor.get(report(filed)))

    assert re.search(
        r"4\.9.mmol/L Before: 5\.9.mmol/L corrected by the laboratory, north-lab, 8:00 a\.m\.", page
    )


def test_report_as_it_was_known_at_a_moment(house, doctor):
    said = house.say(potassium("5.9"))
    filed = house.file(said, now=NOW - timedelta(days=2))
    house.file(
        again(
            said, potassium("4.9", status=Status.CORRECTED), status=Status.CORRECTED,
            issued_at=said.issued_at + timedelta(hours=1),
        ),
        now=NOW - timedelta(days=1),
    )  # fmt: skip

    then = text(doctor.get(report(filed, "versions/?at=2026-05-30T12:00")))
    before = text(doctor.get(report(filed, "versions/?at=2026-05-01T12:00")))

    known = then.split("As it was known on Saturday, May 30, 2026")[1].split("Every message about it")[0]
    assert "5.9" in known
    assert "4.9" not in known
    assert "nothing of this report was known here" in before
    assert "Version 2" in before


def test_report_shows_what_was_set_aside_and_why(house, doctor):
    filed = house.file(house.say(potassium("4,1,0", refusal="Two decimal signs.")))

    page = text(doctor.get(report(filed)))

    assert "4,1,0" in page
    assert "Set aside, shown as it was sent: Two decimal signs." in page


def test_remarks_tell_where_the_flags_disagree_and_why_a_unit_is_not_used(house):
    filed = house.file()
    (result,) = labs.get_report(actor=house.doctor, report_id=filed.report_id, now=NOW).results
    doubtful = replace(
        result, flags_disagree=True, flag_sent="N", flag_computed=labs.Flag.HIGH, unit_reason="Unknown unit."
    )

    assert list(clinic_report.remarks(doubtful)) == [
        "Not used as a number: Unknown unit.",
        "Laboratory: N. By the range: H.",
    ]
    assert list(clinic_report.remarks(result)) == []


def test_report_nests_what_hangs_under_an_isolate(house, doctor):
    isolate = labs.IncomingObservation(
        key="600-7/1", code=labs.Coded(code="600-7", text="Blood culture", system="LN"), value_type="ST",
        value="Escherichia coli", status=Status.FINAL,
    )  # fmt: skip
    drug = labs.IncomingObservation(
        key="18862-3/1", code=labs.Coded(code="18862-3", text="Amoxicillin", system="LN"), value_type="ST",
        value="R", parent_key="600-7/1", status=Status.FINAL,
    )  # fmt: skip

    page = doctor.get(report(house.file(house.say(drug, isolate)))).content.decode()

    assert page.index("Escherichia coli") < page.index("Amoxicillin")
    assert "result--depth-1" in page


def test_day_by_day_table_and_the_last_value_before(house, doctor):
    day = NOW - timedelta(days=30)
    house.file(house.say(potassium("3.9"), collected_at=day, issued_at=day), now=day)
    filed = house.file(house.say(potassium("4.4"), collected_at=NOW, issued_at=NOW))

    page = text(doctor.get(report(filed)))

    assert re.search(r"Day by day Test Jun 1, 2026 May 2, 2026 Potassium mmol/L 4\.4 3\.9", page)
    assert re.search(r"3\.9.mmol/L May 2, 2026", page)


def test_test_over_time_is_drawn_and_tabled(house, doctor):
    for days, value in ((60, "3.9"), (0, "4.4")):
        at = NOW - timedelta(days=days)
        filed = house.file(house.say(potassium(value), collected_at=at, issued_at=at), now=at)
    address = re.search(
        r'href="(/clinic/labs/report/[^"]+/result/[^"]+)"', doctor.get(report(filed)).content.decode()
    )

    page = doctor.get(address[1])

    assert "trend__line" in page.content.decode()
    assert re.search(r"Jun 1, 2026 4\.4.mmol/L", text(page))


def test_opening_a_report_is_audited(house, doctor):
    filed = house.file()

    doctor.get(report(filed))

    assert house.doctor.user_id in {each.user_id for each in audit.viewers_of(entity_id=filed.report_id)}


def test_document_is_handed_out_as_a_file_that_does_nothing(house, doctor):
    pdf = labs.Attachment(name="../x.pdf", content_type="application/pdf", content=b"%PDF-1.4")
    page = labs.Attachment(name="x.html", content_type="text/html", content=b"<script>1</script>")
    filed = house.file(house.say(attachments=(pdf, page)))
    addresses = re.findall(
        r'href="(/clinic/labs/document/[^"]+)"', doctor.get(report(filed)).content.decode()
    )

    answers = [doctor.get(address) for address in addresses]

    assert {answer["Content-Type"] for answer in answers} == {"application/pdf", "application/octet-stream"}
    assert all(answer["Content-Disposition"].startswith("attachment") for answer in answers)
    assert house.client(house.stranger).get(addresses[0]).status_code == 404


def test_versions_strike_through_only_what_is_otherwise_now(house, doctor):
    page = doctor.get(report(corrected(house), "versions/")).content.decode()

    assert re.findall(r"<s>([^<]+)</s>", page) == ["5.9\xa0mmol/L"]
