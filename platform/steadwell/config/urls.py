"""Every address of the platform. Apps own their paths; this file only mounts them."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("fhir_facade.oauth.urls")),  # these two first: programs ask most often
    path("fhir/", include("fhir_facade.urls")),
    path("", include("steadwell.portal.urls")),
    path("", include("steadwell.observability.urls")),
    path("accounts/", include("steadwell.accounts.urls")),
    path("", include("scheduling.urls")),
    path("clinic/labs/", include("labs.urls_clinic")),
    path("", include("labs.urls")),
    path("clinic/medicines/", include("medications.urls_clinic")),
    path("", include("medications.urls")),
    path("clinic/conversations/", include("messaging.urls_clinic")),
    path("", include("messaging.urls")),
    path("", include("fhir_facade.forms.urls")),
    path("clinic/", include("scheduling.urls_clinic")),
    path("", include("notifications.urls")),
    path("admin/", include("steadwell.accounts.admin_door")),
    path("admin/", admin.site.urls),
]
if settings.DEMO:
    urlpatterns.append(path("demo/", include("steadwell.accounts.demo.urls")))

handler400 = "steadwell.portal.faults.bad_request"
handler403 = "steadwell.portal.faults.permission_denied"
handler404 = "steadwell.portal.faults.page_not_found"
handler500 = "steadwell.portal.faults.server_error"
