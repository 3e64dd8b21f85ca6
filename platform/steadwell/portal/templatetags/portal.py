"""The portal's components for templates. The living page at /components/ shows every one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django import template
from django.forms import BaseForm
from django.forms.boundfield import BoundField
from django.template.context import Context
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from steadwell.portal import forms as portal_forms
from steadwell.portal import frame as page_frame
from steadwell.portal import wall_time as wall
from steadwell.portal.months import Month
from steadwell.portal.panels import render_panels
from steadwell.portal.request_keys import FIELD, new_request_key

register = template.Library()

ALERT_ICONS = {"info": "info", "good": "check-circle", "warn": "warning", "bad": "warning"}


@register.simple_tag(takes_context=True)
def frame(context: Context, part: str) -> SafeString:
    """The header or the footer of the page."""
    return page_frame.render(part, context)


@register.simple_tag
def icon(name: str, label: str = "", large: bool = False) -> SafeString:
    """An icon of the sprite; decoration unless it has a label."""
    return _drawn(name, str(label), large)


@lru_cache(maxsize=512)  # a page has some twenty, and always the same ones
def _drawn(name: str, label: str, large: bool) -> SafeString:
    address = f"{static('portal/img/icons.svg')}#{name}"
    kind = "icon icon--large" if large else "icon"
    if label:
        return format_html(
            '<svg class="{}" role="img" aria-label="{}"><use href="{}"></use></svg>', kind, label, address
        )
    return format_html('<svg class="{}" aria-hidden="true"><use href="{}"></use></svg>', kind, address)


@register.simple_block_tag
def card(content: str, title: str = "", level: int = 2, kind: str = "", aside: str = "") -> SafeString:
    """A card with an optional heading and a short word beside it."""
    context = {"content": content, "title": title, "level": level, "kind": kind, "aside": aside}
    return render_to_string("portal/components/card.html", context)


@register.simple_block_tag
def alert(content: str, kind: str = "info", title: str = "", live: bool = False) -> SafeString:
    """Something the reader should notice: info, good, warn or bad. ``live`` has it read out when it
    appears.
    """
    context = {"content": content, "title": title, "kind": kind, "icon": ALERT_ICONS[kind], "live": live}
    return render_to_string("portal/components/alert.html", context)


@register.simple_block_tag
def empty_state(content: str, title: str, icon: str = "calendar", level: int = 2) -> SafeString:
    """Where a list has nothing yet: what would be here, and what to do."""
    context = {"content": content, "title": title, "icon": icon, "level": level}
    return render_to_string("portal/components/empty_state.html", context)


@register.simple_tag
def badge(text: object, kind: str = "") -> SafeString:
    """A status in a word: accent, good, warn, bad or plain. The word says it; the colour only helps."""
    return format_html('<span class="badge{}">{}</span>', f" badge--{kind}" if kind else "", text)


@register.inclusion_tag("portal/components/steps.html")
def steps(labels: Sequence[str], current: int, urls: Sequence[str] = ()) -> dict[str, object]:
    """Where one is in a task; ``current`` counts from 1, done steps link back where ``urls`` has an
    address.
    """
    rows = [
        {
            "label": label,
            "number": number,
            "done": number < current,
            "current": number == current,
            "url": urls[number - 1] if number <= len(urls) and number < current else "",
        }
        for number, label in enumerate(labels, start=1)
    ]
    return {"steps": rows, "current": current, "total": len(rows)}


@register.inclusion_tag("portal/components/tabs.html")
def tabs(items: Sequence[Mapping[str, object]], label: str) -> dict[str, object]:
    """Tabs are links: items with ``label``, ``url``, ``current`` and an optional ``count``."""
    return {"items": items, "label": label}


@register.inclusion_tag("portal/components/terms.html")
def terms(rows: Sequence[tuple[str, object]]) -> dict[str, object]:
    """Terms and what they are; rows without a value are left out."""
    return {"rows": [(term, value) for term, value in rows if value not in (None, "")]}


@register.inclusion_tag("portal/components/pagination.html")
def pagination(previous_url: str = "", next_url: str = "") -> dict[str, object]:
    """Earlier and later. Lists are never counted, so there are no page numbers."""
    return {"previous_url": previous_url, "next_url": next_url}


@register.inclusion_tag("portal/components/countdown.html")
def countdown(until: datetime, now: datetime, zone: str) -> dict[str, object]:
    """A place kept until then: the server says until when, the script counts the rest down."""
    left = max(0, int((until - now).total_seconds()))
    return {
        "seconds": left,
        "left": f"{left // 60}:{left % 60:02d}",
        "until": wall.time_text(until, zone),
        "instant": until.isoformat(),
    }


@register.inclusion_tag("portal/components/month.html")
def month_glance(month: Month, level: int = 2) -> dict[str, object]:
    return {"month": month, "level": level}


@register.inclusion_tag("portal/components/skeleton.html")
def skeleton(shown: bool = False) -> dict[str, object]:
    """Bars in place of what htmx is fetching."""
    return {"shown": shown}


@register.simple_tag
def field(bound: BoundField, hint: str = "", autocomplete: str = "", short: bool = False) -> SafeString:
    """One form field with label, hint and error. The form decides what it is; the template may add a hint."""
    if hint:
        bound.help_text = hint
    if autocomplete:
        bound.field.widget.attrs["autocomplete"] = autocomplete
    if short:
        bound.field.widget.attrs["data-short"] = "yes"
    return bound.as_field_group()


@register.inclusion_tag("portal/forms/summary.html")
def error_summary(*given: BaseForm) -> dict[str, object]:
    """Everything that is wrong, on top of the page, each line a link to its field."""
    wrong = [line for form in given if form and form.is_bound for line in portal_forms.mistakes(form)]
    return {"mistakes": wrong}


@register.simple_tag(takes_context=True)
def title_prefix(context: Context) -> str:
    """ "Error: " in front of the title of a page that shows a refused form."""
    for value in context.flatten().values():
        if isinstance(value, BaseForm) and value.is_bound and value.errors:
            return gettext("Error:") + " "
    return ""


@register.simple_tag
def request_key(key: str = "") -> SafeString:
    """The hidden input that makes a form safe to send twice."""
    return format_html('<input type="hidden" name="{}" value="{}">', FIELD, key or new_request_key())


@register.simple_tag(takes_context=True)
def panels(context: Context, place: str) -> list[SafeString]:
    """The registered panels of a place, rendered: ``{% panels "home" as parts %}``."""
    return render_panels(context["request"], place)


@register.simple_tag
def moment(instant: datetime, zone: str) -> SafeString:
    """Day, time and zone of an instant at a clinic, machine-readable too."""
    return format_html('<time datetime="{}">{}</time>', instant.isoformat(), wall.moment_text(instant, zone))


@register.filter
def own_moment(instant: datetime) -> str:
    """Day, time and zone of an instant on the reader's own clock."""
    return wall.own_moment_text(instant)


@register.filter
def wall_time(instant: datetime, zone: str) -> str:
    return wall.time_text(instant, zone)


@register.filter
def wall_day(instant: datetime, zone: str) -> str:
    return wall.day_text(wall.at_site(instant, zone).date())


@register.filter
def day_text(day: date, name: str = "day") -> str:
    return wall.day_text(day, name)


@register.filter
def zone_name(zone: str) -> str:
    return wall.zone_text(zone)


@register.filter
def widget_kind(bound: BoundField) -> str:
    """What the field's template needs to know about its widget: tick, choices or plain."""
    kind: Any = bound.widget_type
    if kind == "checkbox":
        return "tick"
    if kind in {"radioselect", "radiocards", "checkboxselectmultiple"}:
        return "choices"
    return "plain"
