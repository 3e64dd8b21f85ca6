"""What the clinic would count. Labels are codes."""

from __future__ import annotations

from steadwell.observability import service as observability

refused = observability.counter(
    "scheduling_refusals_total", "Bookings and changes that were refused, by the refusal's code.", ("code",)
)
holds_made = observability.counter("scheduling_holds_total", "Times kept for somebody who is booking.")
holds_expired = observability.counter(
    "scheduling_holds_expired_total", "Holds that ended unbooked, each counted once."
)
booked = observability.counter("scheduling_visits_booked_total", "Visits booked or requested.", ("mode",))
# The journey that DESIGN 9 scales on: from the moment a time was kept to the visit that stands.
booking_latency = observability.histogram(
    "scheduling_booking_journey_seconds",
    "Seconds from the hold to the booked visit.",
    buckets=observability.JOURNEY_BUCKETS,
)
requests = observability.counter(
    "scheduling_requests_unanswered_total",
    "Requests that the clinic was slow to answer (overdue), or did not (lapsed).",
    ("outcome",),
)
reminders = observability.counter(
    "scheduling_reminders_total", "Reminders that fell due, by outcome.", ("outcome",)
)
