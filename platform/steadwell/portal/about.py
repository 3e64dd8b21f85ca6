"""Where the information comes from: the page behind the footer's link, with the notices licences ask for.

Its words and NOTICE.md say the same; a test compares them.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from steadwell.terminology import service as terminology

# Not translated: the owners' own words.
NOTICES = (
    "This material contains content from LOINC (http://loinc.org). LOINC is copyright © Regenstrief "
    "Institute, Inc. and the Logical Observation Identifiers Names and Codes (LOINC) Committee and is "
    "available at no cost under the license at http://loinc.org/license. LOINC® is a registered United "
    "States trademark of Regenstrief Institute, Inc.",
    "UCUM is copyright © 1999-2024 Regenstrief Institute, Inc. All rights reserved. It is licensed under "
    "the UCUM License; a copy is at https://unitsofmeasure.org/license. It is distributed on an “AS IS” "
    "basis, without warranties or conditions of any kind, either express or implied. See the license for "
    "the disclaimer of warranties and the limits of liability.",
    "This product uses publicly available data courtesy of the U.S. National Library of Medicine (NLM), "
    "National Institutes of Health, Department of Health and Human Services; NLM is not responsible for the "
    "product and does not endorse or recommend this or any other product.",
    "MedlinePlus is a service of the U.S. National Library of Medicine, National Institutes of Health. "
    "The NLM is not responsible for this product and does not endorse or recommend this or any other "
    "product.",
)


@require_GET
def information(request: HttpRequest) -> HttpResponse:
    return render(
        request,
        "portal/about_information.html",
        {"notices": NOTICES, "sources": terminology.range_sources()},
    )
