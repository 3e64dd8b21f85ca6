"""Addresses of forms, a patient's and the clinic's. Ids mean nothing outside; no title is part of one."""

from __future__ import annotations

from django.urls import path

from fhir_facade.forms import clinic, views

app_name = "forms"
urlpatterns = [
    path("forms/", views.own, name="own"),
    path("forms/<uuid:offer_id>/", views.form, name="form"),
    path("clinic/forms/", clinic.waiting, name="waiting"),
    path("clinic/forms/<uuid:offer_id>/", clinic.answers, name="answers"),
    path("clinic/forms/patient/<uuid:person_id>/", clinic.patient, name="patient"),
]
