"""The living component page (demo and tests only): what axe checks, and where a designer looks first."""

from __future__ import annotations

from datetime import date, timedelta

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from steadwell.clock import now as current_time
from steadwell.portal.forms import DayInput, RadioCards
from steadwell.portal.months import Month, month_of
from steadwell.portal.refusals import error_response


class SampleForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Full name"), help_text=gettext_lazy("As on your insurance card."), max_length=80
    )
    email = forms.EmailField(label=gettext_lazy("E-mail address"))
    born_on = forms.DateField(label=gettext_lazy("Birth date"), widget=DayInput)
    site = forms.ChoiceField(
        label=gettext_lazy("Clinic"), choices=[("", "–"), ("n", "Alder"), ("s", "Birch")]
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("How would you like to come?"),
        choices=[("person", gettext_lazy("In person")), ("video", gettext_lazy("By video"))],
        widget=RadioCards,
    )
    reason = forms.CharField(
        label=gettext_lazy("Anything we should know"), widget=forms.Textarea, required=False
    )
    agree = forms.BooleanField(label=gettext_lazy("Remind me by e-mail"))


def _sample() -> dict[str, object]:
    return {
        "steps": [_("Visit"), _("Time"), _("Confirm")],
        "urls": ["#next"],
        "alerts": [
            ("info", _("Good to know"), _("A visit by video needs a quiet place.")),
            ("good", "", _("Your visit is booked.")),
            ("warn", "", _("Please bring your insurance card.")),
            ("bad", _("That time is gone"), _("Somebody else was a moment faster.")),
        ],
        "next_visit": _("Next visit"),
        "soon": _("in 3 days"),
        "check_in": _("Check in"),
        "lead": _("A visit by video needs a quiet place."),
        "known": _("What we know"),
        "rows": [(_("Clinic"), "Alder"), (_("Time"), "9:00")],
        "badges": [
            (_("Booked"), "accent"),
            (_("Arrived"), "good"),
            (_("Requested"), "warn"),
            (_("No-show"), "bad"),
            (_("Completed"), ""),
        ],
        "buttons": [
            (_("Confirm"), ""),
            (_("Move"), " button--second"),
            (_("Open"), " button--quiet"),
            (_("Cancel the visit"), " button--danger"),
            (_("Check in"), " button--small"),
        ],
        "visits": _("Visits"),
        "tabs": [
            {"label": _("Coming up"), "url": "#coming", "current": True, "count": 2},
            {"label": _("Past"), "url": "#past", "current": False},
        ],
        "a_form": _("A form"),
        "a_month": _("A month"),
        "a_table": _("A table"),
        "none": _("No visits yet"),
        "columns": [_("When"), _("With"), _("State")],
        "table": [
            (_("Monday"), "Alder", _("Booked")),
            (_("Tuesday"), "Birch", _("Arrived")),
        ],
    }


def _month() -> Month:
    first = date(2026, 3, 1)
    days = (first + timedelta(days=n) for n in range(1, 28))
    return month_of(
        first=first,
        counts={day: day.day % 5 * 4 for day in days if day.weekday() < 5},
        url_for=lambda day: f"#day-{day}",
        today=date(2026, 3, 4),
        current=date(2026, 3, 11),
        next_url="#next-month",
    )


def components(request: HttpRequest) -> HttpResponse:
    now = current_time()
    context = {
        "form": SampleForm(request.POST) if request.method == "POST" else SampleForm(),
        "now": now,
        "until": now + timedelta(minutes=8),
        "sample": _sample(),
        "month": _month(),
    }
    return render(request, "portal/components_page.html", context)


def dialog(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/components_dialog.html", {"form": SampleForm()})


@require_GET
def error(request: HttpRequest, status: int) -> HttpResponse:
    known = {400, 403, 404, 409, 410, 412, 500, 503}
    return error_response(request, status if status in known else 404, "sample")


@require_GET
def fragment(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"<p>{_('Nothing waits for you')}</p>")
