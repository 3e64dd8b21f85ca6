from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from steadwell.accounts import views
from steadwell.accounts.invitations import views as invitations

urlpatterns: list[URLPattern | URLResolver] = [
    path("link/", views.link, name="accounts_link"),
    path("link/code/", invitations.link_code, name="accounts_link_code"),
    path("invitation/", invitations.invitation, name="accounts_invitation"),
    path("invitation/passkey/", invitations.passkey, name="accounts_invitation_passkey"),
    path("invitation/<str:token>/", invitations.link, name="accounts_invitation_link"),
    path("sessions/", views.sessions, name="accounts_sessions"),
    path("sessions/end/", views.sign_out_everywhere, name="accounts_sign_out_everywhere"),
    path("sessions/<uuid:session_id>/end/", views.end_session, name="accounts_end_session"),
    path("", include("allauth.account.urls")),
    path("2fa/", include("allauth.mfa.urls")),
]
