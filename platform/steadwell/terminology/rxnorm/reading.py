"""What a text says, before a product is looked for: ingredients, brand, strengths, form, and the rest."""

from __future__ import annotations

from dataclasses import dataclass, field

from steadwell.terminology.rxnorm import forms, scanning
from steadwell.terminology.rxnorm.catalogue import Catalogue, Meaning
from steadwell.terminology.rxnorm.forms import Form
from steadwell.terminology.rxnorm.scanning import Token
from steadwell.terminology.rxnorm.spelling import Speller
from steadwell.terminology.rxnorm.strengths import QUANTITIES, Strength
from steadwell.terminology.rxnorm.words import Phrase, around, longest_around, salts

# Words for a release that say how long it lasts, where drugs of both kinds are sold (bupropion, diltiazem).
HOURS = {"xl": 24.0, "sr": 12.0}
_JOINS = frozenset(
    {"/", "+", "&", "with", "and", "plus"}
)  # what stands behind one of these is an ingredient and no maker
_OR = frozenset({",", "&", "or", "to"})


@dataclass(slots=True)
class Named:
    """One phrase that names an ingredient or a brand, and what was said about its strength behind it."""

    phrase: str
    meanings: tuple[Meaning, ...]
    salt: str = ""
    corrected: str = ""
    bracketed: bool = False
    strengths: list[tuple[Strength, ...]] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)  # numbers without a unit behind it


@dataclass(slots=True)
class Mention:
    """``bare`` are numbers without a unit, ``listed`` strengths that came as a list ("5-325 MG")."""

    named: list[Named] = field(default_factory=list)
    before: list[tuple[Strength, ...]] = field(default_factory=list)
    listed: list[Token] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    quantities: list[Strength] = field(default_factory=list)
    form: Form = field(default_factory=Form)
    unknown: list[str] = field(default_factory=list)
    aside: list[str] = field(default_factory=list)  # in brackets or behind the form: makers, mostly
    counts: list[float] = field(default_factory=list)  # numbers of pieces, behind the form or a package
    counted: bool = False  # a word about packages came: a number behind it is a count
    label: bool = False  # written as a pharmacy label or a formulary is: in capitals

    def salts(self) -> dict[str, str]:
        """The salt that the text gives each ingredient, by its phrase or by a word behind it."""
        found: dict[str, str] = {}
        for named in self.named:
            for meaning in named.meanings:
                if len(meaning.bases) == 1 and not meaning.brand:
                    (base,) = meaning.bases
                    said = " ".join(filter(None, (meaning.salt, named.salt)))
                    before = found.get(base, "")
                    # One ingredient in two salts ("macrocrystals 25 MG / monohydrate 75 MG"): both are said.
                    both = {*before.split()} <= {*said.split()} or not said
                    found[base] = (said or before) if both else f"{before} {said}"
        return found


