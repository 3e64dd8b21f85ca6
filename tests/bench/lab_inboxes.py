"""Two hundred inboxes open at once: what their asking for news costs, over HTTP as a browser asks."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from steadwell import clock
from tests.bench import figures, web
from tests.bench.figures import Report

OPEN = 200
EVERY = 4.0  # seconds between two questions of one page (labs/clinic/_inbox.html)
_NEWS = "/clinic/labs/news/?seen="


def measure(report: Report, reader: UUID, *, seconds: float) -> None:
    """``quiet``: nothing changed since the page knew it. ``changed``: the list of 40 again."""
    users = _clinicians(reader)
    keys = web.sign_in([str(each) for each in users], staff=True)
    stamps = _stamps(users)
    turns = max(1, int(seconds))
    with web.server() as server:
        quiet = [
            [web.get(_NEWS + stamp, key, part=True)] * turns for key, stamp in zip(keys, stamps, strict=True)
        ]
        figures.measure(report, "inboxes.quiet", server, quiet, expect=204, seconds=seconds)
        changed = [[web.get(_NEWS + "0", keys[0], part=True)] * turns for _ in range(8)]
        figures.measure(report, "inboxes.changed", server, changed, expect=200, seconds=seconds)
    share = report.figures[f"inboxes.quiet.cpu_ms.c{OPEN}"] * OPEN / EVERY / 10
    report.set("inboxes.quiet_cpu_percent", share, 1)
    report.notes.append(
        f"inboxes: {OPEN} clinicians' pages that ask every {EVERY:.0f} s; quiet_cpu_percent of one core"
    )


def _clinicians(reader: UUID) -> list[UUID]:
    """The first is the one before whom all results of the bench are."""
    from scheduling import models
    from steadwell.accounts.models import Grant, User
    from steadwell.ids import new_id

    now = clock.now()
    site = models.Site.objects.get()
    others = models.Practitioner.objects.bulk_create(
        models.Practitioner(name=f"Clinician {n}", specialities=["family"], languages=["en"])
        for n in range(OPEN - 1)
    )
    users = User.objects.bulk_create(
        User(
            id=new_id(), password="!", email=f"c{n}@bench.test", created_at=now, practitioner_id=practitioner
        )
        for n, practitioner in enumerate([reader, *(each.pk for each in others)])
    )  # fmt: skip
    Grant.objects.bulk_create(
        Grant(user=user, role="clinician", site_id=site.pk, valid_from=now - timedelta(days=1))
        for user in users
    )
    return [user.pk for user in users]


def _stamps(users: list[UUID]) -> list[str]:
    from labs.review import inbox
    from steadwell.accounts import service as accounts
    from steadwell.ids import UserId

    now = clock.now()
    actors = [accounts.actor_for_user(user_id=UserId(each), now=now) for each in users]
    return [inbox.counts(actor=actor, now=now).stamp for actor in actors]
