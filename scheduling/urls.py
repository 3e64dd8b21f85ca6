from __future__ import annotations

from django.urls import path

from scheduling.views import booking, changing, feeds, finding, visits

app_name = "scheduling"

urlpatterns = [
    path("visits/", visits.my_visits, name="visits"),
    path("visits/find/", finding.find, name="find"),
    path("visits/find/month/", finding.month, name="month"),
    path("visits/hold/", booking.hold, name="hold"),
    path("visits/others/", booking.other_times, name="others"),
    path("visits/book-other/", booking.book_other, name="book-other"),
    path("visits/hold/<uuid:hold_id>/", booking.review, name="review"),
    path("visits/hold/<uuid:hold_id>/release/", booking.release, name="release"),
    path("visits/calendar/", feeds.calendar, name="calendar"),
    path("visits/<uuid:appointment_id>/", visits.visit, name="visit"),
    path("visits/<uuid:appointment_id>/visit.ics", visits.visit_file, name="visit-file"),
    path("visits/<uuid:appointment_id>/move/", changing.move, name="move"),
    path("visits/<uuid:appointment_id>/move/month/", changing.move_month, name="move-month"),
    path("visits/<uuid:appointment_id>/move/review/", changing.move_review, name="move-review"),
    path("visits/<uuid:appointment_id>/move/withdraw/", changing.withdraw_move, name="withdraw-move"),
    path("visits/<uuid:appointment_id>/cancel/", changing.cancel, name="cancel"),
    path("visits/<uuid:appointment_id>/check-in/", changing.check_in, name="check-in"),
    path("calendar/<str:token>.ics", feeds.feed, name="feed"),
]
