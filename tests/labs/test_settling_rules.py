"""The pure rules of settling: no order of arrival matters, and the table of moves is kept."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labs import status
from labs.current import Heading, State, Word, state_of
from labs.settling import Told
from labs.types import Status

HOURS = st.none() | st.integers(1, 4).map(lambda hour: datetime(2026, 3, 2, hour, tzinfo=UTC))
STATUSES = st.sampled_from([None, *Status])
WORDS = st.dictionaries(
    st.sampled_from(["K", "Na"]), st.tuples(st.sampled_from(["3.9", "4.0", "6.8"]), STATUSES)
)
MESSAGES = st.lists(
    st.tuples(STATUSES, HOURS, HOURS, st.booleans(), WORDS), min_size=1, max_size=6, unique_by=repr
)


def settle_in(messages: list[Any]) -> State:
    """Numbered as they come."""
    headings, words = [], []
    for number, (said, issued_at, sent_at, complete, observations) in enumerate(messages, start=1):
        told = Told(
            number=number, issued_at=issued_at, sent_at=sent_at, status=said, complete=complete,
            digest=repr((said, issued_at, sent_at, complete, sorted(observations.items()))),
        )  # fmt: skip
        headings.append(Heading(told=told, digest="same"))
        words += [
            Word(
                key=key, version=number, status=own, digest=value, flag="HH" if value == "6.8" else "",
                loinc="", unread=False, effective_at=None,
            )
            for key, (value, own) in observations.items()
        ]  # fmt: skip
    return state_of(headings, words)


def shown(state: State) -> Any:
    results = {
        key: (r.digest, r.status, r.corrected, r.why, r.doubtful, state.flag(key))
        for key, r in state.results.items()
    }
    return state.status, state.corrected, state.critical, state.disagrees, results


@settings(max_examples=400, deadline=None)
@given(messages=MESSAGES, data=st.data())
def test_state_is_a_function_of_the_set(messages, data):
    assert shown(settle_in(messages)) == shown(settle_in(data.draw(st.permutations(messages))))


@settings(max_examples=200, deadline=None)
@given(messages=MESSAGES)
def test_a_final_result_never_goes_back_to_open_by_one_more_open_message(messages):
    before = settle_in(messages)
    late = (Status.PRELIMINARY, datetime(2026, 3, 3, tzinfo=UTC), None, False, {"K": ("9.9", None)})

    after = settle_in([*messages, late])

    if "K" in before.results and before.results["K"].status in status.FINAL:
        assert after.results["K"].status in status.FINAL
        assert after.results["K"].digest == before.results["K"].digest


@pytest.mark.parametrize("after", [Status.REGISTERED, Status.PARTIAL, Status.PRELIMINARY])
@pytest.mark.parametrize("before", sorted(status.FINAL))
def test_table_allows_nothing_open_after_final(before, after):
    assert not status.allowed(before, after)


@pytest.mark.parametrize("before", Status)
def test_table_lets_every_status_be_taken_back(before):
    assert all(status.allowed(before, after) for after in status.CLOSED)


def test_table_and_ranks_know_every_status():
    assert set(status.MOVES) == set(Status)
    assert set(status.RANK) == {None, *Status}
    assert len(set(status.RANK.values())) == len(status.RANK)
