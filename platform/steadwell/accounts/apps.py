from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import Tags, register


class AccountsConfig(AppConfig):
    name = "steadwell.accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        from steadwell.accounts import checks, subscribers
        from steadwell.accounts.sign_in import receivers

        receivers.connect()
        subscribers.connect()
        _close_side_doors()
        register(checks.axes_in_place, Tags.security)
        register(checks.no_demo, Tags.security, deploy=True)


def _close_side_doors() -> None:
    """The admin pages that others bring for accounts would change them without the audit."""
    from allauth.account.models import EmailAddress
    from allauth.mfa.models import Authenticator
    from django.contrib import admin
    from django.contrib.auth.models import Group

    for model in (EmailAddress, Authenticator, Group):
        if admin.site.is_registered(model):
            admin.site.unregister(model)
