"""The living component page (demo and tests only): what axe checks and what screenshots are compared with."""

from __future__ import annotations

from datetime import date, timedelta

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from steadwell.clock import now as current_time
from steadwell.portal.forms import DayInput, RadioCards
from steadwell.portal.months import month_of
from steadwell.portal.refusals import error_response


class SampleForm(forms.Form):
    name = forms.CharField(label="Full name", help_text="As on your insurance card.", max_length=80)
    email = forms.EmailField(label="E-mail address")
    born_on = forms.DateField(label="Birth date", widget=DayInput)
    site = forms.ChoiceField(label="Clinic", choices=[("", "Choose one"), ("n", "North"), ("s", "South")])
    kind = forms.ChoiceField(
        label="How would you like to come?",
        choices=[("person", "In person"), ("video", "By video")],
        widget=RadioCards,
    )
    reason = forms.CharField(label="Anything we should know", widget=forms.Textarea, required=False)
    agree = forms.BooleanField(label="Remind me by e-mail", help_text="You can change this at any time.")


def components(request: HttpRequest) -> HttpResponse:
    now = current_time()
    form = SampleForm(request.POST) if request.method == "POST" else SampleForm()
    first = date(2026, 3, 1)
    counts = {first + timedelta(days=n): n % 5 * 4 for n in range(1, 28) if (first + timedelta(days=n)).weekday() < 5}
    context = {
        "form": form,
        "now": now,
        "until": now + timedelta(minutes=8),
        "step_labels": ["Visit", "Time", "Confirm"],
        "step_urls": ["#first"],
        "rows": [("Clinic", "North"), ("With", "Dr. Imani Reyes"), ("Room", "")],
        "tab_items": [
            {"label": "Coming", "url": "#coming", "current": True, "count": 2},
            {"label": "Past", "url": "#past", "current": False},
        ],
        "month": month_of(
            first=first,
            counts=counts,
            url_for=lambda day: f"#day-{day}",
            today=date(2026, 3, 4),
            current=date(2026, 3, 11),
            next_url="#next-month",
        ),
    }
    return render(request, "portal/components_page.html", context)


def dialog(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/components_dialog.html", {"form": SampleForm()})


@require_GET
def error(request: HttpRequest, status: int) -> HttpResponse:
    if status not in {400, 403, 404, 409, 410, 412, 500, 503}:
        status = 404
    return error_response(request, status, "sample")


@require_GET
def fragment(request: HttpRequest) -> HttpResponse:
    return HttpResponse("<p>Fetched.</p>")
