"""What the connected apps of a person are told, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fhir_facade.subscriptions import topics
from fhir_facade.subscriptions.models import Subscription


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One thing that an app is told of; ``last_at`` when its receiver last answered well."""

    words: str
    whole: bool
    last_at: datetime | None


def told_to(approval_ids: Iterable[UUID]) -> Mapping[UUID, list[Told]]:
    """By approval, of live subscriptions only. One statement."""
    rows = Subscription.objects.filter(
        approval_id__in=list(approval_ids), deleted_at__isnull=True,
        state__in=[Subscription.State.REQUESTED, Subscription.State.ACTIVE],
    )  # fmt: skip
    found: dict[UUID, list[Told]] = {}
    for approval_id, codes, content, last_at in rows.order_by("changed_at", "pk").values_list(
        "approval_id", "topics", "content", "reached_at"
    ):
        whole = content == "full-resource"
        if approval_id is not None:
            found.setdefault(approval_id, []).extend(
                Told(words=str(topics.TOPICS[code].words), whole=whole, last_at=last_at)
                for code in codes
                if code in topics.TOPICS
            )
    return found
