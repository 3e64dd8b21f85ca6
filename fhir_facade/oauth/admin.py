"""Registrations in the admin: read by default, decided with a reason."""

from __future__ import annotations

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from oauth2_provider.models import get_application_model

from fhir_facade.oauth import registering
from fhir_facade.oauth.models import Kind, Registration
from fhir_facade.smart.models import MEDICINE_SOURCES
from steadwell import clock
from steadwell.actor import Role
from steadwell.audit.looking import DecidedAt, actor_of
from steadwell.errors import Refusal

# The toolkit's own tables hold tokens and codes: they are nobody's to browse.
for model in ("Application", "AccessToken", "Grant", "IDToken", "RefreshToken", "DeviceGrant"):
    for registered in [
        each for each in admin.site._registry if each._meta.label == f"oauth2_provider.{model}"
    ]:
        admin.site.unregister(registered)


@admin.register(Registration)
class RegistrationAdmin(DecidedAt):
    """Apps that ask to be let in, and those that are."""

    readers = (Role.ADMINISTRATOR,)
    list_display = ("name", "kind", "publisher", "state", "asked_at", "reviewed_at")
    list_filter = ("state", "kind")
    list_select_related = ("client",)
    ordering = ("state", "-asked_at")
    decision_template = "admin/fhir_facade/registration/decide.html"

    @admin.display(description=gettext_lazy("name"))
    def name(self, row: Registration) -> str:
        return row.client.name

    def decision(self, request: HttpRequest, row: Registration) -> dict[str, object]:
        application = get_application_model().objects.get(client_id=row.client.client_id)
        return {
            "title": _("May this app ask patients for their data?"),
            "row": row,
            "redirect_uris": application.redirect_uris.split(),
            "keeps_secret": application.client_type == "confidential",
            "scopes": row.client.scopes.split(),
            "sources": MEDICINE_SOURCES if row.kind == Kind.SERVICE else [],
        }

    def decide(self, request: HttpRequest, row: Registration) -> HttpResponse:
        """``act`` is approve or refuse."""
        try:
            secret = registering.decide(
                actor=actor_of(request), registration_id=row.pk, approve=request.POST.get("act") == "approve",
                reason=request.POST.get("reason", ""),
                medicine_source=request.POST.get("medicine_source", ""), now=clock.now(),
            )  # fmt: skip
        except Refusal as refusal:
            messages.error(request, next(iter(refusal.fields.values()), refusal.text))
            return HttpResponseRedirect(request.path)
        if secret:  # shown as this answer and kept nowhere: not in a session, not in a cookie
            context = {
                **self.admin_site.each_context(request),
                "opts": self.model._meta,
                "row": row,
                "secret": secret,
            }
            return TemplateResponse(
                request,
                "admin/fhir_facade/registration/secret.html",
                context,
                headers={"Cache-Control": "no-store"},
            )
        messages.success(request, _("Decided."))
        return HttpResponseRedirect(request.path)
