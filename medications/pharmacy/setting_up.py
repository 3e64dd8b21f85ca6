"""The pharmacies that refills can be sent to: set up by whoever runs the platform, each change on record."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from medications.models import Pharmacy
from steadwell.actor import Actor, Role
from steadwell.audit import service as audit
from steadwell.errors import NotFound


def save_pharmacy(*, actor: Actor, pharmacy: Pharmacy, now: datetime) -> None:
    """Add or change one. One that is no longer used is made inactive: refills point at it for good."""
    if not actor.has(Role.ADMINISTRATOR):
        raise NotFound
    with transaction.atomic():
        is_new = pharmacy._state.adding
        pharmacy.save()
        audit.record(
            actor=actor, action="pharmacy.add" if is_new else "pharmacy.change", category="set-up", now=now,
            entity_id=pharmacy.pk,
        )  # fmt: skip
