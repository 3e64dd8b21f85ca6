from __future__ import annotations

from django.conf import settings
from django.urls import URLPattern, URLResolver, path

from steadwell.portal import about, components, views
from steadwell.portal.patients import views as patients

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("language/", views.set_language, name="set_language"),
    path("appearance/", views.set_theme, name="set_theme"),
    path("manifest.webmanifest", views.manifest, name="manifest"),
    path("clinic/patients/", patients.find, name="patients"),
    path("clinic/patients/<uuid:person_id>/", patients.patient, name="patient"),
    path("clinic/patients/<uuid:person_id>/invite/", patients.invite, name="patient_invite"),
    path("clinic/patients/<uuid:person_id>/invite/again/", patients.resend, name="patient_invite_again"),
    path("clinic/patients/<uuid:person_id>/invite/withdraw/", patients.withdraw, name="patient_withdraw"),
    path("clinic/patients/<uuid:person_id>/code/", patients.code, name="patient_code"),
    path("clinic/patients/<uuid:person_id>/end/", patients.end, name="patient_end"),
    path("clinic/patients/<uuid:person_id>/end/<uuid:proxy_id>/", patients.end, name="patient_end_proxy"),
    path("robots.txt", views.robots, name="robots"),
    path("about-the-information/", about.information, name="about_information"),
]

if settings.DEMO:
    urlpatterns += [
        path("components/", components.components, name="components"),
        path("components/dialog/", components.dialog, name="components-dialog"),
        path("components/error/<int:status>/", components.error, name="components-error"),
        path("components/fragment/", components.fragment, name="components-fragment"),
    ]
