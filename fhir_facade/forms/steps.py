"""The one place where an offer changes: claim, lock, recheck, move, its version, the audit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from fhir_facade.forms import questions
from fhir_facade.forms.errors import FormMoved
from fhir_facade.forms.models import FormOffer, FormOfferVersion, OfferState
from fhir_facade.forms.types import Offer
from fhir_facade.server import wire
from fhir_facade.server.models import Document
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.errors import NotFound
from steadwell.ids import PersonId, SiteId

CATEGORY = "form"


def find(offer_id: UUID) -> FormOffer:
    found = FormOffer.objects.select_related("form").filter(pk=offer_id).first()
    if found is None:
        raise NotFound
    return found


def lock(offer_id: UUID, *, seen_version: int, state: OfferState) -> FormOffer:
    """The row, kept still, as its writer saw it. Raises FormMoved."""
    rows = FormOffer.objects.select_related("form").select_for_update(of=("self",), no_key=True)
    found = rows.filter(pk=offer_id).first()
    if found is None:
        raise NotFound
    if found.version != seen_version or found.state != state:
        raise FormMoved
    return found


def note(
    row: FormOffer, *, actor: Actor, action: str, now: datetime, response_version: int | None = None
) -> None:
    """The row as it is now is its next version: written with its step and its line in the audit trail."""
    FormOfferVersion.objects.create(
        entity_id=row.pk, version=row.version, supersedes=row.version - 1 or None, valid_from=now,
        recorded_at=now, recorded_by=actor.user_id, recorded_role=",".join(sorted(_roles(actor, row)))[:64],
        state=row.state, words=row.words, response_version=response_version,
    )  # fmt: skip
    record(row, actor=actor, action=action, now=now)


def record(row: FormOffer, *, actor: Actor, action: str, now: datetime) -> None:
    audit.record(
        actor=actor, action=action, category=CATEGORY, now=now, subject_id=PersonId(row.person_id),
        entity_id=row.pk, site_id=SiteId(row.site_id),
        detail={"state": row.state, "version": str(row.version)},
    )  # fmt: skip


def record_list(
    person_ids: Iterable[PersonId], *, actor: Actor, action: str, now: datetime, site_id: SiteId | None = None
) -> None:
    sites = [site_id] if site_id else []
    audit.record_many(
        [
            audit.Entry(action=action, category=CATEGORY, subject_id=each, site_ids=sites)
            for each in sorted(set(person_ids))
        ],
        actor=actor, now=now,
    )  # fmt: skip


def move(row: FormOffer, state: OfferState, *, now: datetime) -> None:
    row.state = state
    row.version += 1
    row.ended_at = now if state in {OfferState.SEEN, OfferState.WITHDRAWN} else None


def shown(row: FormOffer) -> Offer:
    return Offer(
        offer_id=row.pk, version=row.version, person_id=PersonId(row.person_id), site_id=SiteId(row.site_id),
        state=OfferState(row.state), title=title_of(row.form), words=row.words, offered_at=row.offered_at,
        sent_at=row.sent_at,
    )  # fmt: skip


def title_of(form: Document) -> str:
    return questions.title_of(wire.read_stored(form.body))


def _roles(actor: Actor, row: FormOffer) -> frozenset[str]:
    return frozenset(actor.acting_roles(subject_id=PersonId(row.person_id), site_ids=[SiteId(row.site_id)]))
