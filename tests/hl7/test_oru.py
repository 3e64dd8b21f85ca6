from __future__ import annotations

import base64
from datetime import UTC, date, datetime, timedelta, timezone
from uuid import uuid4

import pytest
from hl7_messages import header, message, order, patient, report, result
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_facade.hl7v2 import oru
from fhir_facade.hl7v2.senders import Sender
from fhir_facade.hl7v2.splitter import split
from labs.service import Coded, IncomingReport, Status
from steadwell.identity.service import Sex
from steadwell.ids import SiteId, new_id

SITE = SiteId(new_id())
NORTH = Sender(
    id=uuid4(), name="north", networks=(), certificates=frozenset(), message_types=frozenset(),
    applications=(), processing=frozenset("P"), site_id=SITE, time_zone="America/Chicago", connections=1,
)  # fmt: skip


def read(*segments: str, charset: str = "utf-8") -> list[IncomingReport]:
    return oru.reports(split(message(*segments, charset=charset)), sender=NORTH)


def one(*segments: str) -> IncomingReport:
    (found,) = read(header(), patient(), order(), *segments)
    return found


def test_report_is_read_from_its_order_and_results():
    identifier = new_id()

    (found,) = oru.reports(split(report("C1", result(flags="H"))), sender=NORTH, message_id=identifier)

    assert (found.sender, found.site_id, found.message_id) == ("north", SITE, identifier)
    assert found.code == Coded(code="24323-8", text="Metabolic panel", system="LN")
    assert (found.placer_number, found.filler_number, found.status) == ("P-1", "F-1", Status.FINAL)
    assert (found.ordered_by, found.ordered_by_name) == ("1234567893", "Dr Nia Okafor")
    assert found.specimen == "Serum"
    (glucose,) = found.observations
    assert (glucose.code.loinc, glucose.value_type, glucose.value) == ("2345-7", "NM", "5.4")
    assert (glucose.unit, glucose.range_text, glucose.flags) == ("mmol/L", "3.9-5.5", ("H",))
    assert glucose.status is Status.FINAL
    assert glucose.effective_text == "20260302080000+0100"


def test_patient_is_read_with_all_numbers():
    found = one(result()).patient

    assert found is not None
    assert found.external_id == "LAB|A-77"
    assert [(each.system, each.type, each.value) for each in found.identifiers] == [
        ("LAB", "MR", "A-77"), ("NATL", "NI", "900-11-22"),
    ]  # fmt: skip
    said = found.demographics
    assert (said.family_name, said.given_name, said.middle_name) == ("Rivera", "Ana", "Lucia")
    assert (said.birth_date, said.phone) == (date(1984, 6, 11), "5550100")
    assert said.address is not None
    assert said.address.postal_code == "55731"


@pytest.mark.parametrize(
    ("written", "meant"),
    [("F", Sex.FEMALE), ("M", Sex.MALE), ("f", Sex.FEMALE), ("O", Sex.OTHER), ("A", Sex.OTHER),
     ("N", Sex.OTHER),
     ("U", Sex.UNKNOWN), ("", Sex.UNKNOWN), ("X", Sex.UNKNOWN), ('""', Sex.UNKNOWN)],
)  # fmt: skip
def test_sex_is_never_guessed(written, meant):
    (found,) = read(header(), patient(sex=written), order(), result())

    assert found.patient is not None
    assert found.patient.demographics.sex == meant


def test_more_about_a_patient():
    pid = (
        "PID|1||77^^^&1.2.3&ISO^PI~123-45-6789^^^^SS~4711^^^LAB^AN||Lee^Kim^^Jr^^^L~Park^Kim^^^^^M||"
        "2001|U|||^^Ely^MN||^NET^Internet^kim@example.test~^PRN^PH^^1^218^5550111||spa"
    )
    (found,) = read(header(), pid, order(), result())

    assert found.patient is not None
    said = found.patient.demographics
    assert [(each.system, each.type) for each in found.patient.identifiers] == [
        ("urn:oid:1.2.3", "PI"), ("http://hl7.org/fhir/sid/us-ssn", "SS"),
    ]  # fmt: skip
    assert (said.suffix, said.former_names, said.birth_date) == ("Jr", ("Park",), None)
    assert (said.email, said.phone, said.language) == ("kim@example.test", "2185550111", "es")


