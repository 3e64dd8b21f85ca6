from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from notifications.views import (
    calls,
    campaigns,
    choosing,
    delivery,
    demo,
    devices,
    ledger,
    reading,
    reports,
    staff,
    wording,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("inbox/", reading.inbox, name="notifications_inbox"),
    path("inbox/read/", reading.mark_all_read, name="notifications_mark_all_read"),
    path("inbox/<str:token>/", reading.notice, name="notifications_notice"),
    path("inbox/<str:token>/visit.ics", reading.calendar, name="notifications_calendar"),
    path("preferences/", choosing.preferences, name="notifications_preferences"),
    path("preferences/contacts/", choosing.contacts, name="notifications_contacts"),
    path("preferences/contacts/<uuid:contact_id>/", choosing.confirm, name="notifications_confirm"),
    path("preferences/contacts/<uuid:contact_id>/code/", choosing.new_code, name="notifications_new_code"),
    path(
        "preferences/contacts/<uuid:contact_id>/remove/", choosing.remove, name="notifications_remove_contact"
    ),
    path("devices/", devices.devices, name="notifications_devices"),
    path("devices/subscribe/", devices.subscribe, name="notifications_subscribe"),
    path("devices/unsubscribe/", devices.unsubscribe, name="notifications_unsubscribe"),
    path("push-worker.js", devices.worker, name="notifications_push_worker"),
    path("clinic/untold/", staff.untold, name="notifications_untold"),
    path("clinic/untold/<uuid:message_id>/", staff.settle, name="notifications_settle"),
    path("clinic/wording/", wording.overview, name="notifications_wording"),
    path("clinic/wording/version/<uuid:wording_id>/", wording.version, name="notifications_wording_version"),
    path(
        "clinic/wording/version/<uuid:wording_id>/mail/<str:language>/",
        wording.mail,
        name="notifications_wording_mail",
    ),
    path(
        "clinic/wording/version/<uuid:wording_id>/approve/",
        wording.approve,
        name="notifications_wording_approve",
    ),
    path(
        "clinic/wording/version/<uuid:wording_id>/refuse/",
        wording.refuse,
        name="notifications_wording_refuse",
    ),
    path("clinic/wording/<str:code>/", wording.edit, name="notifications_wording_edit"),
    path("clinic/campaigns/", campaigns.overview, name="notifications_campaigns"),
    path("clinic/campaigns/new/", campaigns.new, name="notifications_campaign_new"),
    path("clinic/campaigns/<uuid:campaign_id>/", campaigns.campaign, name="notifications_campaign"),
    path(
        "clinic/campaigns/<uuid:campaign_id>/<str:word>/", campaigns.move, name="notifications_campaign_move"
    ),
    path("status/", ledger.status, name="notifications_status"),
    path("clinic/missed/", ledger.missed, name="notifications_missed"),
    path("clinic/missed/<uuid:action_id>/again/", ledger.replay, name="notifications_replay_action"),
    path("clinic/missed/<uuid:action_id>/settle/", ledger.settle, name="notifications_settle_action"),
    path("clinic/untold/<uuid:message_id>/again/", delivery.replay, name="notifications_replay"),
    path("clinic/calls/", calls.calls, name="notifications_calls"),
    path("clinic/calls/<uuid:message_id>/take/", calls.take, name="notifications_call_take"),
    path("clinic/calls/<uuid:message_id>/close/", calls.close, name="notifications_call_close"),
    path("clinic/delivery/", delivery.delivery, name="notifications_delivery"),
    path("clinic/delivery/<slug:code>/switch/", delivery.switch, name="notifications_switch"),
    path("clinic/messages/", delivery.search, name="notifications_search"),
    path("clinic/messages/<uuid:person_id>/", delivery.person, name="notifications_person"),
    path("providers/<slug:provider>/reports/", reports.mail_report, name="notifications_mail_report"),
    path("providers/<slug:provider>/reports/<uuid:message_id>/", reports.report, name="notifications_report"),
    path("demo/mailbox/", demo.mailbox, name="notifications_demo_mailbox"),
    path("demo/mailbox/<uuid:mail_id>/", demo.mail, name="notifications_demo_mail"),
    path("demo/handset/", demo.handset, name="notifications_demo_handset"),
    path("demo/handset/notices/", demo.turn_on, name="notifications_demo_turn_on"),
    path("demo/mailbox/<uuid:mail_id>/page/", demo.page, name="notifications_demo_page"),
    path("demo/mailbox/<uuid:mail_id>/visit.ics", demo.calendar, name="notifications_demo_calendar"),
]
