"""Which of the reader's clinics a page of staff is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from steadwell.errors import NotFound
from steadwell.ids import SiteId
from steadwell.portal.access import PortalRequest

SITE_FIELD: Final = "site"


def site_asked(request: PortalRequest, sites: Mapping[SiteId, str]) -> SiteId:
    """The one that the form or the address names, else the first. NotFound for one that is not of these."""
    text = request.POST.get(SITE_FIELD) or request.GET.get(SITE_FIELD)
    if text:
        try:
            asked = SiteId(UUID(text))
        except ValueError as error:
            raise NotFound from error
        if asked not in sites:
            raise NotFound
        return asked
    if not sites:
        raise NotFound
    return next(iter(sites))
