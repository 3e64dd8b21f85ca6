"""Whatever the order of arrival, the same set of messages ends in the same state."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from lab_house import (
    ADMINISTRATOR,
    NOW,
    again,
    at,
    file,
    file_all,
    potassium,
    registered,
    report,
    seen,
    sodium,
)

from labs import service as labs
from labs.types import Status

pytestmark = pytest.mark.django_db

STATUSES = st.sampled_from([None, *Status])
OBSERVATION = st.builds(
    lambda make, value, status, flags: make(value, status=status, flags=flags),
    st.sampled_from([potassium, sodium]),
    st.sampled_from(["3.9", "4.0", "6.8", "TNP", "1,234"]),
    STATUSES,
    st.sampled_from([(), ("HH",), ("N",)]),
)
MESSAGE = st.fixed_dictionaries(
    {
        "status": STATUSES,
        "issued_at": st.sampled_from([None, at(10), at(11), at(12)]),
        "sent_at": st.sampled_from([None, at(10, 30), at(11, 30), at(12, 30)]),
        "complete": st.booleans(),
        "observations": st.lists(OBSERVATION, max_size=2, unique_by=lambda o: o.key).map(tuple),
        "notes": st.sampled_from([(), ("haemolysed",)]),
    }
)


def settled(view: labs.ReportView) -> Any:
    """What a reader sees, without what counts arrivals."""
    heading = (
        view.status, view.corrected, view.critical, view.abnormal, view.status_disagrees, view.issued_at,
        view.notes, view.quarantined, view.person_id, view.told_at,
    )  # fmt: skip
    results = {
        r.key: (r.value_text, r.status, r.corrected, r.flag, r.quantity, r.reason, r.problem)
        for r in view.results
    }
    return heading, results


def settled_in(messages: list[labs.IncomingReport]) -> Any:
    """The state after filing these one by one, on a database that is put back as it was."""
    with transaction.atomic():
        state = settled(seen(file_all(messages)))
        transaction.set_rollback(True)
    return state


# No shrinking: each step of it files reports for real. The pure twin in test_settling_rules.py shrinks.
@settings(
    max_examples=40, deadline=None, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(messages=st.lists(MESSAGE, min_size=2, max_size=5), data=st.data())
def test_any_order_of_arrival_settles_to_the_same_state(ada, messages, data):
    first = report()
    several = [again(first, **each) for each in messages]

    assert settled_in(several) == settled_in(data.draw(st.permutations(several)))


@pytest.fixture
def ada(db):
    return registered()


@pytest.fixture
def said(ada: object) -> dict[str, labs.IncomingReport]:
    final = report(potassium("5.9"), issued_at=at(12))
    return {
        "preliminary": again(
            final, potassium("6.2", status=Status.PRELIMINARY), status=Status.PRELIMINARY, issued_at=at(11)
        ),
        "final": final,
        "corrected": again(
            final, potassium("4.9", status=Status.CORRECTED), status=Status.CORRECTED, issued_at=at(13)
        ),
    }


@pytest.mark.parametrize("order", list(itertools.permutations(["preliminary", "final", "corrected"])))
def test_correction_counts_in_every_order(said, order):
    filed = file_all(said[name] for name in order)

    assert [(r.value_text, r.status, r.corrected) for r in seen(filed).results] == [
        ("4.9", Status.CORRECTED, True)
    ]


def test_preliminary_told_after_the_final_changes_nothing_and_is_shown_as_a_disagreement(said):
    late = again(said["preliminary"], potassium("7.7", status=Status.PRELIMINARY), issued_at=at(14))

    filed = file_all([said["final"], late])

    view = seen(filed)
    assert [(r.value_text, r.status) for r in view.results] == [("5.9", Status.FINAL)]
    assert view.status_disagrees


def test_blank_status_after_a_final_is_a_correction(said):
    blank = again(said["final"], potassium("4.8", status=None), status=None, issued_at=at(13))

    filed = file_all([said["final"], blank])

    assert [(r.value_text, r.status, r.reason) for r in seen(filed).results] == [
        ("4.8", Status.CORRECTED, "status-not-said")
    ]


def test_blank_observation_takes_the_status_of_its_report(said):
    blank = again(said["corrected"], potassium("4.9", status=None))

    filed = file_all([said["final"], blank])

    assert [(r.value_text, r.status) for r in seen(filed).results] == [("4.9", Status.CORRECTED)]


def test_old_final_sent_again_does_not_undo_its_correction(said):
    unsaid = {name: again(each, issued_at=None) for name, each in said.items()}
    messages = [
        again(unsaid["final"], sent_at=at(12)), again(unsaid["corrected"], sent_at=at(13)),
        again(unsaid["final"], sent_at=at(14)),
    ]  # fmt: skip

    filed = file_all(messages)

    assert [r.value_text for r in seen(filed).results] == ["4.9"]


def test_cancelled_report_takes_back_all_its_results(said):
    both = again(said["final"], potassium("5.9"), sodium("140"))
    cancelled = again(both, status=Status.CANCELLED, issued_at=at(14), observations=())

    filed = file_all([both, cancelled])

    view = seen(filed)
    assert view.status is Status.CANCELLED
    assert {(r.key, r.status, r.reason) for r in view.results} == {
        ("2823-3", Status.CANCELLED, "report-withdrawn"), ("2951-2", Status.CANCELLED, "report-withdrawn"),
    }  # fmt: skip


def test_observation_absent_from_a_later_message_stays(said):
    both = again(said["final"], potassium("5.9"), sodium("140"))
    later = again(both, sodium("141", status=Status.CORRECTED), status=Status.CORRECTED, issued_at=at(14))

    filed = file_all([both, later])

    assert {(r.key, r.value_text) for r in seen(filed).results} == {("2823-3", "5.9"), ("2951-2", "141")}


def test_observation_left_out_of_a_complete_message_is_taken_back(said):
    both = again(said["final"], potassium("5.9"), sodium("140"))
    later = again(both, sodium("140"), issued_at=at(14), complete=True)

    filed = file_all([both, later])

    assert {(r.key, r.status, r.reason) for r in seen(filed).results} == {
        ("2823-3", Status.ENTERED_IN_ERROR, "left-out"), ("2951-2", Status.FINAL, ""),
    }  # fmt: skip


def test_final_report_with_a_corrected_observation_is_shown_as_a_disagreement(said):
    filed = file(again(said["final"], potassium("4.9", status=Status.CORRECTED)))

    view = seen(filed)
    assert (view.status, view.corrected, view.status_disagrees) == (Status.CORRECTED, True, True)


def test_report_as_it_was_known_before_its_correction(said):
    filed = file_all([said["final"], said["corrected"]])

    then = labs.as_known(
        actor=ADMINISTRATOR, report_id=filed.report_id, at=NOW + timedelta(seconds=30), now=NOW
    )

    assert [(r.value_text, r.status) for r in then.results] == [("5.9", Status.FINAL)]
    assert then.status is Status.FINAL
