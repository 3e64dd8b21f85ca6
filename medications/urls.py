"""Addresses of a patient's pages. Ids mean nothing outside; no name of a medicine is ever part of one."""

from __future__ import annotations

from django.urls import path

from medications.views import adding, allergies, diary, medicines, refills

app_name = "medications"
urlpatterns = [
    path("medicines/", medicines.medicines, name="medicines"),
    path("medicines/print/", medicines.print_page, name="print"),
    path("medicines/add/", adding.add, name="add"),
    path("medicines/suggestions/", adding.suggestions, name="suggestions"),
    path("medicines/said/<uuid:statement_id>/", adding.change, name="change"),
    path("medicines/diary/", diary.diary, name="diary"),
    path("medicines/diary/<uuid:line_id>/", diary.note, name="note"),
    path("medicines/reminders/<uuid:reminder_id>/end/", diary.end_reminder, name="end-reminder"),
    path("medicines/allergies/", allergies.allergies, name="allergies"),
    path("medicines/allergies/add/", allergies.add, name="add-allergy"),
    path("medicines/allergies/<uuid:allergy_id>/", allergies.change, name="allergy"),
    path("medicines/refills/", refills.refills, name="refills"),
    path("medicines/refills/<uuid:refill_id>/", refills.refill, name="refill"),
    path("medicines/<uuid:line_id>/", medicines.medicine, name="medicine"),
    path("medicines/<uuid:line_id>/stopped/", medicines.stopped, name="stopped"),
    path("medicines/<uuid:line_id>/refill/", refills.ask, name="ask-refill"),
    path("medicines/<uuid:line_id>/remind/", diary.remind, name="remind"),
]
