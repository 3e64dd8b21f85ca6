"""Item 40: what the API writes as its own address, behind a proxy."""

from __future__ import annotations

import pytest
from django.test import override_settings
from fhir_house import Api, practitioner, vital

pytestmark = pytest.mark.django_db


def test_item_40_links_are_written_with_the_public_address(house):
    """Behind a proxy: the address that is set, else what a proxy that we trust says of the scheme."""
    api, forwarded = (
        Api(house.ehr.token),
        {"x_forwarded_proto": "https", "x_forwarded_host": "evil.example.org"},
    )
    public = "https://api.example.org/fhir"

    with override_settings(FHIR_BASE_URL=public):
        key = api.post("Practitioner", practitioner(), **forwarded).headers["Location"]
        page = api.get("Practitioner", {"_count": "1"}, **forwarded)
        history = api.get(f"Practitioner/{page.ids[0]}/_history", **forwarded)
        stated = api.get("metadata", **forwarded).json
        theirs = api.get("Patient", {"_id": f"{house.ada}"}).entries[0]["fullUrl"]
        api.post("Practitioner", practitioner())
        api.post("Observation", vital(house.ada))
        by_address = api.get("Observation", {"patient": theirs}).ids
        following = api.get("Practitioner", {"_count": "1"}).link("next")
    stated_here = api.get("metadata").text
    with override_settings(SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https")):
        plain = api.get("Practitioner", {"_count": "1"}, **forwarded)

    links = [page.link("self"), following, history.link("self"), history.entries[0]["fullUrl"]]
    for address in (*links, key, theirs, stated["implementation"]["url"]):
        assert address.startswith(public), address
    assert len(by_address) == 1
    assert plain.link("self").startswith("https://testserver")
    assert "evil" not in plain.text
    assert public not in stated_here
