"""Who sees which report, what is noted of it, and what a read costs."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from lab_house import (
    ADMINISTRATOR,
    CLINICIAN,
    DESK,
    ELSEWHERE,
    NOW,
    SITE,
    STRANGER,
    again,
    at,
    file,
    file_all,
    potassium,
    registered,
    report,
    seen,
    sodium,
)

from labs import service as labs
from labs.models import ReportVersion, ResultVersion
from labs.types import Status
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.errors import Forbidden, NotFound
from steadwell.ids import new_id

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def ada():
    return registered()


def statements(work) -> int:
    with CaptureQueriesContext(connection) as captured:
        work()
    return len([q for q in captured if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))])


def test_clinician_of_the_site_reads_and_is_noted(ada):
    filed = file(report(site_id=SITE))

    assert seen(filed, actor=CLINICIAN).person_id == ada
    viewers = audit.viewers_of(entity_id=filed.report_id)
    assert [v.user_id for v in viewers] == [CLINICIAN.user_id]


@pytest.mark.parametrize("actor", [STRANGER, DESK, Actor()], ids=["another-site", "front-desk", "nobody"])
def test_others_read_nothing(actor, ada):
    filed = file(report(site_id=SITE))

    for read in (
        lambda: seen(filed, actor=actor),
        lambda: labs.report_versions(actor=actor, report_id=filed.report_id, now=NOW),
        lambda: labs.as_known(actor=actor, report_id=filed.report_id, at=NOW, now=NOW),
    ):
        with pytest.raises(NotFound):
            read()


def test_not_there_is_refused_like_not_yours():
    with pytest.raises(labs.ReportNotFound):
        labs.get_report(actor=CLINICIAN, report_id=new_id(), now=NOW)


def test_list_shows_a_clinician_their_own_sites_only(ada):
    here = file(report(site_id=SITE))
    file(report(site_id=ELSEWHERE))

    page = labs.reports_of(actor=CLINICIAN, person_id=ada, now=NOW)

    assert [r.report_id for r in page.reports] == [here.report_id]


def test_list_goes_on_where_the_page_before_ended(ada):
    filed = [file(report(collected_at=at(hour), site_id=SITE)).report_id for hour in (6, 7, 7, 8)]

    first = labs.reports_of(actor=CLINICIAN, person_id=ada, now=NOW, limit=2)
    second = labs.reports_of(actor=CLINICIAN, person_id=ada, now=NOW, limit=2, before=first.before)

    shown = [r.report_id for r in (*first.reports, *second.reports)]
    assert (set(shown), shown[0], shown[-1]) == (set(filed), filed[3], filed[0])
    assert second.before is None


def test_series_holds_current_values_oldest_first(ada):
    said = report(potassium("5.9"), collected_at=at(7), site_id=SITE)
    file_all(
        [
            report(potassium("4.4"), collected_at=at(8), site_id=SITE), said,
            again(said, potassium("4.9", status=Status.CORRECTED), issued_at=at(13)),
        ]
    )  # fmt: skip

    points = labs.series(actor=CLINICIAN, person_id=ada, loinc="2823-3", now=NOW)

    assert [p.result.value_text for p in points] == ["4.9", "4.4"]


def test_only_the_platform_files():
    with pytest.raises(Forbidden):
        labs.file_report(actor=CLINICIAN, report=report(), now=NOW)


def test_document_comes_with_its_report():
    pdf = labs.Attachment(name="report.pdf", content_type="application/pdf", content=b"%PDF-1.4 made-up")
    said = report(attachments=(pdf,), site_id=SITE)
    filed = file(said)
    file(again(said, notes=("again",), issued_at=at(13)))

    (document_id,) = seen(filed).documents

    assert labs.get_document(actor=CLINICIAN, document_id=document_id, now=NOW) == pdf
    with pytest.raises(NotFound):
        labs.get_document(actor=STRANGER, document_id=document_id, now=NOW)


def test_filing_fails_as_a_whole_when_it_cannot_be_recorded(monkeypatch):
    def broken(*args, **kwargs):
        raise audit.AuditUnavailable

    monkeypatch.setattr("labs.filing.audit.record", broken)

    with pytest.raises(audit.AuditUnavailable), transaction.atomic():
        file(report())

    assert not ReportVersion.objects.exists()
    assert not ResultVersion.objects.exists()


def test_statements_of_filing_and_reading(ada):
    file(report())  # the laboratory knows the patient from now on
    many = [potassium(key=f"k{n}") for n in range(14)]
    said = report(*many)
    filed = []

    assert statements(lambda: filed.append(file(said))) <= 7
    assert statements(lambda: file(said)) <= 7
    assert statements(lambda: file(again(said, sodium(), issued_at=at(13)))) <= 11
    assert statements(lambda: seen(filed[0])) <= 7
    assert statements(lambda: labs.reports_of(actor=ADMINISTRATOR, person_id=ada, now=NOW)) <= 3
    assert statements(
        lambda: labs.series(actor=ADMINISTRATOR, person_id=ada, loinc="2823-3", now=NOW)
    ) <= 4  # fmt: skip


def test_versions_cannot_be_changed():
    filed = file(report())

    for table in (ReportVersion, ResultVersion):
        with pytest.raises(Exception, match=r"permission denied|append-only"), transaction.atomic():
            table.objects.update(name="other")
    assert seen(filed).results[0].name == "Potassium"
