"""Addresses of the clinic's pages about results, below /clinic/labs/."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import path

app_name = "clinic-labs"
urlpatterns = [
    path("", lambda r: HttpResponse(""), name="inbox"),
    path("critical/", lambda r: HttpResponse(""), name="critical"),
]
