"""Reads and writes a catalogue: the .po that people edit, the .mo that programs load."""

from __future__ import annotations

import ast
import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field

CONTEXT_MARK = "\x04"  # between context and message in a .mo, as GNU gettext has it
PLURAL_MARK = "\x00"
HEADER = (
    "Content-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\n"
    "Language: es\nPlural-Forms: nplurals=2; plural=(n != 1);\n"
)


@dataclass(slots=True, kw_only=True)
class Message:
    """One message; ``plural`` is empty where the text has one form only."""

    text: str
    plural: str = ""
    context: str = ""
    translations: list[str] = field(default_factory=list)
    places: set[str] = field(default_factory=set)

    @property
    def key(self) -> tuple[str, str]:
        return (self.context, self.text)

    @property
    def is_translated(self) -> bool:
        return len(self.translations) == (2 if self.plural else 1) and all(self.translations)


_LINE = re.compile(r'(msgctxt|msgid_plural|msgid|msgstr(?:\[(\d)\])?)?\s*(".*")$')


def read_po(text: str) -> dict[tuple[str, str], Message]:
    """The messages of a .po file, without its header."""
    found = {}
    for block in re.split(r"\n\s*\n", text):
        parts: dict[str, str] = {}
        current = ""
        for line in block.splitlines():
            match = _LINE.match(line.strip())
            if match is None:
                continue
            current = match[1] or current
            parts[current] = parts.get(current, "") + str(ast.literal_eval(match[3]))
        if not parts.get("msgid"):
            continue
        translations = [parts[name] for name in ("msgstr", "msgstr[0]", "msgstr[1]") if name in parts]
        message = Message(
            text=parts["msgid"],
            plural=parts.get("msgid_plural", ""),
            context=parts.get("msgctxt", ""),
            translations=[text for text in translations if text],
            places=set(re.findall(r"^#: (.+)$", block, re.M)),
        )
        found[message.key] = message
    return found


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def write_po(messages: Iterable[Message]) -> str:
    """A .po file, sorted by message, so that two people's additions seldom collide."""
    blocks = ['msgid ""\nmsgstr ""\n' + "\n".join(_quoted(line + "\n") for line in HEADER.splitlines())]
    for message in sorted(messages, key=lambda m: m.key):
        lines = [f"#: {place}" for place in sorted(message.places)]
        if message.context:
            lines.append(f"msgctxt {_quoted(message.context)}")
        lines.append(f"msgid {_quoted(message.text)}")
        if message.plural:
            lines.append(f"msgid_plural {_quoted(message.plural)}")
            forms = [*message.translations, "", ""][:2]
            lines += [f"msgstr[{number}] {_quoted(form)}" for number, form in enumerate(forms)]
        else:
            lines.append(f"msgstr {_quoted((message.translations or [''])[0])}")
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def compile_mo(messages: Iterable[Message]) -> bytes:
    """The binary form (GNU gettext manual, "The Format of GNU MO Files"); untranslated messages are left
    out.
    """
    pairs = {"": HEADER}
    for message in messages:
        if message.is_translated:
            key = f"{message.context}{CONTEXT_MARK}{message.text}" if message.context else message.text
            key += f"{PLURAL_MARK}{message.plural}" if message.plural else ""
            pairs[key] = PLURAL_MARK.join(message.translations)
    rows = sorted((key.encode(), value.encode()) for key, value in pairs.items())
    keys_at, values_at = 28, 28 + 8 * len(rows)
    position = values_at + 8 * len(rows)
    tables: list[list[int]] = [[], []]
    data = b""
    for column in (0, 1):
        for row in rows:
            tables[column] += [len(row[column]), position + len(data)]
            data += row[column] + b"\0"
    head = struct.pack("<7I", 0x950412DE, 0, len(rows), keys_at, values_at, 0, position)
    return head + struct.pack(f"<{4 * len(rows)}I", *tables[0], *tables[1]) + data
