"""What a clinic answers for patients who did not say when they want to see their results."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from labs import policies
from labs.policy import Choice, Legal
from labs.views.clinic.forms import StandingForm
from steadwell import clock
from steadwell.actor import Actor
from steadwell.errors import Invalid
from steadwell.ids import SiteId


def form_for(site: SiteId, data: Any = None) -> StandingForm:
    """As it stands, or as it was sent. Only what the policy knows how to honour is offered."""
    kept = policies.standing_at(site)
    now = clock.now()
    honoured = {rule.on_choice for rule in policies.current_rules() if rule.on_choice and rule.is_active(now)}
    offered = [
        (each.value, words)
        for each, words in _words().items()
        if each in {Choice.AT_ONCE, kept.choice, *honoured}
    ]
    initial = {"choice": kept.choice.value, "legal": kept.legal.value if kept.legal else ""}
    return StandingForm(offered, _reasons(), data, initial=initial)


def save(form: StandingForm, *, actor: Actor, site: SiteId) -> bool:
    """Whether it was kept; else the form says why not."""
    if not form.is_valid():
        return False
    given = form.cleaned_data
    choice = Choice(given["choice"])
    try:
        policies.set_standing(
            actor=actor, site_id=site, choice=choice, now=clock.now(), reason=given["reason"],
            legal=Legal(given["legal"]) if given["legal"] and choice is not Choice.AT_ONCE else None,
        )  # fmt: skip
    except Invalid as refused:
        for field, text in refused.fields.items():
            form.add_error(field, text)
        return False
    return True


def _words() -> dict[Choice, str]:
    return {
        Choice.AT_ONCE: _("At once"),
        Choice.AFTER_SEEN: _("After a clinician has seen it"),
        Choice.AFTER_TALK: _("After a clinician has talked with them"),
    }


def _reasons() -> list[tuple[str, str]]:
    return [
        (Legal.LAW.value, _("A law requires it (171.103)")),
        (Legal.HARM.value, _("It prevents harm (171.201)")),
        (Legal.CONSENT.value, _("A law asks for consent first (171.202 b)")),
        (Legal.DENIAL.value, _("Access may be denied (171.202 d)")),
        (Legal.REQUEST.value, _("The patients asked for it (171.202 e)")),
        (Legal.SECURITY.value, _("It protects security (171.203)")),
        (Legal.INFEASIBLE.value, _("It cannot be done otherwise (171.204)")),
    ]
