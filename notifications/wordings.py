"""The words in use: what ships, or what one person wrote and a second one took into use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max, Q
from django.utils.translation import gettext_noop

from notifications import checking
from notifications.errors import NotYoursToDecide, WordingDecided, WordingRefused
from notifications.models.wordings import Wording, WordingState
from notifications.template import Template, Text
from notifications.types import WordingView
from notifications.wording import TEMPLATES
from steadwell.actor import Actor, Role
from steadwell.audit import service as audit
from steadwell.errors import Invalid, NotFound
from steadwell.ids import UserId, new_id
from steadwell.outbox import service as outbox
from steadwell.transactions import lock_words

SHIPPED = 1
AUTHORS = (Role.MANAGER, Role.ADMINISTRATOR)
REASON_LENGTH = 300


def text_of(template: str, version: int, language: str) -> Text:
    """The words of one version. One that is not there any more reads as what ships."""
    texts = TEMPLATES[template].texts if version == SHIPPED else _texts(template, version)
    code = language.partition("-")[0]
    return texts[code if code in texts else "en"]


@lru_cache(maxsize=500)
def _texts(template: str, version: int) -> Mapping[str, Text]:
    """Kept for good: the words of a version never change."""
    row = Wording.objects.filter(template=template, version=version).values_list("texts", flat=True).first()
    return _read(row) if row else TEMPLATES[template].texts


def forget() -> None:
    """For tests, whose databases have other words under the same version."""
    _texts.cache_clear()


def live_version(template: str) -> int:
    """Which version is in use now. One statement."""
    found = Wording.objects.filter(template=template, state=WordingState.LIVE)
    return found.values_list("version", flat=True).first() or SHIPPED


def list_templates(*, actor: Actor) -> list[tuple[Template, int, int]]:
    """Every template with the version in use and how many proposals wait for a second person."""
    _require_author(actor)
    rows = Wording.objects.filter(state__in=[WordingState.LIVE, WordingState.PROPOSED])
    live, waiting = {}, dict.fromkeys(TEMPLATES, 0)
    for code, version, state in rows.values_list("template", "version", "state"):
        if state == WordingState.LIVE:
            live[code] = version
        elif code in waiting:
            waiting[code] += 1
    return [(each, live.get(code, SHIPPED), waiting[code]) for code, each in TEMPLATES.items()]


def list_versions(*, actor: Actor, template: str) -> list[WordingView]:
    """What staff wrote for a template, newest first, and what ships last. Raises NotFound."""
    _require_author(actor)
    found = find_template(template)
    rows = [view(row) for row in Wording.objects.filter(template=template).order_by("-version")[:50]]
    return [*rows, _shipped(found, is_live=not any(row.state == WordingState.LIVE for row in rows))]


def get_version(*, actor: Actor, wording_id: UUID) -> WordingView:
    _require_author(actor)
    row = Wording.objects.filter(pk=wording_id).first()
    if row is None or row.template not in TEMPLATES:
        raise NotFound
    return view(row)


def find_template(template: str) -> Template:
    """Raises NotFound for a code that no message has."""
    if template not in TEMPLATES:
        raise NotFound
    return TEMPLATES[template]


def propose(
    *, actor: Actor, template: str, texts: Mapping[str, Text], request_key: str, now: datetime
) -> WordingView:
    """Words for a second person to take into use. Repeating the request answers the first proposal.

    Raises NotFound, WordingRefused with what is wrong.
    """
    author = _require_author(actor)
    found = find_template(template)
    wrong = checking.findings(found, texts)
    if wrong or set(texts) != set(found.texts):
        raise WordingRefused(wrong)
    said = {code: asdict(text) for code, text in texts.items()}
    with transaction.atomic():
        new = outbox.claim_request(
            actor=actor, key=request_key, operation="wording.propose",
            body={"template": template, "texts": said}, result_id=new_id(), now=now,
        )  # fmt: skip
        row = Wording.objects.filter(pk=new).first()
        if row is None:
            _lock(template)
            newest = Wording.objects.filter(template=template).aggregate(newest=Max("version"))["newest"]
            row = Wording.objects.create(
                id=new, template=template, version=(newest or SHIPPED) + 1, texts=said,
                state=WordingState.PROPOSED, proposed_by=author, proposed_at=now,
            )  # fmt: skip
            _record(actor, "wording.propose", row, now)
    return view(row)


def approve(*, actor: Actor, wording_id: UUID, now: datetime) -> WordingView:
    """Take a proposal into use, from the next message on; what was in use is not any more.

    Raises NotFound, NotYoursToDecide for one's own, WordingDecided when it was decided, or a newer one is in
    use, meanwhile.
    """
    with transaction.atomic():
        row = _deciding(actor, wording_id)
        newer = Wording.objects.filter(template=row.template, version__gt=row.version)
        if newer.filter(Q(state=WordingState.LIVE) | Q(state=WordingState.RETIRED)).exists():
            raise WordingDecided
        Wording.objects.filter(template=row.template, state=WordingState.LIVE).update(
            state=WordingState.RETIRED
        )
        _decide(actor, row, WordingState.LIVE, "", now)
    return view(row)


def refuse(*, actor: Actor, wording_id: UUID, reason: str, now: datetime) -> WordingView:
    """Say no to a proposal, and why. Raises as ``approve`` does, and Invalid without a reason."""
    said = reason.strip()[:REASON_LENGTH]
    if not said:
        raise Invalid(fields={"reason": gettext_noop("Say why.")})
    with transaction.atomic():
        row = _deciding(actor, wording_id)
        _decide(actor, row, WordingState.REFUSED, said, now)
    return view(row)


def _deciding(actor: Actor, wording_id: UUID) -> Wording:
    """The proposal, with every other row of its template locked: of two decisions at once one comes first."""
    _require_author(actor)
    code = Wording.objects.filter(pk=wording_id).values_list("template", flat=True).first()
    if code is None:
        raise NotFound
    rows = {row.pk: row for row in _lock(code)}
    row = rows[wording_id]
    if row.state != WordingState.PROPOSED:
        raise WordingDecided
    if row.proposed_by == actor.user_id:
        raise NotYoursToDecide
    return row


def _lock(template: str) -> list[Wording]:
    """Its rows, one at a time also while it has none. Raises Busy."""
    lock_words([f"wording:{template}"])
    return list(Wording.objects.select_for_update().filter(template=template).order_by("version"))


def _decide(actor: Actor, row: Wording, state: WordingState, reason: str, now: datetime) -> None:
    row.state, row.reason, row.decided_by, row.decided_at = state, reason, actor.user_id, now
    row.save(update_fields=["state", "reason", "decided_by", "decided_at"])
    _record(actor, f"wording.{state.value}", row, now)


def _require_author(actor: Actor) -> UserId:
    if actor.user_id is None or not actor.has(*AUTHORS):
        raise NotFound
    return actor.user_id


def _record(actor: Actor, action: str, row: Wording, now: datetime) -> None:
    audit.record(
        actor=actor, action=action, category="wording", now=now, entity_id=row.pk, reason=row.reason,
        detail={"template": row.template, "version": str(row.version)},
    )  # fmt: skip


def view(row: Wording) -> WordingView:
    return WordingView(
        wording_id=row.pk, template=row.template, version=row.version, texts=_read(row.texts),
        state=row.state, proposed_by=row.proposed_by, proposed_at=row.proposed_at,
        decided_by=row.decided_by, decided_at=row.decided_at, reason=row.reason,
    )  # fmt: skip


def _shipped(template: Template, *, is_live: bool) -> WordingView:
    state = WordingState.LIVE if is_live else WordingState.RETIRED
    return WordingView(
        wording_id=None, template=template.code, version=SHIPPED, texts=template.texts, state=state,
        proposed_by=None, proposed_at=None, decided_by=None, decided_at=None, reason="",
    )  # fmt: skip


def _read(texts: Mapping[str, Any]) -> Mapping[str, Text]:
    return {
        code: Text(subject=t["subject"], lines=tuple(t["lines"]), action=t["action"], sms=t.get("sms", ""))
        for code, t in texts.items()
    }
