"""Addresses of the clinic's own pages, below /clinic/."""

from __future__ import annotations

from django.urls import path

from scheduling.views import feeds
from scheduling.views.clinic import booking, calendar, planning, requests, visits

app_name = "clinic"

urlpatterns = [
    path("", calendar.day, name="day"),
    path("week/", calendar.week, name="week"),
    path("calendar/", feeds.clinician_calendar, name="address"),
    path("arrivals/", calendar.arrivals, name="arrivals"),
    path("requests/", requests.waiting, name="requests"),
    path("book/", booking.book, name="book"),
    path("book/confirm/", booking.confirm, name="confirm"),
    path("book/over/", booking.over, name="over"),
    path("block/", planning.block, name="block"),
    path("leave/", planning.leave, name="leave"),
    path("ill/", planning.ill, name="ill"),
    path("closure/<uuid:closure_id>/reopen/", planning.reopen, name="reopen"),
    path("visit/<uuid:appointment_id>/", visits.visit, name="visit"),
    path("visit/<uuid:appointment_id>/move/", visits.move, name="move"),
    path("visit/<uuid:appointment_id>/<slug:move>/", visits.step, name="step"),
]
