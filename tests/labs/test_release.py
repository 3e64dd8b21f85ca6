"""Release: who sees what when, and that every hold has its reason and its end."""

from __future__ import annotations

from datetime import date, timedelta

import lab_house as house
import pytest
from django.db import IntegrityError, transaction
from release_house import MANAGER, NOW, Family, choice_rules, rule

from labs import choices, deciding, models, policies, releasing
from labs import service as labs
from labs.policy import Choice, Delay, Legal
from steadwell import events
from steadwell.actor import Actor, Role
from steadwell.audit.models import AuditEntry
from steadwell.errors import Invalid, NotFound, Stale
from steadwell.ids import new_id
from steadwell.outbox.service import DeliveryContext

pytestmark = pytest.mark.django_db
K, NA = "2823-3", "2951-2"
LATER = NOW + timedelta(hours=73)


def choose(family: Family, choice: Choice, seen: int = 0) -> None:
    choice_rules()
    choices.choose(actor=family.patient, person_id=family.person_id, choice=choice, seen=seen, now=NOW)


def sign(report_id, *, talked: int = 0, now=NOW) -> None:
    event = events.LabReportSigned(report_id=report_id, person_id=new_id(), version=1, talked=talked)
    releasing.on_signed(event, DeliveryContext(delivery_id=1, attempt=1, now=now))


def key() -> str:
    return str(new_id())


def test_nobody_sees_a_report_before_the_policy_was_asked():
    family = Family()
    filed = house.file(house.report(patient=family.incoming))

    assert family.sees(filed.report_id) is None
    deciding.decide(report_id=filed.report_id, now=NOW)
    assert family.sees(filed.report_id) == [K]
    assert family.sees(filed.report_id, family.parent) == [K]


def test_a_stranger_sees_nothing():
    report_id = Family().file()
    other = Family()

    assert other.sees(report_id) is None
    with pytest.raises(NotFound):
        labs.reports_of(actor=other.patient, person_id=Family().person_id, now=NOW)


def test_a_hold_for_one_test_leaves_the_rest_and_stores_its_reason():
    family = Family()
    rule_id = rule(loinc=NA)

    report_id = family.file(house.potassium(), house.sodium())

    assert family.sees(report_id) == [K]
    hold = models.Hold.objects.get()
    assert (hold.legal, hold.rule_id, hold.rule_version) == ("45 CFR 171.103(a)(1)", rule_id, 1)
    assert hold.legal_text == "The law of the state asks for it."
    assert hold.ends_at == NOW + timedelta(hours=72)
    assert AuditEntry.objects.get(action="lab.hold").reason == "45 CFR 171.103(a)(1)"


def test_what_is_shown_in_part_does_not_speak_of_the_rest():
    family = Family()
    rule(loinc=NA)
    document = labs.Attachment(name="report.pdf", content_type="application/pdf", content=b"%PDF-1.4")

    report_id = family.file(
        house.potassium(), house.sodium("170"), notes=("Sodium very high",), attachments=(document,)
    )

    view = labs.get_report(actor=family.patient, report_id=report_id, now=NOW)
    assert (view.abnormal, view.notes, view.documents) == (False, (), ())
    (line,) = labs.reports_of(actor=family.patient, person_id=family.person_id, now=NOW).reports
    assert not line.abnormal
    with pytest.raises(labs.ReportNotFound):
        labs.get_document(actor=family.patient, document_id=models.Document.objects.get().pk, now=NOW)
    assert labs.series(actor=family.patient, person_id=family.person_id, loinc=NA, now=NOW) == []
    (version,) = labs.report_versions(actor=family.patient, report_id=report_id, now=NOW)
    assert ([r.loinc for r in version.results], version.notes) == ([K], ())
    known = labs.as_known(actor=family.patient, report_id=report_id, at=NOW, now=NOW)
    assert [r.loinc for r in known.results] == [K]


def test_a_report_with_nothing_left_is_not_there():
    family = Family()
    rule(loinc=NA)

    assert family.sees(family.file(house.sodium())) is None


def test_a_hold_ends_by_itself_with_nothing_running():
    family = Family()
    rule()
    report_id = family.file()

    assert family.sees(report_id) is None
    assert family.sees(report_id, now=NOW + timedelta(hours=71)) is None
    assert family.sees(report_id, now=NOW + timedelta(hours=72)) == [K]


def test_a_signature_ends_what_waits_for_one():
    family = Family()
    rule()
    report_id = family.file()

    sign(report_id)
    sign(report_id)

    assert family.sees(report_id) == [K]
    assert models.Hold.objects.get().ended_how == "signed"


