"""Messages of a laboratory that does not exist, built segment by segment."""

from __future__ import annotations


def message(*segments: str, end: str = "\r", charset: str = "utf-8") -> bytes:
    return (end.join(segments) + end).encode(charset)


def header(
    control_id: str = "C1", *, kind: str = "ORU^R01^ORU_R01", at: str = "20260302091500+0100",
    charset: str = "", version: str = "2.5.1", accept: str = "", application: str = "",
    sender: str = "LAB|NORTH",
) -> str:  # fmt: skip
    end = f"{kind}|{control_id}|P|{version}|||{accept}|{application}||{charset}"
    return f"MSH|^~\\&|{sender}|STEADWELL|CLINIC|{at}||{end}"


def patient(
    number: str = "A-77", *, name: str = "Rivera^Ana^Lucia", born: str = "19840611", sex: str = "F"
) -> str:
    numbers = f"{number}^^^LAB^MR~900-11-22^^^NATL^NI"
    return f"PID|1||{numbers}||{name}||{born}|{sex}|||1 Elm St^^Ely^MN^55731||5550100"


def order(
    filler: str = "F-1", *, code: str = "24323-8^Metabolic panel^LN", status: str = "F", number: int = 1,
    parent: str = "", parent_result: str = "",
) -> str:  # fmt: skip
    return (
        f"OBR|{number}|P-1|{filler}|{code}|||202603020800+0100||||||||SER&Serum|1234567893^Okafor^Nia^^^Dr"
        f"||||||202603020910+0100||CH|{status}|{parent_result}|||{parent}"
    )


def result(
    number: int = 1, *, code: str = "2345-7^Glucose^LN", kind: str = "NM", value: str = "5.4",
    unit: str = "mmol/L", range_: str = "3.9-5.5", flags: str = "N", status: str = "F", sub_id: str = "",
    at: str = "20260302080000+0100",
) -> str:  # fmt: skip
    return f"OBX|{number}|{kind}|{code}|{sub_id}|{value}|{unit}|{range_}|{flags}|||{status}|||{at}"


def report(control_id: str = "C1", *results: str, filler: str = "F-1") -> bytes:
    return message(header(control_id), patient(), order(filler), *(results or (result(),)))
