"""What the clinic says about laboratories: their sites, words for units, and numbers for clinicians."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from labs import quarantine
from labs.errors import AlreadySettled, StillUnreadable
from labs.models import ClinicianNumber, LabSender, Quarantined, UnitSynonym
from steadwell.actor import Actor, Role
from steadwell.audit import service as audit
from steadwell.errors import Forbidden, Invalid
from steadwell.terminology import service as terminology

Setting = LabSender | UnitSynonym | ClinicianNumber
_MOST = 500


def save_setting(*, actor: Actor, setting: Setting, now: datetime) -> None:
    """Keep one; a synonym must name a unit that UCUM knows."""
    _require_administrator(actor)
    if isinstance(setting, UnitSynonym):
        answer = terminology.validate_unit(setting.ucum)
        if not answer.ok:
            raise Invalid(fields={"ucum": answer.reason})
        setting.ucum = answer.answer
    with transaction.atomic():
        setting.save()
        _note(actor, "lab.setting-save", setting, now)


def remove_setting(*, actor: Actor, setting: Setting, now: datetime) -> None:
    _require_administrator(actor)
    with transaction.atomic():
        _note(actor, "lab.setting-remove", setting, now)
        setting.delete()


def read_again(*, actor: Actor, sender: str, now: datetime) -> int:
    """Read what waits of one sender once more, with the units that are known now; says how many it could.

    The oldest 500; each in its own transaction, so that one that still cannot be read hides no other.
    """
    _require_administrator(actor)
    waiting = Quarantined.objects.filter(sender=sender, state=Quarantined.State.OPEN)
    done = 0
    for quarantine_id in list(waiting.order_by("opened_at", "pk").values_list("pk", flat=True)[:_MOST]):
        try:
            quarantine.replay_observation(
                actor=actor, quarantine_id=quarantine_id, corrected={}, reason="read again", now=now
            )
            done += 1
        except (StillUnreadable, AlreadySettled):
            continue
    return done


def _require_administrator(actor: Actor) -> None:
    if not actor.has(Role.ADMINISTRATOR):
        raise Forbidden


def _note(actor: Actor, action: str, setting: Setting, now: datetime) -> None:
    audit.record(
        actor=actor, action=action, category="setup", now=now,
        detail={"kind": setting._meta.model_name or "", "id": str(setting.pk)},
    )  # fmt: skip
