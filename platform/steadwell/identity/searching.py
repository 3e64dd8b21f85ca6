"""The patient search: one statement on B-tree keys, a second when nobody was found.

No LIKE '%..', no COUNT, no OFFSET.

What is tried (the last part only runs where the others found nobody):
1. numbers: a clinic record number, any system's identifier, the last digits of a telephone;
2. names by prefix, family and given in either order: index ranges, in which exact names come first;
   a birth date narrows them, and alone lists who was born that day;
3. what was nearly meant: words of the dictionary one letter away, sounding alike or sharing most trigrams;
   names that resemble the words among those born that day; the names alone when the date fits nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import connection

from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.identity import access, asking, queries, spelling
from steadwell.identity.types import PersonSummary
from steadwell.ids import PersonId

MAX_RESULTS = 50
_TOP = "\U0010ffff"  # sorts after every continuation of a prefix, in collation C
_CLOSE_WORDS = 8  # how many words close to a mistyped one are tried
# Trigrams cost ten times the other ways: only for words long enough for two errors, when one finds nothing.
_TRIGRAM_LENGTH = 6
_PHONE_DIGITS = 6  # fewer last digits than this mean nobody

Part = tuple[str, list[Any]]


def search(*, actor: Actor, text: str, now: datetime, limit: int = 20) -> list[PersonSummary]:
    """People the text may mean, best first; ``person_id`` is the person they are now. Staff only.

    There is no second page: who finds too many adds a birth date or another word.
    """
    access.require_staff(actor)
    question = asking.read(text, today=now.date())
    if question.is_empty:
        return []
    most = min(limit, MAX_RESULTS)
    rows = _people(_straight(question, most * 2), most)
    if not rows and question.words:
        rows = _people(_near(question, most * 2), most, _close_words(question.words))
    found = {PersonId(row[0]): queries.summary(row[0], row[1:]) for row in rows}
    if found:
        queries.note_seen(actor, "person.search", found, now)
    else:
        audit.record(actor=actor, action="person.search", category="demographics", now=now)
    return list(found.values())


def _people(parts: Iterator[Part], limit: int, close: Part | None = None) -> list[tuple[Any, ...]]:
    """The persons that the parts' (person_id, rank) rows mean now, each once, best first. One statement."""
    hits, params = _union(parts)
    tables = f"hit(person_id, rank) AS ({hits})"
    if close is not None:
        tables = f"close(place, word, off) AS MATERIALIZED ({close[0]}), {tables}"
        params = [*close[1], *params]
    columns = ", ".join(f"c.{name}" for name in queries.COLUMNS)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH {tables} SELECT c.id, {columns} FROM ("  # noqa: S608 - every value is a parameter
            "SELECT p.current_id, min(hit.rank) AS rank FROM hit"
            " JOIN identity_person p ON p.id = hit.person_id GROUP BY p.current_id) f"
            " JOIN identity_person c ON c.id = f.current_id"
            " ORDER BY f.rank, c.family_name, c.given_name, c.birth_date, c.id LIMIT %s",
            [*params, limit],
        )
        return list(cursor.fetchall())


def _union(parts: Iterator[Part]) -> Part:
    texts: list[str] = []
    params: list[Any] = []
    for text, values in parts:
        texts.append(f"({text})")
        params += values
    return " UNION ALL ".join(texts), params


def _straight(question: asking.Question, limit: int) -> Iterator[Part]:
    for number in question.numbers:
        yield from _by_number(number, limit)
    if question.words:
        for family, given in _readings(question.words):
            yield _by_prefix(family, given, question.birth_dates, limit)
    elif question.birth_dates:
        yield _born(question.birth_dates, limit)


def _by_number(number: str, limit: int) -> Iterator[Part]:
    yield "SELECT id AS person_id, 0::real AS rank FROM identity_person WHERE number = %s", [number]
    yield (
        "SELECT l.person_id, 0.5::real FROM identity_recordidentifier i"
        " JOIN identity_link l ON l.record_id = i.record_id AND l.closed_at IS NULL WHERE i.plain = %s"
        " LIMIT %s",
        [number, limit],
    )
    digits = spelling.phone_digits(number)[::-1] if number.isdigit() else ""
    if len(digits) >= _PHONE_DIGITS:
        yield (
            "SELECT k.person_id, 0.7::real FROM identity_searchkey k WHERE k.phone >= %s AND k.phone < %s"
            " AND k.phone <> ''"
            " LIMIT %s",
            [digits, digits + _TOP, limit],
        )


