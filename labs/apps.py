from __future__ import annotations

from django.apps import AppConfig


class LabsConfig(AppConfig):
    name = "labs"
    verbose_name = "Labs"

    def ready(self) -> None:
        from labs import following, subscribers
        from labs.review import subscribers as review
        from labs.views.clinic import registering

        following.register()
        review.register()
        registering.register()
        subscribers.register()
