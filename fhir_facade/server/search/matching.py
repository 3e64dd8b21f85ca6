"""One value of a parameter as a condition on a column: FHIR's rules of search, in SQL."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Context, Decimal, localcontext
from functools import lru_cache
from uuid import UUID

from fhir_facade.server.outcome import failed
from fhir_facade.server.registry import Column, Kind, Param
from fhir_facade.server.search.moments import Stretch, stretch, with_prefix
from steadwell.identity import service as identity
from steadwell.relations import FALSE, Sql, every, some
from steadwell.terminology import service as terminology

UCUM = "http://unitsofmeasure.org"
_TOP = "\U0010ffff"  # sorts after every continuation of a prefix, in collation C
# With many digits, so that the answer has them too.
_ONE, _TWO, _CLOSE = "1.000000000000000", "2.000000000000000", Decimal("1e-9")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_LONGEST_NUMBER, _FARTHEST = 60, 60  # signs and powers of ten: more than what is kept has
_EXACT = Context(prec=200)
_BAR = re.compile(r"(?<!\\)\|")


_SIGNS = r"[\s!-/:-@\[-`{-~\u00a0-\u00bf\u2000-\u206f]"


def folded(text: str) -> str:
    return identity.folded_name(text)


def sql_folded(expression: str) -> str:
    """The same in SQL, for the few rows that carry no folded text: case, accents and apostrophes removed, and
    a space for each other sign. Signs by their ranges, for a database that knows letters of ASCII only.
    """
    letters = f"regexp_replace(normalize({expression}, NFKD), '[\u0300-\u036f''’‘`ʻʼ.]', '', 'g')"
    for one, other in (
        ("æ", "ae"),
        ("Æ", "ae"),
        ("œ", "oe"),
        ("Œ", "oe"),
        ("þ", "th"),
        ("Þ", "th"),
        ("ß", "ss"),
    ):
        letters = f"replace({letters}, '{one}', '{other}')"
    plain = f"lower(translate({letters}, 'øØđĐðÐłŁıħĦŋŊ', 'ooddddllihhnn'))"
    return f"trim(regexp_replace({plain}, '{_SIGNS}+', ' ', 'g'))"


def match(param: Param, modifier: str, value: str, column: Column, *, base: str) -> Sql:
    """Whether the column holds what the value means."""
    return _MATCH[param.kind](param, modifier, value, column, base)


def _token(param: Param, modifier: str, value: str, column: Column, base: str) -> Sql:
    at = column.exprs
    if modifier == "text":
        if "text" not in at:
            return FALSE
        # Documents keep it folded; an app's column knows lower case only, where ß is a letter of its own.
        ways = sorted({value.casefold(), value.lower()})
        return some([Sql(f"position(%s in lower({at['text']})) > 0", (each,)) for each in ways])
    parts = [plain(each) for each in _BAR.split(value, maxsplit=1)]
    if len(parts) == 1:
        return Sql(f"{at['code']} = %s", (parts[0],))
    system, code = parts
    if not system and not code:
        raise failed(400, "value", f"{param.name} is written code, system|code, |code or system|.")
    of_code = Sql(f"{at['code']} = %s", (code,))
    if not system:
        return every([Sql(f"{at['system']} = ''"), of_code])
    of_system = Sql(f"{at['system']} = %s", (system,))
    return every([of_system, of_code]) if code else of_system


def _string(param: Param, modifier: str, value: str, column: Column, base: str) -> Sql:
    at, said = column.exprs, plain(value)
    if modifier == "exact":
        return Sql(f"{at.get('exact', at['folded'])} = %s", (said,))
    sought = (column.fold or folded)(said)
    if not sought:
        return FALSE
    if modifier == "contains":
        return Sql(f"position(%s in {at['folded']}) > 0", (sought,))
    if column.words:
        return Sql(f"position(%s in ' ' || {at['folded']}) > 0", (f" {sought}",))
    return Sql(f"{at['folded']} >= %s AND {at['folded']} < %s", (sought, sought + _TOP))


def plain(value: str) -> str:
    """A bar that is escaped is one of the text; clauses.split has seen to the other signs."""
    return value.replace("\\|", "|")


def _uri(param: Param, modifier: str, value: str, column: Column, base: str) -> Sql:
    return Sql(f"{column.exprs['exact']} = %s", (value,))


def _date(param: Param, modifier: str, value: str, column: Column, base: str) -> Sql:
    prefix, text = with_prefix(value)
    asked = stretch(text)
    if asked is None:
        raise failed(
            400, "value", f"{param.name} is a date such as ge2026-01-31, or with a time and an offset."
        )
    at = column.exprs
    if "at" in at:
        return _point(prefix, at["at"], asked)
    return _range(prefix, at["low"], at["high"], asked)


def _point(prefix: str, at: str, asked: Stretch) -> Sql:
    if prefix == "ap":
        asked, prefix = asked.wider(asked.high - asked.low), "eq"
    low, high = asked.low, asked.high
    if prefix == "eq":
        return Sql(f"{at} >= %s AND {at} < %s", (low, high))
    if prefix == "ne":
        return Sql(f"{at} < %s OR {at} >= %s", (low, high))
    sign, bound = {
        "gt": (">=", high),
        "sa": (">=", high),
        "ge": (">=", low),
        "lt": ("<", low),
        "eb": ("<", low),
        "le": ("<", high),
    }[prefix]
    return Sql(f"{at} {sign} %s", (bound,))


def _range(prefix: str, low_at: str, high_at: str, asked: Stretch) -> Sql:
    low, high = asked.low, asked.high
    within = Sql(f"{low_at} >= %s AND {high_at} <= %s", (low, high))
    if prefix == "ap":
        wide = asked.wider(max((high - low) / 10, timedelta(days=1)))
        return Sql(f"{low_at} < %s AND {high_at} > %s", (wide.high, wide.low))
    return {
        "eq": within,
        "ne": Sql(f"NOT ({within.text})", within.params),
        "gt": Sql(f"{high_at} > %s", (high,)),
        "ge": some([Sql(f"{high_at} > %s", (high,)), within]),
        "lt": Sql(f"{low_at} < %s", (low,)),
        "le": some([Sql(f"{low_at} < %s", (low,)), within]),
        "sa": Sql(f"{low_at} >= %s", (high,)),
        "eb": Sql(f"{high_at} <= %s", (low,)),
    }[prefix]


def _reference(param: Param, modifier: str, value: str, column: Column, base: str) -> Sql:
    kind, key = named(value, base=base)
    if kind is None:
        return FALSE
    if kind and kind not in param.targets:
        return FALSE
    at = column.exprs
    of_type = Sql(f"{at['type']} = %s", (kind,)) if kind else None
    if column.uuid:
        try:
            found: object = UUID(key)
        except ValueError:
            return FALSE
        of_id = _person(at["id"], found) if column.person else Sql(f"{at['id']} = %s", (found,))
    elif "Patient" in param.targets and kind in {"", "Patient"}:
        of_id = _any_person(at["id"], key)
    else:
        of_id = Sql(f"{at['id']} = %s", (key,))
    return every([of_type, of_id]) if of_type else of_id


def _person(expression: str, person_id: object) -> Sql:
    """Rows carry whichever id they came with: a merge joins ids and moves nothing."""
    return Sql(f"{expression} = ANY ({identity.same_sql('%s::uuid')})", (person_id,) * 2)


def _any_person(expression: str, key: str) -> Sql:
    try:
        person_id = UUID(key)
    except ValueError:
        return Sql(f"{expression} = %s", (key,))
    same = identity.same_sql("%s::uuid")
    return Sql(f"{expression} = ANY (SELECT unnest({same})::text)", (person_id,) * 2)


def named(value: str, *, base: str) -> tuple[str | None, str]:
    """Type (empty where it is not said) and id of ``ID``, ``Type/ID`` or our own absolute address; None where
    it is somebody else's.
    """
    if value.startswith(base + "/"):
        value = value[len(base) + 1 :]
    elif "://" in value or value.startswith("urn:"):
        return None, ""
    parts = value.split("/")
    if len(parts) == 1:
        return "", value
    return (parts[0], parts[1]) if len(parts) == 2 else (None, "")


def _quantity(param: Param, modifier: str, value: str, column: Column, base: str) -> Sql:
    prefix, text = with_prefix(value)
    number, _, rest = text.partition("|")
    if _NUMBER.fullmatch(number) is None or not _is_kept(number):
        raise failed(400, "value", f"{param.name} is written 5.4, gt5.4 or 5.4|http://unitsofmeasure.org|mg.")
    system, _, code = rest.rpartition("|")
    if code and system and system != UCUM:
        return FALSE
    with localcontext(_EXACT):
        return _of_number(prefix, column, number, code)


def _is_kept(number: str) -> bool:
    exponent = re.split("[eE]", number)[1:]
    return len(number) <= _LONGEST_NUMBER and all(abs(int(each)) <= _FARTHEST for each in exponent)


def _of_number(prefix: str, column: Column, number: str, code: str) -> Sql:
    at, (low, high) = column.exprs, _bounds(number)
    if not code:
        return _number(prefix, at["number"], low, high, Decimal(number))
    found = []
    for unit, factor in ((code, Decimal(1)), *_equivalents(code)):
        of_number = _number(prefix, at["number"], low * factor, high * factor, Decimal(number) * factor)
        found.append(every([Sql(f"{at['unit']} = %s", (unit,)), of_number]))
    return some(found)


def _bounds(number: str) -> tuple[Decimal, Decimal]:
    """The precision that a number is written with: 5.4 means 5.35 to 5.45."""
    exact = Decimal(number)
    exponent = exact.as_tuple().exponent
    half = Decimal(5).scaleb(int(exponent) - 1)
    return exact - half, exact + half


def _number(prefix: str, at: str, low: Decimal, high: Decimal, exact: Decimal) -> Sql:
    if prefix == "ap":
        tenth = abs(exact) / 10
        low, high, prefix = min(low, exact - tenth), max(high, exact + tenth), "eq"
    if prefix == "eq":
        return Sql(f"{at} >= %s AND {at} < %s", (low, high))
    if prefix == "ne":
        return Sql(f"{at} < %s OR {at} >= %s", (low, high))
    sign = {"gt": ">", "sa": ">", "ge": ">=", "lt": "<", "eb": "<", "le": "<="}[prefix]
    return Sql(f"{at} {sign} %s", (exact,))


@lru_cache(maxsize=512)
def _equivalents(code: str) -> tuple[tuple[str, Decimal], ...]:
    """Other units in which results come here, and by what a number in ``code`` is multiplied to be in
    them.
    """
    found = []
    for unit in _units():
        one, two = (terminology.convert(Decimal(n), code, unit) for n in (_ONE, _TWO))
        if unit == code or not one.ok or not two.ok:
            continue
        factor = Decimal(one.answer)
        # Degrees have another zero: they are no multiples of each other.
        if factor and abs(Decimal(two.answer) / factor - 2) < _CLOSE:
            found.append((unit, factor))
    return tuple(found)


@lru_cache(maxsize=1)
def _units() -> tuple[str, ...]:
    return tuple(
        sorted(
            {code.unit for code in terminology.lab_codes().values() if code.unit} | {"g/L", "mg/L", "g/dL"}
        )
    )


_MATCH: dict[Kind, Callable[[Param, str, str, Column, str], Sql]] = {
    Kind.TOKEN: _token,
    Kind.STRING: _string,
    Kind.DATE: _date,
    Kind.REFERENCE: _reference,
    Kind.QUANTITY: _quantity,
    Kind.URI: _uri,
}
