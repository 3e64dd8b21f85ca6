"""What the clinic would count. Labels are codes."""

from __future__ import annotations

from steadwell.observability import service as observability

filed = observability.counter(
    "labs_reports_filed_total", "Report messages filed, by what became of them.", ("outcome",)
)
set_aside = observability.counter(
    "labs_observations_set_aside_total", "Observations that could not be read and wait for a person."
)
matched = observability.counter(
    "labs_reports_matched_total", "Reports that waited and found their patient, by how.", ("outcome",)
)
