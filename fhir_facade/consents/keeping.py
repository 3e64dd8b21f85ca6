"""Consents as documents, and their provisions as the rows that every read asks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from fhir_facade.consents import provisions
from fhir_facade.consents.models import ConsentRule
from fhir_facade.server import documents, wire
from fhir_facade.server.access import Access
from fhir_facade.server.documents import Documents
from fhir_facade.server.models import Document, DocumentVersion
from fhir_facade.server.outcome import failed
from fhir_facade.server.wire import Resource
from fhir_facade.server.writers import Stored
from fhir_facade.smart.models import Client

KIND = "Consent"


class Consents:
    """The writer of Consent. A consent is changed by whoever recorded it: no app loosens what binds it."""

    def __init__(self) -> None:
        self._documents = Documents(KIND)

    def create(self, access: Access, said: Resource) -> Stored:
        made = provisions.rules(said, is_client=_is_client)
        stored = self._documents.create(access, said)
        _put(stored.key, made)
        return stored

    def update(self, access: Access, key: UUID, said: Resource, version: int | None) -> Stored:
        _need_own(access, key)
        made = provisions.rules(said, is_client=_is_client)
        stored = self._documents.update(access, key, said, version)
        _put(key, made)
        return stored

    def delete(self, access: Access, key: UUID, version: int | None) -> None:
        _need_own(access, key)
        self._documents.delete(access, key, version)
        ConsentRule.objects.filter(consent_id=key).delete()


WRITER = Consents()


def _is_client(client_id: str) -> bool:
    return Client.objects.filter(client_id=client_id).exists()


def _need_own(access: Access, key: UUID) -> None:
    recorded_by = Document.objects.filter(pk=key).values_list("client_id", flat=True).first()
    if recorded_by is not None and recorded_by != access.grant.client_id:
        raise failed(403, "forbidden", "A consent is changed where it was recorded.")


def _put(key: UUID, made: Iterable[provisions.Rule]) -> None:
    """The rows of the newest version, in the transaction that writes it. They are the patient's in whose
    compartment the document is.
    """
    ConsentRule.objects.filter(consent_id=key).delete()
    person_id = Document.objects.values_list("person_id", flat=True).get(pk=key)
    if person_id is None:
        return
    effects = {True: ConsentRule.Effect.DENY, False: ConsentRule.Effect.PERMIT}
    ConsentRule.objects.bulk_create(
        [
            ConsentRule(
                consent_id=key, person_id=person_id, effect=effects[each.parent is None], **asdict(each)
            )
            for each in made
        ]
    )


def known_at(person_ids: Iterable[UUID], at: datetime) -> list[Resource]:
    """The consents of a patient as they were known at a moment, deleted ones left out."""
    rows = (
        DocumentVersion.objects.filter(type=KIND, person_id__in=list(person_ids), recorded_at__lte=at)
        .order_by("entity_id", "-version")
        .distinct("entity_id")
    )
    return [wire.read_stored(each.body) for each in rows if each.body]


def versions(key: UUID) -> list[DocumentVersion]:
    """Newest first."""
    return list(documents.versions_of(key))
