"""Addresses of a patient's pages. Ids mean nothing outside; no word of a message is ever part of one."""

from __future__ import annotations

from django.urls import path

from messaging.views import conversations

app_name = "messaging"
urlpatterns = [
    path("conversations/", conversations.conversations, name="conversations"),
    path("conversations/new/", conversations.new, name="new"),
    path("conversations/<uuid:conversation_id>/", conversations.conversation, name="conversation"),
]
