from __future__ import annotations

from django.conf import settings
from django.urls import URLPattern, URLResolver, path

from steadwell.portal import components, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("language/", views.set_language, name="set_language"),
    path("appearance/", views.set_theme, name="set_theme"),
    path("manifest.webmanifest", views.manifest, name="manifest"),
    path("robots.txt", views.robots, name="robots"),
]

if settings.DEMO:
    urlpatterns += [
        path("components/", components.components, name="components"),
        path("components/dialog/", components.dialog, name="components-dialog"),
        path("components/error/<int:status>/", components.error, name="components-error"),
        path("components/fragment/", components.fragment, name="components-fragment"),
    ]
