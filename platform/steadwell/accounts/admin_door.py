"""The admin's own sign-in and password pages lead to ours. Mounted before the admin."""

from __future__ import annotations

from django.urls import path

from steadwell.accounts import views

urlpatterns = [
    path("login/", views.admin_sign_in),
    path("password_change/", views.admin_password),
]
