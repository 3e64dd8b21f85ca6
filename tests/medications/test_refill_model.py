"""Random lives of one refill, with a pharmacy that says anything at any time, against the rules alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import transaction
from django.test import override_settings
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from medicine_house import DOCTOR, file, key, only, patient, person, pharmacy, said
from pharmacy_house import work

from medications import service as medications
from medications.models import Refill
from medications.pharmacy import answers
from medications.types import RefillState as R
from medications.types import RefillView
from steadwell import clock

pytestmark = pytest.mark.django_db(transaction=True)

# What a clinician or the patient may do, from where and to where.
ACTS = {
    "approve": ({R.REQUESTED}, R.APPROVED),
    "decline": ({R.REQUESTED, R.UNANSWERED, R.PHARMACY_REFUSED}, R.DECLINED),
    "withdraw": ({R.REQUESTED}, R.WITHDRAWN),
    "resend": ({R.UNANSWERED, R.PHARMACY_REFUSED}, R.APPROVED),
}
WAITS = {R.APPROVED, R.SENT}
# Where a pharmacy's word counts; a second "accepted" says nothing new.
HEARD = {
    "accepted": (WAITS | {R.UNANSWERED}, R.ACCEPTED),
    "filled": (WAITS | {R.UNANSWERED, R.ACCEPTED}, R.FILLED),
    "refused": (WAITS | {R.UNANSWERED, R.ACCEPTED}, R.PHARMACY_REFUSED),
}
BODIES = {
    "accepted": {"Status": {"Code": "010"}},
    "filled": {"RxFill": {"FillStatus": {"Dispensed": {}}}},
    "refused": {"Error": {"Code": "900", "Description": "Out of stock"}},
}
OVER = {R.FILLED, R.DECLINED, R.WITHDRAWN}


class OneRefill(RuleBasedStateMachine):
    @initialize()
    def asks(self) -> None:
        self.now = clock.now()
        self.who = person()
        file(self.who, said(said_at=self.now - timedelta(days=1)), now=self.now)
        self.pharmacies = [pharmacy(), pharmacy()]
        self.line_id = only(self.who).line_id
        self.refill_id = self._ask().refill_id
        self.state, self.sent, self.heard = R.REQUESTED, [], []

    def _ask(self) -> RefillView:
        return medications.request_refill(
            actor=patient(self.who), line_id=self.line_id, pharmacy_id=self.pharmacies[0].pk,
            request_key=key(), now=self.now,
        )  # fmt: skip

    def _found(self) -> RefillView:
        return medications.get_refill(actor=DOCTOR, refill_id=self.refill_id, now=self.now)

    @rule(act=st.sampled_from(sorted(ACTS)), elsewhere=st.booleans(), is_stale=st.booleans())
    def decides(self, act: str, elsewhere: bool, is_stale: bool) -> None:
        found = self._found()
        where: dict[str, Any] = {"pharmacy_id": self.pharmacies[elsewhere].pk}
        more, do = {
            "approve": ({"overrides": {}, **where}, medications.approve_refill),
            "decline": ({"reason": "Come to us first"}, medications.decline_refill),
            "withdraw": ({"actor": patient(self.who)}, medications.withdraw_refill),
            "resend": (where, medications.resend_refill),
        }[act]
        allowed, then = ACTS[act]

        outcome = self._try(do, seen_version=found.version - is_stale, **{"actor": DOCTOR} | more)

        if is_stale:
            assert outcome == "stale"
        else:
            assert (outcome == "done") == (self.state in allowed)
        if outcome == "done":
            self.state = then
            self._note_message()

    def _try(self, do: Callable[..., RefillView], **more: Any) -> str:
        version = more["seen_version"]
        try:
            do(refill_id=self.refill_id, request_key=key(), now=self.now, **more)
        except medications.StaleFact as stale:
            both = (stale.seen.version if stale.seen else 0, stale.current.version)
            return "stale" if both == (version, self._found().version) else "stale without both"
        except medications.RefillMoved:
            return "moved"
        return "done"

    def _note_message(self) -> None:
        """Its message: the same as long as it goes to the same pharmacy, unless that one refused it."""
        message = str(Refill.objects.values_list("message_id", flat=True).get(pk=self.refill_id))
        if message != "None" and message not in self.sent:
            self.sent.append(message)

    @precondition(lambda self: getattr(self, "sent", []) != [])
    @rule(word=st.sampled_from(sorted(HEARD)), newest=st.booleans(), again=st.booleans())
    def pharmacy_says(self, word: str, newest: bool, again: bool) -> None:
        relates_to = self.sent[-1] if newest else self.sent[0]
        wire_id = self.heard[-1] if again and self.heard else key()
        header = {"MessageID": wire_id, "RelatesToMessageID": relates_to}

        with transaction.atomic():
            effect = answers.take(
                {"Message": {"Header": header, "Body": BODIES[word]}}, network="default", now=self.now
            )

        counted, then = HEARD[word]
        if wire_id in self.heard:
            assert effect == "duplicate"
            return
        self.heard.append(wire_id)
        if relates_to == self.sent[-1] and self.state in counted:
            assert effect == then.value
            self.state = then
        else:
            assert effect in {"late", "duplicate"}

    @precondition(lambda self: getattr(self, "state", None) in WAITS)
    @rule()
    def nobody_answers(self) -> None:
        """The hours of every round go by; the network is not there, either."""
        for _ in range(django_settings.PHARMACY_RETRIES + 1):
            self.now += timedelta(hours=django_settings.PHARMACY_ANSWER_HOURS, minutes=1)
            work(self.now, rounds=2)
        self.state = R.UNANSWERED

    @precondition(lambda self: getattr(self, "state", R.FILLED) not in OVER)
    @rule()
    def asks_again(self) -> None:
        with pytest.raises(medications.RefillUnderWay):
            self._ask()

    @invariant()
    def is_where_the_rules_say_and_every_step_is_there(self) -> None:
        if not getattr(self, "refill_id", None):
            return
        found = self._found()
        assert found.state is self.state
        assert [step.number for step in found.steps] == list(range(1, found.version + 1))
        moves = [step.step for step in found.steps if step.step in set(R)]
        assert moves[-1] == self.state.value
        dispensed = [each for each in only(self.who).evidence if each.statement.kind == "dispense"]
        assert len(dispensed) == (self.state is R.FILLED)


def test_random_lives_of_a_refill():
    with override_settings(PHARMACY_NETWORKS={"default": ("http://127.0.0.1:9", "none")}, PHARMACY_TIMEOUT=1):
        run_state_machine_as_test(
            OneRefill,
            settings=settings(
                max_examples=8, stateful_step_count=10, deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )  # fmt: skip
