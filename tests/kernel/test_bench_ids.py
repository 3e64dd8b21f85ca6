"""Rows that the benches make up lie as those that the apps make."""

from __future__ import annotations

import pytest
from django.db import connection

from labs import service as labs
from tests.bench import ids


@pytest.mark.django_db
def test_results_begin_as_their_report_does():
    report = ids.numbered(ids.RECORD, 4711)
    with connection.cursor() as cursor:
        made = ids.result_sql(ids.numbered_sql(ids.RECORD, "4711"), "k::text")
        cursor.execute(f"SELECT {made} FROM generate_series(0, 9) k")
        found = [row[0] for row in cursor.fetchall()]

    real = [labs.describe_result_id(report_id=report, key=str(key)) for key in range(10)]

    assert len(set(found)) == len(set(real)) == 10
    assert {each.hex[:12] for each in found} == {each.hex[:12] for each in real} == {report.hex[:12]}
    assert {(each.version, each.variant) for each in found} == {(each.version, each.variant) for each in real}
