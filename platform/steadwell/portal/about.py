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
    "This product includes all or a portion of the UCUM table, UCUM codes, and UCUM definitions or is "
    "derived from it, subject to a license from Regenstrief Institute, Inc. and The UCUM Organization. "
    "Your use of the UCUM table, UCUM codes, UCUM definitions also is subject to this license, a copy of "
    "which is available at https://ucum.org. The UCUM table, UCUM codes, and UCUM definitions are "
    "provided “as is”. Any express or implied warranties are disclaimed, including, but not limited to, "
    "the implied warranties of merchantability and fitness for a particular purpose.",
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
