"""The portal for the apps: guards, navigation, panels, answers to refusals, and words for times."""

from __future__ import annotations

from steadwell.portal.access import PortalRequest, actor_of, is_htmx, requires
from steadwell.portal.csp import ContentSecurityPolicyMiddleware, build_policy
from steadwell.portal.forms import (
    DayInput,
    Options,
    OptionsField,
    PatientSearchForm,
    PortalRenderer,
    RadioCards,
    TimeOfDayInput,
)
from steadwell.portal.months import Day, Month, month_of, next_month, previous_month
from steadwell.portal.navigation import Area, register_nav
from steadwell.portal.panels import Panel, register_panel, render_panels
from steadwell.portal.people import listed_name, listed_names, person_facts, person_rows
from steadwell.portal.refusals import error_response, refusal_response
from steadwell.portal.refused import refusals_above, refusals_on, refuse
from steadwell.portal.request_keys import new_request_key, request_key, seen_version, version_number
from steadwell.portal.returning import SeeOther, return_address
from steadwell.portal.sites import SITE_FIELD, site_asked
from steadwell.portal.wall_time import (
    ZONES,
    at_site,
    clock_text,
    day_text,
    is_ambiguous,
    moment_text,
    own_moment_text,
    time_text,
    zone_text,
)
from steadwell.portal.whose import FIELD, READERS, Whose, about, choices, reader_zone, whose

__all__ = [
    "FIELD",
    "READERS",
    "SITE_FIELD",
    "ZONES",
    "Area",
    "ContentSecurityPolicyMiddleware",
    "Day",
    "DayInput",
    "Month",
    "Options",
    "OptionsField",
    "Panel",
    "PatientSearchForm",
    "PortalRenderer",
    "PortalRequest",
    "RadioCards",
    "SeeOther",
    "TimeOfDayInput",
    "Whose",
    "about",
    "actor_of",
    "at_site",
    "build_policy",
    "choices",
    "clock_text",
    "day_text",
    "error_response",
    "is_ambiguous",
    "is_htmx",
    "listed_name",
    "listed_names",
    "moment_text",
    "month_of",
    "new_request_key",
    "next_month",
    "own_moment_text",
    "person_facts",
    "person_rows",
    "previous_month",
    "reader_zone",
    "refusal_response",
    "refusals_above",
    "refusals_on",
    "refuse",
    "register_nav",
    "register_panel",
    "render_panels",
    "request_key",
    "requires",
    "return_address",
    "seen_version",
    "site_asked",
    "time_text",
    "version_number",
    "whose",
    "zone_text",
]