def test_what_waits_for_hours_is_not_ended_by_a_signature_and_counts_from_final():
    family = Family()
    rule(delay=Delay.HOURS, hours=24, longest_hours=200)
    early = house.report(house.potassium(status=labs.Status.PRELIMINARY), status=labs.Status.PRELIMINARY)
    report_id = family.file(*early.observations, status=early.status, filler_number="H1")
    sign(report_id)
    assert models.Hold.objects.get().ends_at == NOW + timedelta(hours=200)

    final_at = NOW + timedelta(hours=2)
    assert family.file(filler_number="H1", now=final_at, issued_at=house.at(14)) == report_id

    assert models.Hold.objects.get().ends_at == final_at + timedelta(hours=24)
    assert family.sees(report_id, now=final_at + timedelta(hours=23)) is None
    assert family.sees(report_id, now=final_at + timedelta(hours=24)) == [K]


def test_a_correction_after_release_is_seen_at_once():
    family = Family()
    rule()
    report_id = family.file(filler_number="C1")
    sign(report_id)

    family.file(
        house.potassium("5.9", status=labs.Status.CORRECTED), filler_number="C1",
        status=labs.Status.CORRECTED,
        issued_at=house.at(14), now=NOW + timedelta(hours=1),
    )  # fmt: skip

    view = labs.get_report(actor=family.patient, report_id=report_id, now=NOW + timedelta(hours=1))
    assert view.results[0].value_text == "5.9"


def test_a_test_that_a_later_version_brings_is_held_by_its_own_rule():
    family = Family()
    rule(loinc=NA)
    report_id = family.file(filler_number="L1")

    later = NOW + timedelta(hours=1)
    filed = house.file(
        house.report(house.potassium(), house.sodium(), patient=family.incoming, filler_number="L1",
                     issued_at=house.at(14)),
        now=later,
    )  # fmt: skip
    assert family.sees(filed.report_id, now=later) == [K]  # not asked about yet
    deciding.decide(report_id=report_id, now=later)

    assert family.sees(report_id, now=later) == [K]
    assert family.sees(report_id, now=later + timedelta(hours=72)) == [K, NA]


@pytest.mark.parametrize(
    ("choice", "talked", "seen"),
    [
        (Choice.AT_ONCE, None, True),
        (Choice.AFTER_SEEN, None, False),
        (Choice.AFTER_SEEN, 0, True),
        (Choice.AFTER_TALK, 0, False),
        (Choice.AFTER_TALK, 1, True),
    ],
)
def test_the_patient_s_choice_is_honoured_for_proxies_too(choice, talked, seen):
    family = Family()
    choose(family, choice) if choice is not Choice.AT_ONCE else None
    report_id = family.file()

    if talked is not None:
        sign(report_id, talked=talked)

    assert (family.sees(report_id) is not None) is seen
    assert (family.sees(report_id, family.parent) is not None) is seen
    assert not models.Hold.objects.exclude(legal=Legal.REQUEST).exists()


def test_the_patient_may_look_all_the_same():
    family = Family()
    choose(family, Choice.AFTER_TALK)
    report_id = family.file()

    with pytest.raises(labs.ReportNotFound):
        releasing.show_now(actor=family.parent, report_id=report_id, now=NOW)
    releasing.show_now(actor=family.patient, report_id=report_id, now=NOW)

    assert family.sees(report_id) == [K]


def test_a_patient_cannot_end_what_the_law_holds():
    family = Family()
    rule()
    report_id = family.file()

    releasing.show_now(actor=family.patient, report_id=report_id, now=NOW)

    assert family.sees(report_id) is None


def test_a_clinic_s_standing_choice_needs_a_reason_and_a_patient_s_own_goes_before_it():
    choice_rules()
    with pytest.raises(Invalid):
        policies.set_standing(
            actor=MANAGER, site_id=house.SITE, choice=Choice.AFTER_SEEN, legal=None, now=NOW
        )
    policies.set_standing(
        actor=MANAGER, site_id=house.SITE, choice=Choice.AFTER_SEEN, legal=Legal.LAW, now=NOW
    )
    held, free = Family(), Family()
    choose(free, Choice.AT_ONCE)

    assert held.sees(held.file()) is None
    assert models.Hold.objects.get().legal == Legal.LAW
    assert free.sees(free.file()) == [K]


def test_a_choice_is_versioned_and_refuses_a_stale_one():
    family = Family()
    choose(family, Choice.AFTER_SEEN)
    choose(family, Choice.AT_ONCE, seen=1)

    with pytest.raises(Stale):
        choose(family, Choice.AFTER_TALK, seen=1)
    rows = models.ReleaseChoice.objects.filter(entity_id=family.person_id).order_by("version")
    assert [row.choice for row in rows] == ["after-seen", "at-once"]


def test_a_proxy_chooses_only_for_one_without_an_account():
    choice_rules()
    grown, child = Family(), Family(has_account=False)
    chosen = {"choice": Choice.AFTER_SEEN, "seen": 0, "now": NOW}

    with pytest.raises(NotFound):
        choices.choose(actor=grown.parent, person_id=grown.person_id, **chosen)
    with pytest.raises(NotFound):
        choices.choose(actor=Family().patient, person_id=child.person_id, **chosen)
    choices.choose(actor=child.parent, person_id=child.person_id, **chosen)

    assert models.ReleaseChoice.objects.count() == 1


