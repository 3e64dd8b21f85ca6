"""Bodies as clients send them over a socket: in pieces, packed, too long."""

from __future__ import annotations

import gzip
import json
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from fhir_house import House, practitioner
from standing import PATIENCE, standing

pytestmark = pytest.mark.django_db(transaction=True)


def test_bodies_in_pieces_are_read_as_a_whole(transactional_db, tmp_path):
    """Some clients announce no length (.NET's JsonContent, streams of Node): the body comes in chunks."""
    house = House()
    head = {"Authorization": f"Bearer {house.ehr.token}", "Content-Type": "application/fhir+json"}
    body = json.dumps(practitioner()).encode()
    with standing(tmp_path) as base:
        where = urlsplit(base)

        def send(pieces, chunked=True, **more):
            api = HTTPConnection(where.hostname, where.port, timeout=PATIENCE)
            api.request("POST", "/fhir/Practitioner", pieces, head | more, encode_chunked=chunked)
            answer = api.getresponse()
            said = json.loads(answer.read())
            api.close()
            return answer.status, said["resourceType"]

        whole = send(iter([body[:20], body[20:90], body[90:]]))
        broken = send(iter([body[:20]]))
        endless = send(iter([b" " * 2**20] * 5))
        packed = send(gzip.compress(body), chunked=False, **{"Content-Encoding": "gzip"})

    assert whole == (201, "Practitioner")
    assert broken == (400, "OperationOutcome")
    assert endless == (413, "OperationOutcome")
    assert packed == (415, "OperationOutcome")
