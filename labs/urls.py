from __future__ import annotations

from django.urls import path

from labs.views import choosing, releasing, results

app_name = "labs"

urlpatterns = [
    path("results/", results.results, name="results"),
    path("results/choice/", choosing.choose, name="choose"),
    path("results/<uuid:report_id>/", results.result, name="result"),
    path("results/<uuid:report_id>/print/", results.print_page, name="print"),
    path("results/<uuid:report_id>/file/", results.file, name="file"),
    path("results/<uuid:report_id>/show-now/", results.show_now, name="show-now"),
    path("results/<uuid:report_id>/documents/<uuid:document_id>/", results.document, name="document"),
    # Below the clinicians' pages of results: what their page of one offers about its release.
    path("clinic/labs/report/<uuid:report_id>/release/", releasing.release_early, name="release-early"),
    path("clinic/labs/report/<uuid:report_id>/talked/", releasing.mark_talked, name="talked"),
]
