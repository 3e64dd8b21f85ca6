"""Addresses of the clinic's pages about results, below /clinic/labs/. Ids mean nothing outside."""

from __future__ import annotations

from django.urls import path

from labs.views.clinic import acting, calls, inbox, reports, settings, waiting

app_name = "clinic-labs"
urlpatterns = [
    path("", inbox.inbox_page, name="inbox"),
    path("news/", inbox.news, name="news"),
    path("alert/", inbox.alert, name="alert"),
    path("sign-normal/", inbox.sign_normal, name="sign-normal"),
    path("keys/", settings.keys, name="keys"),
    path("away/", settings.away, name="away"),
    path("away/<uuid:away_id>/end/", settings.end_cover, name="end-cover"),
    path("critical/", calls.critical, name="critical"),
    path("critical/times/", calls.times, name="times"),
    path("critical/<uuid:call_id>/", calls.confirm, name="confirm"),
    path("settings/", settings.site_settings, name="settings"),
    path("settings/standing/", settings.set_standing, name="standing"),
    path("settings/on-call/", settings.put_on_call, name="on-call"),
    path("settings/on-call/<uuid:shift_id>/end/", settings.end_shift, name="end-shift"),
    path("waiting/", waiting.queue, name="waiting"),
    path("waiting/<uuid:report_id>/", waiting.match, name="match"),
    path("document/<uuid:document_id>/", reports.document, name="document"),
    path("task/<uuid:task_id>/<slug:act>/", acting.task, name="task"),
    path("report/<uuid:report_id>/", reports.report_page, name="report"),
    path("report/<uuid:report_id>/sign/", acting.sign, name="sign"),
    path("report/<uuid:report_id>/follow-up/", acting.follow_up, name="follow-up"),
    path("report/<uuid:report_id>/same/<uuid:question_id>/", acting.same, name="same"),
    path("report/<uuid:report_id>/versions/", reports.versions_page, name="versions"),
    path("report/<uuid:report_id>/result/<uuid:result_id>/", reports.result_page, name="result"),
]