class Reader:
    """Reads texts against one catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.speller = Speller(catalogue)

    def read(self, text: str) -> Mention:
        tokens = scanning.scan(scanning.folded(text))
        mention = Mention(label=text.isupper())
        found: list[tuple[str, str]] = []
        depth = at = fronted = 0
        while at < len(tokens):
            token = tokens[at]
            # Behind the form stand makers and counts, unless the name comes after it: "Tab Metformin 500".
            behind = False
            if not mention.named:
                fronted = len(found)
            elif len(found) > fronted:
                behind = any(kind == "shape" for kind, _ in found[fronted:])
            if token.kind == "sign":
                depth = max(0, depth + (token.text in "([") - (token.text in ")]"))
                mention.counted = mention.counted or token.text == "#"
                at += 1
            elif token.kind in {"word", "number"} and (size := self._name(tokens, at, mention, depth)):
                at += size
            elif token.kind == "word":
                joined = at > 0 and tokens[at - 1].text in _JOINS
                at += self._word(tokens, at, mention, found, depth > 0 or (behind and not joined))
            else:
                whole = all(value.is_integer() for value in token.values)  # nobody counts 0.2 pieces
                if token.kind == "number" and whole and (behind or mention.counted):
                    mention.counts.extend(token.values)  # "TAB UD 100"
                elif token.kind == "number" and (size := _or_another(tokens, at)):
                    mention.listed.append(_several(token, tokens[at + size]))
                    at += size
                else:
                    _amount(token, mention)
                if token.container and (pair := around().get((token.container,))) and pair[0] == "shape":
                    found.append(pair)
                at += 1
        mention.form = forms.made_of(found)
        return mention

    def _name(self, tokens: list[Token], at: int, mention: Mention, depth: int) -> int:
        """Take the longest phrase that names a drug; returns how many tokens it took."""
        words, ends = _words(tokens, at, self.catalogue.longest)
        phrases = self.catalogue.phrases
        for size in range(len(words), 0, -1):
            phrase = tuple(words[:size])
            meanings = phrases.get(" ".join(phrase))
            if meanings is None and 2 <= size <= 5:
                meanings = self._in_any_order(phrase)
            if meanings is None or _is_no_name(phrase, mention):
                continue
            mention.named.append(Named(" ".join(phrase), meanings, bracketed=depth > 0))
            return ends[size - 1]
        return 0

    def _in_any_order(self, phrase: Phrase) -> tuple[Meaning, ...] | None:
        """ "estrogens, conjugated", and "phenylbutyrate na" for sodium phenylbutyrate."""
        bags = self.catalogue.bags
        name = bags.get(" ".join(sorted(phrase)))
        if name is None and any(word in salts() for word in phrase):
            name = bags.get(" ".join(sorted(salts().get(word, word) for word in phrase)))
        return self.catalogue.phrases.get(name) if name is not None else None

    def _word(
        self, tokens: list[Token], at: int, mention: Mention, found: list[tuple[str, str]], aside: bool
    ) -> int:
        words, ends = _words(tokens, at, longest_around())
        for size in range(len(words), 0, -1):
            pair = around().get(tuple(words[:size]))
            if pair is not None and not (size == 1 and words[0] in salts() and _wants_salt(mention)):
                if pair[0] == "noise":
                    mention.counted = True
                else:
                    found.append(pair)
                    if words[0] in HOURS:
                        mention.quantities.append(Strength("hr", HOURS[words[0]]))
                return ends[size - 1]
        word = words[0]
        salt = salts().get(word)
        if salt is not None and mention.named:
            last = mention.named[-1]
            last.salt = f"{last.salt} {salt}".strip()
            return 1
        self._unknown(word, mention, aside=aside)
        return 1

    def _unknown(self, word: str, mention: Mention, *, aside: bool) -> None:
        corrected = self.speller.correct(word) if len(word) > 4 else None
        if corrected is not None:
            phrase, meanings = corrected
            mention.named.append(Named(phrase, meanings, corrected=word, bracketed=aside))
        elif aside:
            mention.aside.append(word)
            mention.label = False  # what was not understood may have been the release
        else:
            mention.unknown.append(word)  # also a lone letter: Claritin-D holds more than Claritin


def _words(tokens: list[Token], at: int, most: int) -> tuple[list[str], list[int]]:
    """The next words, across commas, and how many tokens each of them reaches."""
    words: list[str] = []
    ends: list[int] = []
    place = at
    while place < len(tokens) and len(words) < most:
        token = tokens[place]
        if token.kind in {"word", "number"}:
            words.append(token.text)
            ends.append(place - at + 1)
        elif token.kind == "list" and not token.strengths and words:
            words.extend(f"{value:g}" for value in token.values)
            ends.extend([place - at + 1] * len(token.values))
        elif not (token.kind == "sign" and token.text in ",/+#" and words):
            break
        place += 1
    return words[:most], ends[:most]


def _is_no_name(phrase: Phrase, mention: Mention) -> bool:
    """A single word that is a salt or a form behind a name is not a drug's name there."""
    if len(phrase) > 1:
        return phrase[0].isdigit()
    word = phrase[0]
    if word in salts() and mention.named:
        return True
    return phrase in around() and (bool(mention.named) or len(word) < 4)


def _or_another(tokens: list[Token], at: int) -> int:
    """How far on the next amount stands where a number may be an amount as well: "2, 5 mg", "2 to 5 mg"."""
    for size in (1, 2):
        if at + size >= len(tokens):
            return 0
        token = tokens[at + size]
        if token.kind in {"number", "amount"}:
            return size
        if token.text not in _OR:
            return 0
    return 0


def _several(one: Token, other: Token) -> Token:
    """A list of two amounts; the unit, where one is said, is that of both."""
    values = one.values + other.values
    if len(other.strengths) != 1 or not other.values or not other.values[0]:
        return Token("list", one.text, other.strengths, values)
    (has,) = other.strengths
    first = Strength(has.kind, has.value / other.values[0] * one.values[0])
    return Token("list", one.text, (first, has), values)


def _wants_salt(mention: Mention) -> bool:
    return bool(mention.named) and not mention.named[-1].strengths


def _amount(token: Token, mention: Mention) -> None:
    if token.kind == "number":
        mention.bare.extend(token.values)
        if mention.named:
            mention.named[-1].bare.extend(token.values)
        return
    if token.kind == "list":
        mention.listed.append(token)
        return
    if not token.strengths:
        return
    if token.volume is not None:
        mention.quantities.append(token.volume)
    if token.strengths[0].kind in QUANTITIES:
        mention.quantities.append(token.strengths[0])
    elif mention.named:
        mention.named[-1].strengths.append(token.strengths)
    else:
        mention.before.append(token.strengths)
