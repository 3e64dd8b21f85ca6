"""Random lives of one patient's list against a model that knows only the rules."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from medicine_house import DOCTOR, NOW, file, key, listed, person, said

from medications import service as medications
from medications.models import StatementVersion
from medications.types import IncomingStatement, LineState, Source, Status

pytestmark = pytest.mark.django_db
DRUGS = (
    "lisinopril 10 MG Oral Tablet",
    "lisinopril 20 MG Oral Tablet",
    "ibuprofen 200 MG Oral Tablet",
    "lisinopril",
)
SOURCES = ((Source.EHR_A, "ehr-a"), (Source.EHR_B, "ehr-b"), (Source.PHARMACY, "rx"))


@dataclass
class Told:
    """What one source's statement says, by the moment it was said."""

    versions: list[IncomingStatement]

    @property
    def counts(self) -> IncomingStatement:
        newest = max(each.said_at for each in self.versions)
        return [each for each in self.versions if each.said_at == newest][-1]


class Medicines(RuleBasedStateMachine):
    statements = Bundle("statements")

    @initialize()
    def begin(self) -> None:
        self.who = person()
        self.told: dict[str, Told] = {}
        self.ids: dict[str, UUID] = {}
        self.turn = 0
        self.moments: list[tuple[Any, dict[UUID, str]]] = []
        self.seen: dict[tuple[UUID, int], medications.LineView] = {}

    def _now(self) -> Any:
        self.turn += 1
        return NOW + timedelta(minutes=self.turn)

    @rule(target=statements, drug=st.sampled_from(DRUGS), source=st.sampled_from(SOURCES))
    def says(self, drug: str, source: tuple[Source, str]) -> Any:
        if len(self.told) >= 5:
            return multiple()
        now = self._now()
        words = said(drug, source=source[0], system=source[1], said_at=now)
        self.ids[words.external_id] = file(self.who, words, now=now).entity_id
        self.told[words.external_id] = Told([words])
        self._remember()
        return words.external_id

    @rule(
        which=statements, minutes=st.integers(-5, 5), amount=st.integers(1, 3),
        status=st.sampled_from(("active", "stopped", "on-hold")),
    )  # fmt: skip
    def corrects(self, which: str, minutes: int, amount: int, status: str) -> None:
        now = self._now()
        words = replace(
            self.told[which].counts, said_at=now + timedelta(minutes=minutes), status_word=status,
            dosage_text=f"Take {amount} tablets daily",
        )  # fmt: skip
        filed = file(self.who, words, now=now)
        if words in self.told[which].versions:
            assert filed.effect == "same"
            return
        newest = self.told[which].counts.said_at
        assert filed.effect == ("version" if words.said_at >= newest else "older")
        self.told[which].versions.append(words)
        self._remember()

    @rule(which=statements)
    def repeats(self, which: str) -> None:
        before = StatementVersion.objects.count()
        assert file(self.who, self.told[which].versions[0], now=self._now()).effect == "same"
        assert StatementVersion.objects.count() == before

    @rule(which=statements, status=st.sampled_from((Status.ACTIVE, Status.STOPPED)), is_stale=st.booleans())
    def decides(self, which: str, status: Status, is_stale: bool) -> None:
        line = self._line_of(which)
        try:
            made = medications.settle_line(
                actor=DOCTOR, line_id=line.line_id, seen_revision=line.revision - is_stale, status=status,
                dosage_text="Take 1 tablet daily", reason="Asked", request_key=key(), now=self._now(),
                overrides=_ANYTHING,
            )  # fmt: skip
        except medications.StaleFact as stale:
            both = stale.seen, stale.current
        else:
            both = None
        if both is not None:
            assert is_stale
            assert both[1].revision == line.revision
            assert both[0] == self.seen.get((line.line_id, line.revision - 1))
            return
        assert not is_stale
        assert made.status is status
        assert made.decision_version == line.decision_version + 1
        assert made.state in {LineState.DECIDED, LineState.AMBIGUOUS}

    @rule(which=statements)
    def takes_back(self, which: str) -> None:
        line = self._line_of(which)
        if not line.decision_version:
            return
        try:
            back = medications.revert_decision(
                actor=DOCTOR, entity_id=line.line_id, seen_version=line.decision_version, reason="No",
                request_key=key(), now=self._now(),
            )  # fmt: skip
        except medications.NothingDecided:
            return
        assert back.state is not LineState.DECIDED
        assert not back.reopened

    def _line_of(self, which: str) -> medications.LineView:
        wanted = self.ids[which]
        return next(
            line for line in listed(self.who) if wanted in {e.statement.statement_id for e in line.evidence}
        )

    def _remember(self) -> None:
        own = StatementVersion.objects.filter(person_id=self.who).order_by("-recorded_at")
        at = own.values_list("recorded_at", flat=True)[0]
        self.moments.append((at, {self.ids[k]: told.counts.dosage_text for k, told in self.told.items()}))

    @invariant()
    def counts_what_was_said_last_and_joins_only_one_drug(self) -> None:
        if not getattr(self, "told", None):
            return
        lines = listed(self.who)
        self.seen |= {(line.line_id, line.revision): line for line in lines}
        shown = {e.statement.statement_id: e.statement.dosage.text for line in lines for e in line.evidence}
        assert shown == {self.ids[k]: told.counts.dosage_text for k, told in self.told.items()}
        for line in lines:
            assert len({e.statement.reading.rxcui for e in line.evidence}) == 1
            assert len(line.evidence) == 1 or line.rxcui
        clinical = [line.rxcui for line in lines if line.rxcui and line.name != "lisinopril"]
        assert len(clinical) == len(set(clinical))

    def teardown(self) -> None:
        for at, then in getattr(self, "moments", []):
            found = medications.as_known(actor=DOCTOR, person_id=self.who, at=at, now=NOW).lines
            assert {
                e.statement.statement_id: e.statement.dosage.text for li in found for e in li.evidence
            } == then


class _Reasons(dict[str, str]):
    """A reason for whatever the rules find: what they find is not this test's matter."""

    def get(self, name: str, default: Any = None) -> str:
        return "Known"


_ANYTHING = _Reasons()


def test_random_lives_of_a_list():
    run_state_machine_as_test(
        Medicines,
        settings=settings(
            max_examples=10, stateful_step_count=14, deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
