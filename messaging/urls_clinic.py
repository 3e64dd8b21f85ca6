"""Addresses of the care team's pages, below /clinic/conversations/."""

from __future__ import annotations

from django.urls import path

from messaging.views import clinic

app_name = "clinic-messaging"
urlpatterns = [
    path("", clinic.queue, name="queue"),
    path("<uuid:conversation_id>/", clinic.conversation, name="conversation"),
]
