from __future__ import annotations

from django.urls import path

from steadwell.accounts.demo import views

urlpatterns = [
    path("", views.people, name="accounts_demo"),
    path("letters/", views.letters, name="accounts_demo_letters"),
    path("sign-in/<uuid:user_id>/", views.sign_in, name="accounts_demo_sign_in"),
]
