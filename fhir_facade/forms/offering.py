"""The clinic's side before anything is answered: which forms there are, who is asked, and taking it back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from fhir_facade.forms import access, questions, steps
from fhir_facade.forms.errors import FormAskedAlready, FormNotFillable
from fhir_facade.forms.models import FormOffer, OfferState
from fhir_facade.forms.types import Form, Offer
from fhir_facade.server import wire
from fhir_facade.server.models import Document
from notifications import service as notifications
from steadwell.actor import Actor
from steadwell.errors import NotFound
from steadwell.ids import PersonId, SiteId
from steadwell.outbox import service as outbox
from steadwell.transactions import write

KIND = "Questionnaire"
MOST = 100
_ASKED_ONCE = "fhir_form_once_at_a_time"


def list_forms(*, actor: Actor) -> tuple[tuple[UUID, str], ...]:
    """Those that a patient can fill in here, by title: of the newest hundred that somebody wrote."""
    if not actor.has(*access.ASKERS):
        raise NotFound
    found = ((form.form_id, form.title) for form in _fillable() if form.title)
    return tuple(sorted(found, key=lambda pair: pair[1].casefold()))


def _fillable() -> Iterator[Form]:
    for row in Document.objects.filter(type=KIND, deleted=False, beside=False).order_by("-id")[:MOST]:
        try:
            yield questions.read(wire.read_stored(row.body), version=row.version)
        except FormNotFillable:
            continue


def read_form(row: Document) -> Form:
    """Raises FormNotFillable, also for one that is there no more."""
    if row.deleted:
        raise FormNotFillable
    return questions.read(wire.read_stored(row.body), version=row.version)


def offer(
    *, actor: Actor, person_id: PersonId, site_id: SiteId, form_id: UUID, request_key: str, now: datetime
) -> Offer:
    """Ask a patient of the clinic to fill in a form, and tell them so. Raises NotFound, FormNotFillable,
    FormAskedAlready, Busy.
    """
    ids = access.ids_of(person_id)
    body = {"person": str(person_id), "site": str(site_id), "form": str(form_id)}

    def work() -> Offer:
        access.may_ask(actor, site_id, ids)
        offer_id, is_new = outbox.begin_request(actor, request_key, "forms.offer", body, now)
        if not is_new:
            return steps.shown(steps.find(offer_id))
        form = Document.objects.filter(pk=form_id, type=KIND, beside=False).first()
        if form is None:
            raise NotFound
        read_form(form)
        row = FormOffer(id=offer_id, person_id=person_id, site_id=site_id, form=form, offered_at=now)
        _insert(row)
        steps.note(row, actor=actor, action="form.offer", now=now)
        tell(row, "form.asked", now=now)
        return steps.shown(row)

    return write(work)


def _insert(row: FormOffer) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        if _ASKED_ONCE in str(error):
            raise FormAskedAlready from None
        raise


def withdraw(*, actor: Actor, offer_id: UUID, seen_version: int, request_key: str, now: datetime) -> Offer:
    """Ask no longer, as long as nothing was sent. Raises NotFound, FormMoved, Busy."""
    body = {"offer": str(offer_id), "seen": seen_version}

    def work() -> Offer:
        if not access.asks_at(actor, SiteId(steps.find(offer_id).site_id)):
            raise NotFound
        _, is_new = outbox.begin_request(actor, request_key, "forms.withdraw", body, now)
        if not is_new:
            return steps.shown(steps.find(offer_id))
        row = steps.lock(offer_id, seen_version=seen_version, state=OfferState.OFFERED)
        steps.move(row, OfferState.WITHDRAWN, now=now)
        row.save()
        steps.note(row, actor=actor, action="form.withdraw", now=now)
        return steps.shown(row)

    return write(work)


def list_of_patient(*, actor: Actor, person_id: PersonId, now: datetime) -> tuple[Offer, ...]:
    """For staff: what their own clinics asked of a patient, newest first. Audited."""
    rows = FormOffer.objects.select_related("form").filter(person_id__in=access.ids_of(person_id))
    newest = rows.order_by("-offered_at", "-pk")[:MOST]
    found = [row for row in newest if access.asks_at(actor, SiteId(row.site_id))]
    steps.record_list([person_id], actor=actor, action="form.list", now=now)
    return tuple(steps.shown(row) for row in found)


def tell(row: FormOffer, template: str, *, now: datetime) -> None:
    """The patient, and who acts for them: that there is something, and never what."""
    notifications.tell(
        person_id=PersonId(row.person_id), template=template, params={"path": f"/forms/{row.pk}/"},
        key=f"{template}:{row.pk}:{row.version}", about=row.pk, site_id=SiteId(row.site_id), now=now,
    )  # fmt: skip