def test_an_adolescent_s_test_is_not_there_for_a_parent_until_the_birthday():
    family = Family(born=date(2011, 3, 3))
    rule(loinc=NA, delay=Delay.PROXIES, age_from=12, age_until=15, words={})

    report_id = family.file(house.potassium(), house.sodium())
    alone = family.file(house.sodium())

    assert family.sees(report_id) == [K, NA]
    assert family.sees(report_id, family.parent) == [K]
    assert family.sees(alone) == [NA]
    assert family.sees(alone, family.parent) is None
    assert family.sees(alone, family.parent, now=NOW + timedelta(days=1)) == [NA]


def test_a_clinician_lets_go_early_and_says_why():
    family = Family()
    rule(loinc=K, delay=Delay.PROXIES, age_from=0, age_until=90, words={})
    rule()
    report_id = family.file()
    request_key = key()

    with pytest.raises(Invalid):
        releasing.release_early(
            actor=house.CLINICIAN, report_id=report_id, reason=" ", request_key=request_key, now=NOW
        )
    for _twice in range(2):
        releasing.release_early(
            actor=house.CLINICIAN, report_id=report_id, reason="We met", request_key=request_key, now=NOW
        )

    assert family.sees(report_id) == [K]
    assert family.sees(report_id, family.parent) is None
    assert AuditEntry.objects.get(action="lab.unhold").reason == "We met"


def test_having_talked_ends_what_waits_for_it():
    family = Family()
    rule(delay=Delay.TALKED)
    report_id = family.file()

    state = releasing.state_of(report_id, released_at=None, now=NOW)
    assert state.is_held
    assert [hold.delay for hold in state.holds] == [Delay.TALKED]
    releasing.mark_talked(actor=house.CLINICIAN, report_id=report_id, request_key=key(), now=NOW)

    assert family.sees(report_id) == [K]
    assert not releasing.state_of(report_id, released_at=None, now=NOW).is_held


@pytest.mark.parametrize("actor", [house.STRANGER, house.DESK, Actor()])
def test_only_a_clinician_of_the_report_ends_a_hold(actor):
    family = Family()
    rule()
    report_id = family.file()

    with pytest.raises(labs.ReportNotFound):
        releasing.mark_talked(actor=actor, report_id=report_id, request_key=key(), now=NOW)
    with pytest.raises(labs.ReportNotFound):
        releasing.release_early(
            actor=family.patient, report_id=report_id, reason="x", request_key=key(), now=NOW
        )


def test_a_withdrawn_rule_holds_nothing_any_more():
    family = Family()
    rule_id = rule()
    report_id = family.file()

    policies.retire_rule(actor=MANAGER, rule_id=rule_id, seen=1, now=NOW)
    assert releasing.withdraw(actor=MANAGER, rule_id=rule_id, now=NOW) == 1

    assert family.sees(report_id) == [K]
    assert family.sees(family.file()) == [K]


def test_rules_are_refused_without_an_end_or_a_reason():
    for fields in (
        {"longest_hours": 0},
        {"legal_text": " "},
        {"words": {}},
        {"words": {"en": "Held by {doctor}"}},
        {"delay": Delay.HOURS, "hours": 100},
        {"delay": Delay.PROXIES},
        {"age_from": 18, "age_until": 12},
    ):
        with pytest.raises(Invalid):
            rule(**fields)
    with pytest.raises(Exception, match="forbidden"):
        policies.set_rule(actor=Actor(roles=frozenset({Role.CLINICIAN})), rule=None, now=NOW)  # type: ignore[arg-type]


def test_a_hold_without_an_end_is_refused_by_the_database():
    report_id = Family().file()
    fields = {"report_id": report_id, "person_id": new_id(), "rule_id": new_id(), "rule_version": 1}

    with pytest.raises(IntegrityError), transaction.atomic():
        models.Hold.objects.create(
            **fields, audience="everyone", cause="rule", delay="until-signed", legal=Legal.LAW,
            legal_text="x", opened_at=NOW, starts_at=NOW, ends_at=NOW,
        )  # fmt: skip


def test_a_report_taken_back_before_anybody_saw_it_never_shows():
    family = Family()

    assert family.sees(family.file(status=labs.Status.ENTERED_IN_ERROR)) is None
    assert family.sees(family.file(status=labs.Status.REGISTERED)) is None


def test_a_report_of_another_person_now_is_decided_for_them():
    family, other = Family(), Family()
    report_id = family.file()
    models.Report.objects.filter(pk=report_id).update(person_id=other.person_id)

    assert family.sees(report_id) is None
    assert other.sees(report_id) is None
    deciding.decide(report_id=report_id, now=NOW)
    assert other.sees(report_id) == [K]
