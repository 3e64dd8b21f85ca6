"""The clinic's side once it was sent: what waits, reading it, and how it ends."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_noop

from fhir_facade.forms import access, filling, offering, steps
from fhir_facade.forms.models import FormOffer, OfferState
from fhir_facade.forms.types import Filled, Offer
from notifications import service as notifications
from steadwell.actor import Actor
from steadwell.errors import Invalid
from steadwell.ids import SiteId
from steadwell.outbox import service as outbox
from steadwell.transactions import write

MOST = 200
LONGEST = 500


def list_waiting(*, actor: Actor, site_id: SiteId, now: datetime) -> tuple[Offer, ...]:
    """What a clinic has to read, longest waiting first. Each is audited. Raises NotFound."""
    access.may_read(actor, site_id)
    rows = FormOffer.objects.select_related("form").filter(site_id=site_id, state=OfferState.SENT)
    found = tuple(steps.shown(row) for row in rows.order_by("sent_at", "pk")[:MOST])
    steps.record_list(
        [each.person_id for each in found], actor=actor, action="form.list", now=now, site_id=site_id
    )
    return found


def count_waiting(*, site_ids: Collection[SiteId]) -> int:
    """One statement; it says nothing of anybody."""
    return FormOffer.objects.filter(site_id__in=site_ids, state=OfferState.SENT).count()


def read_answers(*, actor: Actor, offer_id: UUID, now: datetime) -> Filled:
    """For a clinician of the clinic that asked. Raises NotFound."""
    row = steps.find(offer_id)
    access.may_read(actor, SiteId(row.site_id))
    steps.record(row, actor=actor, action="form.read", now=now)
    return filling.filled(row)


def mark_seen(*, actor: Actor, offer_id: UUID, seen_version: int, request_key: str, now: datetime) -> Offer:
    """It was read and nothing is open; the patient hears of it. Raises NotFound, FormMoved, Busy."""

    def end(row: FormOffer) -> None:
        steps.move(row, OfferState.SEEN, now=now)
        row.words = ""
        row.save()
        steps.note(row, actor=actor, action="form.seen", now=now)
        offering.tell(row, "form.seen", now=now)
        notifications.close_actions(about=row.pk, up_to=row.version, now=now)

    return _settle(actor, offer_id, seen_version, "seen", {}, request_key, now, end)


def ask_again(
    *, actor: Actor, offer_id: UUID, seen_version: int, words: str, request_key: str, now: datetime
) -> Offer:
    """Back to the patient, with what is missing in plain words. Raises Invalid, NotFound, FormMoved, Busy."""
    said = words.strip()
    if not said or len(said) > LONGEST:
        raise Invalid(fields={"words": gettext_noop("Say in a few words what is missing.")})

    def end(row: FormOffer) -> None:
        steps.move(row, OfferState.OFFERED, now=now)
        row.words = said
        row.save()
        steps.note(row, actor=actor, action="form.ask-again", now=now)
        offering.tell(row, "form.asked-again", now=now)
        notifications.close_actions(
            about=row.pk, up_to=row.version, now=now, ending=notifications.Ending.NOT_DONE,
            cause="asked-again",
        )  # fmt: skip

    return _settle(actor, offer_id, seen_version, "ask-again", {"words": said}, request_key, now, end)


def _settle(
    actor: Actor,
    offer_id: UUID,
    seen_version: int,
    operation: str,
    more: dict[str, str],
    request_key: str,
    now: datetime,
    end: Callable[[FormOffer], None],
) -> Offer:
    """One transaction: how it ended, its step, the patient told, the ledger closed."""
    body = {"offer": str(offer_id), "seen": seen_version, **more}

    def work() -> Offer:
        access.may_read(actor, SiteId(steps.find(offer_id).site_id))
        _, is_new = outbox.begin_request(actor, request_key, f"forms.{operation}", body, now)
        if not is_new:
            return steps.shown(steps.find(offer_id))
        row = steps.lock(offer_id, seen_version=seen_version, state=OfferState.SENT)
        end(row)
        return steps.shown(row)

    return write(work)