def _readings(words: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Every way to read the words as (family, given): each cut, in both orders, and all of them as one
    name.
    """
    for cut in range(1, len(words)):
        one, other = " ".join(words[:cut]), " ".join(words[cut:])
        yield one, other
        yield other, one
    yield " ".join(words), ""
    yield "", " ".join(words)


def _by_prefix(family: str, given: str, born: tuple[Any, ...], limit: int) -> Part:
    where: list[str] = []
    values: list[Any] = []
    for column, prefix in (("family", family), ("given", given)):
        if prefix:
            where.append(f"k.{column} >= %s AND k.{column} < %s")
            values += [prefix, prefix + _TOP]
    if born:
        where.append("k.birth_date = ANY(%s)")
        values.append(list(born))
    order = "k.family, k.given" if family else "k.given, k.family"
    return (
        "SELECT k.person_id, CASE WHEN (%s = '' OR k.family = %s) AND (%s = '' OR k.given = %s) THEN 1"  # noqa: S608
        " ELSE 2 END::real"
        f" FROM identity_searchkey k WHERE {' AND '.join(where)} ORDER BY {order} LIMIT %s",
        [family, family, given, given, *values, limit],
    )


def _born(born: tuple[Any, ...], limit: int) -> Part:
    return (
        "SELECT k.person_id, 1::real FROM identity_searchkey k WHERE k.birth_date = ANY(%s)"
        " ORDER BY k.birth_date, k.family LIMIT %s",
        [list(born), limit],
    )


def _close_words(words: tuple[str, ...]) -> Part:
    """Per word typed: itself, and the words it may have been meant for, by letters they are off."""
    texts: list[str] = []
    params: list[Any] = []
    for place, word in enumerate(words):
        texts.append("SELECT %s::int, %s, 0")
        params += [place, word]
        if len(word) < 3:
            continue
        texts.append(
            "(WITH one AS MATERIALIZED ("
            "  SELECT word FROM identity_nameword WHERE variants && %s::varchar[]"
            ") SELECT %s::int, w.word, levenshtein(w.word, %s) AS off FROM (SELECT word FROM one"
            " UNION SELECT word FROM identity_nameword WHERE sound = metaphone(%s, 12) AND sound <> ''"
            " UNION SELECT word FROM identity_nameword"
            "  WHERE %s AND word %% %s AND NOT EXISTS (SELECT FROM one)"
            ") w WHERE levenshtein(w.word, %s) BETWEEN 1 AND 3 ORDER BY off, w.word LIMIT %s)"
        )
        sound, is_long = word if word.isascii() else "", len(word) >= _TRIGRAM_LENGTH
        params += [spelling.shorter_by_one(word), place, word, sound, is_long, word, word, _CLOSE_WORDS]
    return " UNION ALL ".join(texts), params


def _near(question: asking.Question, limit: int) -> Iterator[Part]:
    if question.birth_dates:
        typed = " ".join(question.words)
        yield (
            "SELECT k.person_id, 4 - word_similarity(%s, k.family || ' ' || k.given) AS rank FROM"
            " identity_searchkey k"
            " WHERE k.birth_date = ANY(%s) AND word_similarity(%s, k.family || ' ' || k.given) > 0.3"
            " ORDER BY 2 LIMIT %s",
            [typed, list(question.birth_dates), typed, limit],
        )
        for family, given in _readings(question.words):
            text, values = _by_prefix(family, given, (), limit)
            yield f"SELECT person_id, 20::real FROM ({text}) byname", values  # noqa: S608
    elif len(question.words) == 1:
        for column, order in (("family", "k.family, k.given"), ("given", "k.given, k.family")):
            yield (
                "SELECT k.person_id, (10 + c.off)::real FROM close c CROSS JOIN LATERAL (SELECT k.person_id"  # noqa: S608
                f" FROM identity_searchkey k WHERE k.{column} >= c.word AND k.{column} < c.word || %s"
                f" ORDER BY {order} LIMIT %s) k",
                [_TOP, limit],
            )
    else:
        yield (
            "SELECT k.person_id, (10 + a.off + b.off)::real AS rank FROM close a JOIN close b ON a.place"
            " <> b.place"
            " CROSS JOIN LATERAL (SELECT k.person_id FROM identity_searchkey k"
            " WHERE k.family >= a.word AND k.family < a.word || %s AND k.given >= b.word AND k.given <"
            " b.word || %s"
            " LIMIT %s) k WHERE a.off + b.off BETWEEN 1 AND 4 LIMIT %s",
            [_TOP, _TOP, limit, limit],
        )