def test_report_without_a_patient_has_none():
    (found,) = read(header(), order(), result())

    assert found.patient is None


@pytest.mark.parametrize(
    ("sent", "written", "meant"),
    [
        ("20260302091500+0100", "202603020800", datetime(2026, 3, 2, 7, 0, tzinfo=UTC)),
        (
            "20260302091500",
            "202603020800",
            datetime(2026, 3, 2, 14, 0, tzinfo=UTC),
        ),  # the sender's zone: winter
        ("20260702091500", "202607020800", datetime(2026, 7, 2, 13, 0, tzinfo=UTC)),  # and summer
        (
            "20260302091500+0100",
            "20260302080000.250-0530",
            datetime(2026, 3, 2, 13, 30, 0, 250000, tzinfo=UTC),
        ),
        ("20260302091500+0100", "20260302", datetime(2026, 3, 1, 23, 0, tzinfo=UTC)),
        ("20260302091500+0100", "2026-03-02T08:00:00Z", datetime(2026, 3, 2, 8, 0, tzinfo=UTC)),
        ("20260302091500+0100", "202613020800", None),
        ("20260302091500+0100", "0001", None),
        ("20260302091500+9900", "yesterday", None),
    ],
)
def test_times_keep_their_zone(sent, written, meant):
    (found,) = read(header(at=sent), patient(), order(), result(at=written))

    assert found.observations[0].effective_at == meant
    assert found.observations[0].effective_text == written


def test_offset_of_the_message_is_kept_as_it_was_written():
    (found,) = read(header(), patient(), order(), result(at="202603020800"))

    assert found.observations[0].effective_at is not None
    assert found.observations[0].effective_at.utcoffset() == timezone(timedelta(hours=1)).utcoffset(None)


@pytest.mark.parametrize(
    ("written", "meant"),
    [("F", Status.FINAL), ("C", Status.CORRECTED), ("P", Status.PRELIMINARY), ("A", Status.PARTIAL),
     ("X", Status.CANCELLED), ("I", Status.REGISTERED), ("R", Status.PRELIMINARY), ("", None), ("?", None)],
)  # fmt: skip
def test_status_of_a_report(written, meant):
    (found,) = read(header(), patient(), order(status=written), result(status=""))

    assert found.status is meant
    assert found.observations[0].status is None


@pytest.mark.parametrize(
    ("written", "meant"),
    [("F", Status.FINAL), ("C", Status.CORRECTED), ("W", Status.ENTERED_IN_ERROR), ("X", Status.CANCELLED),
     ("D", Status.ENTERED_IN_ERROR), ("U", Status.FINAL), ("p", Status.PRELIMINARY), ("B", Status.APPENDED)],
)  # fmt: skip
def test_status_of_a_result_may_differ_from_its_reports(written, meant):
    found = one(result(status=written))

    assert (found.status, found.observations[0].status) == (Status.FINAL, meant)


def test_one_bad_result_leaves_the_others():
    found = one(
        result(1),
        "OBX|2|NM|||4.4|mmol/L",
        result(3, code="2823-3^K^LN", status="Q"),
        result(4, code="2951-2^Na^LN", status="U", value=""),
        "OBX|5|ED|PDF^Report^L||LAB^AP^PDF^Base64^!!not base64!!||||||F",
        result(6, code="2075-0^Cl^LN"),
    )

    assert [bool(each.refusal) for each in found.observations] == [False, True, True, True, True, False]
    assert found.attachments == ()


def test_bytes_that_are_no_text_set_aside_their_result_only():
    raw = report("C1", result(1), result(2, kind="ST", value="XX")).replace(b"XX", b"\x81")

    (found,) = oru.reports(split(raw), sender=NORTH)

    assert [bool(each.refusal) for each in found.observations] == [False, True]


