"""The safety checks within decisions: reasons asked for, kept, shown to the next; no pack, no decision."""

from __future__ import annotations

from datetime import timedelta

import pytest
from medicine_house import (
    DOCTOR,
    IBUPROFEN,
    NOW,
    clinician,
    file,
    key,
    listed,
    patient,
    person,
    prescribed,
    said,
)

from medications import service as medications
from medications.models import Override, SafetyCheck, Statement
from medications.types import IncomingAllergy, Source

pytestmark = pytest.mark.django_db
SIMVASTATIN = "simvastatin 20 MG Oral Tablet"


@pytest.fixture
def allergic():
    who = person()
    file(who, said("cetirizine hydrochloride 10 MG Oral Tablet"))
    medications.file_allergy(
        actor=_feed(), person_id=who, now=NOW,
        said=IncomingAllergy(
            source=Source.EHR_A, system="ehr-a", external_id="a1", substance_text="ibuprofen", said_at=NOW,
            reaction_text="Swollen lips", severity="severe",
        ),
    )  # fmt: skip
    return who


def _feed():
    from medicine_house import FEED

    return FEED


def test_a_finding_needs_a_reason_that_the_next_prescriber_reads(allergic):
    with pytest.raises(medications.ReasonNeeded) as asked:
        prescribed(allergic, IBUPROFEN)
    (finding,) = [each for each in asked.value.check.findings if each.needs_reason]
    assert finding.kind == "allergy"
    assert not Statement.objects.filter(source="clinician").exists()
    assert not SafetyCheck.objects.filter(act="prescribe").exists()

    order = prescribed(allergic, IBUPROFEN, overrides={finding.key: "Taken since without harm"})

    (kept,) = medications.list_checks(actor=DOCTOR, about=order.statement_id, now=NOW)
    assert kept.findings[0].overrides[0].reason == "Taken since without harm"
    assert (kept.packs[0].version, kept.findings[0].rule) != ("", "")
    again = medications.get_check(
        actor=DOCTOR, person_id=allergic, drug_text="ibuprofen 400 MG Oral Tablet", now=NOW
    )
    seen = next(each for each in again.findings if each.key == finding.key)
    assert [each.reason for each in seen.overrides] == ["Taken since without harm"]
    with pytest.raises(medications.ReasonNeeded):  # shown, never carried over
        prescribed(allergic, "ibuprofen 400 MG Oral Tablet")


def test_alerts_are_counted_per_order_and_per_rule(allergic):
    prescribed(allergic, "lisinopril 10 MG Oral Tablet")
    with pytest.raises(medications.ReasonNeeded) as asked:
        prescribed(allergic, IBUPROFEN)
    reasons = {each.key: "Known" for each in asked.value.check.findings if each.needs_reason}
    prescribed(allergic, IBUPROFEN, overrides=reasons)
    since, until = NOW - timedelta(days=1), NOW + timedelta(days=1)

    counted = medications.get_alert_count(actor=DOCTOR, since=since, now=until)
    rules = medications.list_alerts_per_rule(actor=DOCTOR, since=since, now=until)

    assert (counted.orders, counted.with_alerts, counted.alerts) == (2, 1, len(reasons))
    assert all(rule.alerts == rule.overridden == 1 for rule in rules)


@pytest.mark.parametrize("missing", ["folder", "expired"])
def test_without_a_pack_in_force_nothing_is_decided(missing, settings, tmp_path, allergic):
    now = NOW
    if missing == "folder":
        settings.SAFETY_PACKS_DIR = str(tmp_path / "gone")
    else:
        now = NOW + timedelta(days=365 * 20)
    line = listed(allergic)[0]
    calls = (
        lambda: prescribed(allergic, IBUPROFEN, now=now),
        lambda: medications.settle_line(
            actor=DOCTOR, line_id=line.line_id, seen_revision=line.revision,
            status=medications.Status.ACTIVE, dosage_text="1 tablet daily", reason="x", overrides={},
            request_key=key(), now=now,
        ),
        lambda: medications.add_medicine(
            actor=patient(allergic), person_id=allergic, drug_text=IBUPROFEN, request_key=key(), now=now
        ),
    )  # fmt: skip
    before = (Statement.objects.count(), SafetyCheck.objects.count())

    for call in calls:
        with pytest.raises(medications.PackUnusable):
            call()

    assert (Statement.objects.count(), SafetyCheck.objects.count()) == before
    # It is so already: kept, and noted as unchecked.
    filed = file(allergic, said(SIMVASTATIN, said_at=now), now=now)
    assert filed.effect == "new"
    assert SafetyCheck.objects.latest("at").not_checked[0]["why"] == "no-pack"


def test_a_decision_that_fails_leaves_no_check_behind(allergic):
    order = prescribed(allergic, "lisinopril 10 MG Oral Tablet")
    before = (SafetyCheck.objects.count(), Override.objects.count())

    with pytest.raises(medications.StaleFact) as refused:
        medications.change_order(
            actor=clinician(), statement_id=order.statement_id, seen_version=0,
            dosage_text="Take 2 tablets daily", status=medications.Status.ACTIVE, why="More", overrides={},
            request_key=key(), now=NOW,
        )  # fmt: skip

    assert refused.value.current.version == 1
    assert (SafetyCheck.objects.count(), Override.objects.count()) == before


def test_a_changed_order_keeps_its_former_versions(allergic):
    order = prescribed(allergic, "lisinopril 10 MG Oral Tablet")

    changed = medications.change_order(
        actor=DOCTOR, statement_id=order.statement_id, seen_version=1, dosage_text="Take 2 tablets daily",
        status=medications.Status.ACTIVE, why="Pressure too high", overrides={}, request_key=key(), now=NOW,
    )  # fmt: skip

    history = medications.list_versions(actor=DOCTOR, statement_id=order.statement_id, now=NOW)
    assert [(v.version, v.supersedes, v.standing, v.reason) for v in history] == [
        (1, None, "replaced", ""), (2, 1, "current", "Pressure too high"),
    ]  # fmt: skip
    assert (changed.version, changed.dosage.amount_low) == (2, 2)
