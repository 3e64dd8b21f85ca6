"""``python3 manage.py seed_demo``: the made-up clinic of the demo, with its laboratory."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from steadwell import clock


class Command(BaseCommand):
    help = (
        "Make the demo clinic: 3 sites, 14 clinicians, 600 patients, their visits and some results."
        " Repeating it changes nothing."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        from fhir_facade import service as fhir
        from scheduling import service as scheduling

        if not getattr(settings, "DEMO", False):
            raise CommandError("This is not a demo (DEMO is off): made-up people do not go among real ones.")
        now = clock.now()
        made = scheduling.seed_demo(now=now)
        made = seed_results(now) or made
        made = seed_medicines(now) or made
        made = fhir.seed_sandbox(now=now) or made
        made = seed_forms(now) or made
        self.stdout.write("The demo clinic is ready." if made else "The demo clinic was there already.")


def seed_forms(now: datetime) -> bool:
    """The first two who sign in have a form to fill in."""
    from fhir_facade import service as fhir
    from scheduling import service as scheduling

    handed = scheduling.demo_patients(now=now)[:2]
    return fhir.seed_forms(person_ids=[each.person_id for each in handed], now=now)


def seed_results(now: datetime) -> bool:
    """The laboratory's part, about the patients whom scheduling made."""
    from labs import service as labs
    from scheduling import service as scheduling
    from steadwell.actor import system
    from steadwell.identity import service as identity

    handed = scheduling.demo_patients(now=now)
    known = identity.names(actor=system("demo"), person_ids=[each.person_id for each in handed], now=now)
    return labs.seed_demo(
        patients=[
            labs.DemoPatient(
                person_id=each.person_id,
                number=each.number,
                site_id=each.site_id,
                practitioner_id=each.practitioner_id,
                demographics=identity.Demographics(
                    family_name=known[each.person_id].family_name,
                    given_name=known[each.person_id].given_name,
                    birth_date=known[each.person_id].birth_date,
                    sex=known[each.person_id].sex,
                ),
            )
            for each in handed
            if each.person_id in known
        ],
        now=now,
    )


def seed_medicines(now: datetime) -> bool:
    """What the same patients take."""
    from medications import service as medications
    from scheduling import service as scheduling

    return medications.seed_demo(
        patients=[
            medications.DemoPatient(
                person_id=each.person_id, site_id=each.site_id, practitioner_id=each.practitioner_id
            )
            for each in scheduling.demo_patients(now=now)
        ],
        now=now,
    )