@pytest.mark.parametrize(
    ("kind", "written", "read_as"),
    [
        ("NM", "7.10", "7.10"),
        ("NM", " 1,000 ", "1,000"),
        ("SN", "<^5", "<^5"),
        ("SN", "^1^:^160", "^1^:^160"),
        ("ST", "5.4 mmol/L", "5.4 mmol/L"),
        ("ST", "AT\\T\\T \\E\\ x", "AT&T \\ x"),
        ("FT", "one\\.br\\two~three", "one\ntwo\nthree"),
        ("CWE", "260373001^Detected^SCT", "Detected"),
        ("CE", "^^^POS^Positive^L", "Positive"),
        ("CWE", "^^^^^^^^as said", "as said"),
        ("TS", "20260302", "20260302"),
        ("DR", "20260301^20260302", "20260301 – 20260302"),
        ("XCN", "12^Okafor^Nia", "12 Okafor Nia"),
        ("", "TNP", "TNP"),
        ("QQ", "a^b", "a b"),
        ("NM", '""', '""'),
    ],
)
def test_values_are_the_senders_words(kind, written, read_as):
    assert one(result(kind=kind, value=written)).observations[0].value == read_as


def test_coded_value_keeps_both_codes():
    value = one(result(kind="CWE", value="POS^Positive^L^10828004^Positive^SCT")).observations[0].value_code

    assert value == Coded(
        code="POS", text="Positive", system="L", alternate_code="10828004", alternate_text="Positive",
        alternate_system="SCT",
    )  # fmt: skip


def test_repeated_values_are_results_of_their_own():
    found = one(result(kind="CWE", value="1^One^L~2^Two^L"), result(2, code="5^Five^L")).observations

    assert [(each.key, each.value) for each in found] == [
        ("2345-7", "One"), ("2345-7~2", "Two"), ("5", "5.4"),
    ]  # fmt: skip


def test_text_that_comes_line_by_line_is_one_text():
    lines = ["The smear shows", "", "no blasts."]
    found = one(
        *[f"OBX|{n}|TX|8251-1^Comment^LN||{line}||||||F" for n, line in enumerate(lines, 1)],
        *[f"OBX|{n}|ST|99^Word^L||{word}||||||F" for n, word in enumerate(["YEAST", "RODS"], 4)],
    ).observations

    assert [each.value for each in found] == ["The smear shows\n\nno blasts.", "YEAST", "RODS"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("mmol/L", "mmol/L"),
        ("mg/dL^milligram per decilitre^UCUM", "mg/dL"),
        ("MGDL^mg per dl^L^mg/dL^mg/dL^UCUM", "mg/dL"),
        ("^mg/dL", "mg/dL"),
        ("10\\S\\9/L", "10^9/L"),
        ("", ""),
    ],
)
def test_unit_is_the_ucum_code_where_there_is_one(written, meant):
    assert one(result(unit=written)).observations[0].unit == meant


def test_several_flags_are_kept():
    assert one(result(flags="H~A^Abnormal^HL70078~H*")).observations[0].flags == ("H", "A", "H*")


def test_notes_stay_with_what_they_are_about():
    (found,) = read(
        header(), patient(), "NTE|1||about the patient", "ORC|RE|P-1|F-1", "NTE|1||about the order", order(),
        "NTE|1||about the report~second line", result(1), "NTE|1||about glucose", "NTE|2||more",
        result(2, code="2^B^L"),
    )  # fmt: skip

    assert found.notes == ("about the patient", "about the order", "about the report\nsecond line")
    assert [each.notes for each in found.observations] == [("about glucose", "more"), ()]


def test_orders_numbers_come_from_orc_where_obr_has_none():
    obr = "OBR|1|||24323-8^Panel^LN|||20260302080000|||||||||||||||||||F"
    (found,) = read(header(), patient(), "ORC|RE|P-9^X|F-9^Y|||||||||77^Who^Ann", obr, result())

    assert (found.placer_number, found.filler_number) == ("P-9", "F-9")
    assert (found.ordered_by, found.ordered_by_name) == ("77", "Ann Who")


def test_ordering_clinician_is_the_repetition_with_an_npi():
    obr = (
        "OBR|1|P|F|1^A^L|||20260302|||||||||L77^Local^Lou~1234567893^Okafor^Nia^^^^^^NPI|||||||||F|||"
        "1^Copy^Cy~2^Second^Sue"
    )
    (found,) = read(header(), patient(), obr, result())

    assert found.ordered_by == "1234567893"
    assert found.copies_to == ("Cy Copy", "Sue Second")


