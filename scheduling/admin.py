"""The set-up in the Django admin. It reads by default; every change goes through setup.py, and so into the
audit.

Visits, holds and claims are not here: patients' data has its own pages, which record each look.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import URLField
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from scheduling import models, setup
from scheduling.setup import SetUp
from scheduling.vocabulary import LANGUAGES, RESOURCE_KINDS, SPECIALITIES
from steadwell import clock
from steadwell.actor import Actor, Role
from steadwell.errors import Refusal


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _may(request: HttpRequest) -> bool:
    """Administrators, and managers as far as the service lets them: their own sites."""
    return _actor(request).has(Role.ADMINISTRATOR, Role.MANAGER)


class Several(forms.TypedMultipleChoiceField):
    """Codes from a vocabulary, kept as a list."""

    widget = forms.CheckboxSelectMultiple


class SetUpAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Shown as text; "Change" opens the form only where the reader may change, and saving calls the
    service.
    """

    kind: ClassVar[SetUp]
    deletable = False
    actions = None
    show_full_result_count = False
    list_per_page = 50

    def has_module_permission(self, request: HttpRequest) -> bool:
        return _may(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _may(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _may(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Read by default: a change is asked for, with ?change on the address of the row.
        asked = request.method == "POST" or "change" in request.GET
        return asked and _may(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.deletable and _may(request)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        context["may_ask_for_change"] = "change" not in request.GET and _actor(request).has(
            Role.ADMINISTRATOR
        )
        return super().render_change_form(request, context, *args, **kwargs)

    change_form_template = "admin/scheduling/change_form.html"

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        values = {
            name: getattr(obj, _column(obj, name)) for name in form.cleaned_data if _is_field(obj, name)
        }
        named = {_column(obj, name): value for name, value in values.items()}
        with _refusals_as_denials():
            obj.pk = setup.save_setup(
                actor=_actor(request),
                kind=self.kind,
                values=named,
                now=clock.now(),
                entity_id=obj.pk if change else None,
            )

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """There are no inlines: nothing is saved beside the service."""

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        with _refusals_as_denials():
            setup.remove_setup(actor=_actor(request), kind=self.kind, entity_id=obj.pk, now=clock.now())

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The audit holds it."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The audit holds it."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """The audit holds it."""


@contextmanager
def _refusals_as_denials() -> Iterator[None]:
    """The form has checked the values; what the service still refuses is not this person's to change."""
    try:
        yield
    except Refusal as refusal:
        raise PermissionDenied(refusal.text) from refusal


def _is_field(obj: Any, name: str) -> bool:
    return any(field.name == name for field in obj._meta.concrete_fields)


def _column(obj: Any, name: str) -> str:
    """``site`` becomes ``site_id``: the service takes ids."""
    return str(obj._meta.get_field(name).attname)


class PractitionerForm(forms.ModelForm):  # type: ignore[type-arg]
    specialities = Several(label=_("specialities"), choices=list(SPECIALITIES.items()))
    languages = Several(label=_("languages"), choices=list(LANGUAGES.items()), required=False)

    class Meta:
        model = models.Practitioner
        fields = ("name", "title", "specialities", "languages", "active")


class VisitTypeForm(forms.ModelForm):  # type: ignore[type-arg]
    speciality = forms.ChoiceField(label=_("speciality"), choices=list(SPECIALITIES.items()))
    resource_kinds = Several(label=_("needs"), choices=list(RESOURCE_KINDS.items()), required=False)

    class Meta:
        model = models.VisitType
        fields = (
            "organisation",
            "code",
            "name",
            "description",
            "preparation",
            "speciality",
            "resource_kinds",
            "modality",
            "minutes",
            "step_minutes",
            "buffer_before",
            "buffer_after",
            "capacity",
            "patients_may_book",
            "active",
        )


class ResourceForm(forms.ModelForm):  # type: ignore[type-arg]
    kind = forms.ChoiceField(label=_("kind"), choices=list(RESOURCE_KINDS.items()))

    class Meta:
        model = models.Resource
        fields = ("site", "kind", "name", "active")


@admin.register(models.Organisation)
class OrganisationAdmin(SetUpAdmin):
    kind = SetUp.ORGANISATION
    list_display = ("name",)


@admin.register(models.Site)
class SiteAdmin(SetUpAdmin):
    kind = SetUp.SITE
    formfield_overrides: ClassVar[dict[Any, Any]] = {URLField: {"assume_scheme": "https"}}
    list_display = ("name", "time_zone", "mode", "window_days", "active")
    list_filter = ("mode", "active")


@admin.register(models.Resource)
class ResourceAdmin(SetUpAdmin):
    kind = SetUp.RESOURCE
    form = ResourceForm
    list_display = ("name", "kind", "site", "active")
    list_filter = ("site", "kind")
    list_select_related = ("site",)


@admin.register(models.Practitioner)
class PractitionerAdmin(SetUpAdmin):
    kind = SetUp.PRACTITIONER
    form = PractitionerForm
    list_display = ("name", "title", "active")
    search_fields = ("name",)


@admin.register(models.VisitType)
class VisitTypeAdmin(SetUpAdmin):
    kind = SetUp.VISIT_TYPE
    form = VisitTypeForm
    list_display = ("name", "speciality", "minutes", "modality", "capacity", "patients_may_book", "active")
    list_filter = ("speciality", "modality", "active")


@admin.register(models.WeeklyHours)
class WeeklyHoursAdmin(SetUpAdmin):
    kind = SetUp.HOURS
    deletable = True
    list_display = ("practitioner", "site", "weekday", "starts", "ends", "valid_from", "valid_until")
    list_filter = ("site", "weekday", "practitioner")
    list_select_related = ("practitioner", "site")


@admin.register(models.AvailabilityException)
class AvailabilityExceptionAdmin(SetUpAdmin):
    kind = SetUp.EXCEPTION
    deletable = True
    list_display = ("practitioner", "site", "on", "effect", "starts", "ends")
    list_filter = ("site", "effect", "practitioner")
    list_select_related = ("practitioner", "site")


@admin.register(models.Holiday)
class HolidayAdmin(SetUpAdmin):
    kind = SetUp.HOLIDAY
    deletable = True
    list_display = ("name", "on", "site")
    list_filter = ("site",)
    list_select_related = ("site",)
