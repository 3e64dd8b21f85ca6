"""The middleware answers these before anything else; they are declared here so that they can be found."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from steadwell.observability import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz/live", views.live, name="healthz-live"),
    path("healthz/ready", views.ready, name="healthz-ready"),
    path("metrics", views.scrape, name="metrics"),
]