def test_specimen_segment_says_what_and_when():
    (found,) = read(
        header(), patient(), order(), result(),
        "SPM|1|||119297000^Blood specimen^SCT|||||||||||||202603020755+0100",
    )  # fmt: skip

    assert (found.specimen, found.collected_text) == ("Blood specimen", "202603020755+0100")
    assert found.specimen_code is not None
    assert found.specimen_code.code == "119297000"


def test_microbiology_hangs_results_under_their_isolate():
    culture, panel = read(
        header(), patient(), order("F-1", code="600-7^Culture^LN"),
        result(1, code="600-7^Bacteria identified^LN", kind="CWE", value="1^E. coli^L", sub_id="1"),
        result(2, code="664-3^Gram stain^LN", kind="ST", value="Rods", sub_id="1.1"),
        result(3, code="600-7^Bacteria identified^LN", kind="CWE", value="2^S. aureus^L", sub_id="2"),
        result(4, code="18906-8^Ciprofloxacin^LN", value="<=0.25", kind="ST", sub_id="2"),
        order("F-2", code="50545-3^Susceptibility^LN", number=2, parent="P-1^F-1",
              parent_result="600-7&Bacteria identified&LN^1"),
        result(1, code="28-1^Ampicillin^LN", kind="SN", value=">=^32", flags="R"),
    )  # fmt: skip

    assert [(each.key, each.parent_key) for each in culture.observations] == [
        ("600-7|1", ""), ("664-3|1.1", "600-7|1"), ("600-7|2", ""), ("18906-8|2", "600-7|2"),
    ]  # fmt: skip
    assert panel.parent_filler_number == "F-1"
    assert panel.observations[0].parent_key == "600-7|1"


def test_document_is_kept_as_its_bytes_say():
    pdf, page = b"%PDF-1.7 synthetic", b"<script>"
    written = [
        f"OBX|{n}|ED|PDF^{name}^L||LAB^AP^PDF^Base64^{base64.b64encode(content).decode()}||||||F"
        for n, (name, content) in enumerate([("Report", pdf), ("Trick", page)], 1)
    ]

    found = one(*written)

    (kept,) = found.attachments
    assert (kept.name, kept.content_type, kept.content) == ("Report.pdf", "application/pdf", pdf)
    assert [bool(each.refusal) for each in found.observations] == [False, True]
    assert found.observations[0].value_type == "ED"


def test_several_orders_and_patients_in_one_message():
    found = read(
        header(), patient("1"), order("F-1"), result(), order("F-2", number=2), result(),
        patient("2"), order("F-3"), result(),
    )  # fmt: skip

    assert [(each.filler_number, each.patient and each.patient.external_id) for each in found] == [
        ("F-1", "LAB|1"), ("F-2", "LAB|1"), ("F-3", "LAB|2"),
    ]  # fmt: skip


def test_same_order_twice_in_one_message_is_one_report():
    (found,) = read(header(), patient(), order(), result(), order(), result(2, code="2^B^L"))

    assert [each.key for each in found.observations] == ["2345-7", "2"]


def test_slipped_field_is_no_parent():
    (found,) = read(header(), patient(), order(parent_result="F"), result())

    assert found.observations[0].parent_key == ""


def test_message_without_an_order_has_no_report():
    assert read(header(), patient(), result()) == []


@pytest.mark.parametrize("version", ["2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8"])
def test_every_version_is_read(version):
    (found,) = read(header(version=version), patient(), order(), result())

    assert found.observations[0].value == "5.4"


FIELD = st.text(st.sampled_from("ab19|^~\\&.-+:/<>=\"' \u00e9\ufffd\x00,"), max_size=20)


@settings(max_examples=300, deadline=None)
@given(
    segments=st.lists(
        st.tuples(st.sampled_from(["PID", "ORC", "OBR", "OBX", "NTE", "SPM"]), st.lists(FIELD, max_size=32)),
        max_size=8,
    ),
    kind=st.sampled_from(["NM", "SN", "CWE", "ED", "TX", "FT", "ST", "TS", "RP", ""]),
)  # fmt: skip
def test_mapping_never_fails_whatever_the_fields_hold(segments, kind):
    lines = [
        "|".join([name, "1", kind, *fields] if name == "OBX" else [name, *fields])
        for name, fields in segments
    ]

    for found in read(header(), *lines):
        assert len({each.key for each in found.observations}) or not found.observations
