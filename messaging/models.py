"""Conversations as they stand, what was written in them, and what was read."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from messaging.types import LONGEST, Side, State, Step, Subject
from steadwell.ids import new_id

SUBJECTS = [(each.value, each.value) for each in Subject]
STATES = [(each.value, each.value) for each in State]
SIDES = [(each.value, each.value) for each in Side]
STEPS = [(each.value, each.value) for each in Step]


class Conversation(models.Model):
    """One conversation as it stands; every change of it is an Entry. phi: indirect (ids and codes).

    ``person_id`` is the id under which the patient wrote: a merge changes nothing here, and after an un-merge
    it is theirs again.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    version = models.PositiveIntegerField(_("version"))  # the number of its last entry
    person_id = models.UUIDField(_("patient"))
    site_id = models.UUIDField(_("site"))
    subject = models.CharField(_("about"), max_length=16, choices=SUBJECTS)
    state = models.CharField(_("state"), max_length=16, choices=STATES)
    started_at = models.DateTimeField(_("started"))
    changed_at = models.DateTimeField(_("last entry"))
    waiting_since = models.DateTimeField(_("waits since"), null=True)
    answer_by = models.DateTimeField(_("to be answered by"), null=True)
    assigned_to = models.UUIDField(_("with"), null=True)
    # The last words of each side, and how far the other side has had them on its screen.
    last_of_patient = models.PositiveIntegerField(default=0)
    last_of_team = models.PositiveIntegerField(default=0)
    read_by_patient = models.PositiveIntegerField(default=0)
    read_by_team = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        constraints = [
            # What waits says since when and until when, and nothing else does: the queue and the patient's
            # page rely on it.
            models.CheckConstraint(
                condition=Q(state=State.WAITING.value, waiting_since__isnull=False, answer_by__isnull=False)
                | (~Q(state=State.WAITING.value) & Q(waiting_since__isnull=True, answer_by__isnull=True)),
                name="messaging_conversation_waits",
            ),
            # What nobody has to do is with nobody.
            models.CheckConstraint(
                condition=~Q(state=State.CLOSED.value) | Q(assigned_to__isnull=True),
                name="messaging_conversation_closed",
            ),
            models.CheckConstraint(
                condition=Q(subject__in=[each.value for each in Subject]),
                name="messaging_conversation_subject",
            ),
        ]
        indexes = [
            # A patient's conversations, the latest first.
            models.Index(fields=["person_id", "-changed_at"], name="messaging_conversation_person"),
            # What a site's care team has to answer, the longest waiting first.
            models.Index(
                fields=["site_id", "waiting_since"],
                name="messaging_conversation_queue",
                condition=Q(state=State.WAITING.value),
            ),
            # The rest of a site's conversations, the latest first.
            models.Index(fields=["site_id", "state", "-changed_at"], name="messaging_conversation_site"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Entry(models.Model):
    """One thing written or done in a conversation. Append-only: a correction is a further entry. phi: direct.

    ``role`` is the role in which its author wrote; ``practitioner_id`` the clinician they are.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    conversation = models.ForeignKey(Conversation, models.PROTECT, related_name="+", db_index=False)
    number = models.PositiveIntegerField()
    step = models.CharField(max_length=16, choices=STEPS)
    side = models.CharField(max_length=16, choices=SIDES)
    author_id = models.UUIDField(null=True)
    role = models.CharField(max_length=64)
    practitioner_id = models.UUIDField(null=True)
    text = models.CharField(max_length=LONGEST, blank=True)
    assigned_to = models.UUIDField(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            # Entries are counted, so that two who saw the same cannot both add the next. Also finds those of
            # a conversation, in their order.
            models.UniqueConstraint(fields=["conversation", "number"], name="messaging_entry_once"),
            # A message says something, and a closing says why.
            models.CheckConstraint(
                condition=Q(step=Step.ASSIGNED.value) | ~Q(text=""), name="messaging_entry_words"
            ),
            # The care team alone closes and assigns.
            models.CheckConstraint(
                condition=Q(step=Step.MESSAGE.value) | Q(side=Side.CARE_TEAM.value),
                name="messaging_entry_side",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.conversation_id} {self.number}"


class Reading(models.Model):
    """That somebody of one side had a conversation on their screen, up to an entry. Append-only.

    phi: indirect (ids). The first look at each further entry of the other side is kept, and no later one; who
    else looked, and how often, the audit knows.
    """

    id = models.BigAutoField(primary_key=True)
    conversation = models.ForeignKey(Conversation, models.PROTECT, related_name="+", db_index=False)
    side = models.CharField(max_length=16, choices=SIDES)
    up_to = models.PositiveIntegerField()
    by_id = models.UUIDField(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            # Two who open it at once are one reading. Also finds when an entry was first read.
            models.UniqueConstraint(fields=["conversation", "side", "up_to"], name="messaging_reading_once"),
        ]

    def __str__(self) -> str:
        return f"{self.conversation_id} {self.up_to}"
