from __future__ import annotations

from django.apps import AppConfig


class FhirFacadeConfig(AppConfig):
    name = "fhir_facade"
    verbose_name = "FHIR facade"

    def ready(self) -> None:
        from fhir_facade.hl7v2 import metrics, reading
        from steadwell.events import CriticalLabMessageStored, LabMessageStored
        from steadwell.outbox import service as outbox

        metrics.register()
        outbox.subscribe_batch(
            LabMessageStored, consumer="hl7.read", queue="labs.ingest", handler=reading.read_stored
        )
        outbox.subscribe_batch(
            CriticalLabMessageStored, consumer="hl7.read_critical", queue="labs.critical",
            handler=reading.read_stored,
        )  # fmt: skip
        self._export()
        self._tell_subscribers()
        self._tidy()
        self._show_in_portal()

    def _export(self) -> None:
        from datetime import timedelta

        from fhir_facade.bulk import exporting
        from steadwell.events import ExportStepDue
        from steadwell.outbox import service as outbox

        outbox.subscribe(ExportStepDue, consumer="fhir.export", queue="fhir.export", handler=exporting.step)
        outbox.repeat(
            "fhir.forget-exports", every=timedelta(hours=1), queue="default", handler=exporting.forget
        )

    def _tell_subscribers(self) -> None:
        from datetime import timedelta

        from fhir_facade.subscriptions import hearing, sending, standing, tending
        from steadwell.events import SubscriptionSendDue
        from steadwell.outbox import service as outbox

        hearing.register()
        outbox.subscribe_outside(
            SubscriptionSendDue, consumer="fhir.subscription-send", queue=hearing.QUEUE,
            handler=sending.Sending(),
        )  # fmt: skip
        outbox.handle_due(standing.SEND, queue=hearing.QUEUE, handler=tending.send)
        outbox.handle_due(standing.HEARTBEAT, queue=hearing.QUEUE, handler=tending.beat)
        outbox.handle_due(standing.END, queue=hearing.QUEUE, handler=tending.end)
        outbox.repeat(
            "fhir.tidy-subscriptions", every=timedelta(hours=1), queue="default", handler=tending.tidy
        )

    def _tidy(self) -> None:
        from datetime import timedelta

        from fhir_facade import tidying
        from steadwell.outbox import service as outbox

        outbox.repeat("fhir.tidy", every=timedelta(minutes=10), queue="default", handler=tidying.tidy)

    def _show_in_portal(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from fhir_facade.forms import registering
        from fhir_facade.oauth.connected import staff_apps_panel
        from steadwell.actor import Role
        from steadwell.portal import service as portal

        portal.register_nav(
            key="apps", label=_("Connected apps"), url_name="oauth:apps", area=portal.Area.ACCOUNT,
            icon="shield", order=60,
        )  # fmt: skip
        portal.register_panel(
            key="fhir.apps",
            place="patient",
            build=staff_apps_panel,
            roles=frozenset({Role.CLINICIAN}),
            order=90,
        )
        registering.register()
