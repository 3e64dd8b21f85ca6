"""Addresses of the clinic's pages about medicines, below /clinic/medicines/."""

from __future__ import annotations

from django.urls import path

from medications.views.clinic import alerts, joining, prescribing, reconciling, refilling

app_name = "clinic-medications"
urlpatterns = [
    path("", reconciling.queue, name="queue"),
    path("patient/<uuid:person_id>/", reconciling.patient, name="patient"),
    path("patient/<uuid:person_id>/together/", joining.together, name="together"),
    path("patient/<uuid:person_id>/prescribe/", prescribing.prescribe, name="prescribe"),
    path("suggestions/", prescribing.suggestions, name="suggestions"),
    path("line/<uuid:line_id>/", reconciling.line, name="line"),
    path("line/<uuid:line_id>/revert/", reconciling.revert, name="revert"),
    path("said/<uuid:statement_id>/", reconciling.place, name="place"),
    path("refills/", refilling.queue, name="refills"),
    path("refills/<uuid:refill_id>/", refilling.refill, name="refill"),
    path("rules/", alerts.alerts, name="alerts"),
]
