"""For those who build an app or connect a system: where things are, what is served, asking to be let in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from fhir_facade.oauth import addresses, registering, sandbox
from fhir_facade.oauth.consent import WORDS
from fhir_facade.oauth.models import Kind
from fhir_facade.server import capability, operations
from fhir_facade.server.registry import Definition, registry
from fhir_facade.subscriptions import topics
from fhir_facade.subscriptions.wanted import BACKPORT
from steadwell import clock
from steadwell.portal import service as portal

# For a shell: the same in every language. The sandbox's run as they are.
EXAMPLES = """\
curl {base}/metadata

curl -X POST {token} \\
  -d grant_type=client_credentials -d scope=system/Observation.rs \\
  -d client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer \\
  -d client_assertion=$ASSERTION

curl -H "Authorization: Bearer $TOKEN" \\
  "{base}/Observation?patient=$PATIENT&category=laboratory&_sort=-date"

curl -H "Authorization: Bearer $TOKEN" \\
  "{base}/MedicationRequest?patient=$PATIENT&intent=order&status=active,on-hold"
"""
SANDBOX = """\
# What is served, without a token
curl -s {base}/metadata

# A token for the sandbox's service: the page signs for you
ASSERTION=$(curl -s {assertion})
TOKEN=$(curl -s {token} \\
  -d grant_type=client_credentials -d scope=system/*.cruds \\
  -d client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer \\
  -d client_assertion=$ASSERTION | sed 's/.*"access_token": *"\\([^"]*\\)".*/\\1/')

# A patient, and their latest laboratory results
curl -s -H "Authorization: Bearer $TOKEN" "{base}/Patient?_count=1"
curl -s -H "Authorization: Bearer $TOKEN" \\
  "{base}/Observation?category=laboratory&_sort=-date&_count=2&_include=Observation:patient"

# A doctor, made once however often this is sent
curl -s -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/fhir+json" \\
  -H "If-None-Exist: identifier=urn:example:doctors|1" {base}/Practitioner \\
  -d '{{"resourceType": "Practitioner", "name": [{{"family": "Sandbox"}}],
       "identifier": [{{"system": "urn:example:doctors", "value": "1"}}]}}'

# An export: the address in Content-Location tells when it is done
curl -s -i -H "Authorization: Bearer $TOKEN" -H "Prefer: respond-async" \\
  '{base}/$export?_type=Patient' | grep -i content-location
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One type of resource in words."""

    type: str
    words: str
    can: str
    searched_by: str


class RegistrationForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name of the app"), max_length=200)
    publisher = forms.CharField(label=gettext_lazy("Who makes it"), max_length=200)
    purpose = forms.CharField(
        label=gettext_lazy("What it is for"),
        help_text=gettext_lazy("Patients read this before they let it in."),
        max_length=600,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    contact = forms.EmailField(label=gettext_lazy("Whom we write to"))
    kind = forms.ChoiceField(label=gettext_lazy("What it is"), choices=Kind.choices)
    confidential = forms.BooleanField(
        label=gettext_lazy("It runs on a server and keeps a secret"), required=False
    )
    scope = forms.CharField(
        label=gettext_lazy("Scopes it may ask for"),
        help_text=gettext_lazy("For example: launch/patient patient/Observation.rs openid fhirUser"),
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
    )
    redirect_uris = forms.CharField(
        label=gettext_lazy("Addresses that people come back to, one a line"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
    )
    jwks_url = forms.URLField(
        label=gettext_lazy("Address of its public keys"), required=False, assume_scheme="https"
    )
    launch_url = forms.URLField(
        label=gettext_lazy("Launch address, for an app that staff open"),
        required=False,
        assume_scheme="https",
    )
    homepage = forms.URLField(label=gettext_lazy("Home page"), required=False, assume_scheme="https")

    def asked(self) -> registering.Asked:
        said = dict(self.cleaned_data)
        redirect_uris = tuple(said.pop("redirect_uris").split())
        return registering.Asked(redirect_uris=redirect_uris, **{**said, "kind": Kind(said["kind"])})


@require_GET
def developers(request: HttpRequest) -> HttpResponse:
    """Open to everybody: what is served is no secret."""
    context = {
        "base": addresses.fhir_base(),
        "configuration": f"{addresses.fhir_base()}/.well-known/smart-configuration",
        "examples": EXAMPLES.format(base=addresses.fhir_base(), token=addresses.absolute("oauth:token")),
        "sandbox": _sandbox() if sandbox.is_open() else None,
        "served": [_served(each) for each in registry()],
        "topics": topics.served(),
        "subscription": _subscription(),
    }
    return render(request, "fhir_facade/oauth/developers.html", context)


def _subscription() -> str:
    """One to start from."""
    content = {"url": f"{BACKPORT}backport-payload-content", "valueCode": "id-only"}
    said = {
        "resourceType": "Subscription", "status": "requested", "reason": "Keep our list of visits fresh",
        "criteria": topics.served()[0].url,
        "channel": {
            "type": "rest-hook", "endpoint": "https://app.example.org/told",
            "payload": "application/fhir+json", "_payload": {"extension": [content]},
        },
    }  # fmt: skip
    return json.dumps(said, indent=2)


def _sandbox() -> dict[str, str]:
    """Two clients that are let in already: lines for a shell, and where an app sends its patient."""
    asked = {
        "response_type": "code", "client_id": sandbox.APP, "redirect_uri": addresses.absolute(sandbox.BACK),
        "scope": sandbox.SCOPE, "state": "sandbox", "aud": addresses.fhir_base(),
        "code_challenge": sandbox.challenge(), "code_challenge_method": "S256",
    }  # fmt: skip
    return {
        "app": sandbox.APP,
        "service": sandbox.SERVICE,
        "authorize": f"{addresses.absolute('oauth:authorize')}?{urlencode(asked)}",
        "lines": SANDBOX.format(
            base=addresses.fhir_base(), token=addresses.absolute("oauth:token"),
            assertion=addresses.absolute("oauth:sandbox-assertion"),
        ),
    }  # fmt: skip


@require_http_methods(["GET", "POST"])
@portal.requires()
def register(request: portal.PortalRequest) -> HttpResponse:
    form = RegistrationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with portal.refusals_on(form):
            client_id = registering.register(actor=request.actor, asked=form.asked(), now=clock.now())
            said = _(
                "Asked. The app's client id is %(client_id)s. It works once somebody here has approved it."
            )
            messages.success(request, said % {"client_id": client_id})
            return HttpResponseRedirect(reverse("oauth:developers"))
    return render(request, "fhir_facade/oauth/register.html", {"form": form})


def _served(definition: Definition) -> Served:
    done = definition.interactions
    verbs = {
        "read": _("read"), "search-type": _("search"), "create": _("create"), "update": _("change"),
        "patch": _("patch"), "delete": _("delete"), "history-instance": _("former versions"),
    }  # fmt: skip
    exports = ["$export"] if definition.type in capability.EXPORTS else []
    return Served(
        type=definition.type,
        words=str(WORDS.get(definition.type, definition.type)),
        can=", ".join(
            [
                *(words for name, words in verbs.items() if name in done),
                *(f"${each.name}" for each in operations.of(definition)),
                *exports,
            ]
        ),
        searched_by=", ".join(param.name for param in definition.params),
    )
