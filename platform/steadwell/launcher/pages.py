"""A visitor without a browser: opens pages, follows links and sends forms as they are written."""

from __future__ import annotations

import http.cookiejar
import re
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin, urlsplit


class Unexpected(Exception):
    """A page was not what a visitor needs to go on. The message says which and why."""


@dataclass(slots=True)
class Form:
    action: str = ""
    method: str = "get"
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.heading = ""
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "a" and has.get("href"):
            self.links.append(has["href"])
        elif tag == "h1":
            self._inside.append(tag)
        elif tag == "form":
            self.forms.append(Form(action=has.get("action", ""), method=has.get("method", "get").lower()))
        elif self.forms and has.get("name"):
            self._field(tag, has)

    def _field(self, tag: str, has: dict[str, str]) -> None:
        form, kind = self.forms[-1], has.get("type", "")
        if tag == "button" or kind == "submit":
            form.buttons.append((has["name"], has.get("value", "")))
        elif (tag == "input" and kind not in {"checkbox", "radio"}) or "checked" in has:
            form.fields.append((has["name"], has.get("value", "")))
        elif tag == "textarea":
            form.fields.append((has["name"], ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "h1" and self._inside:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.heading += data


@dataclass(frozen=True, slots=True)
class Page:
    """One answer, taken apart."""

    address: str
    status: int
    heading: str
    forms: list[Form]
    links: list[str]

    @property
    def path(self) -> str:
        return urlsplit(self.address).path

    def find_form(self, action: str) -> Form | None:
        """The first form that is sent to a path of this pattern."""
        return next((form for form in self.forms if re.fullmatch(action, self._path(form.action))), None)

    def find_links(self, path: str) -> list[str]:
        """All links to a path of this pattern, in their order, each once."""
        found = [link for link in self.links if re.fullmatch(path, self._path(link))]
        return list(dict.fromkeys(urljoin(self.address, link) for link in found))

    def _path(self, link: str) -> str:
        return urlsplit(urljoin(self.address, link)).path


class Visitor:
    """One person's browser: it keeps cookies and follows redirects."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), jar)

    def open(self, link: str) -> Page:
        return self._send(urllib.request.Request(urljoin(self._origin, link)))  # noqa: S310  our own address

    def submit(self, page: Page, form: Form, button: tuple[str, str] | None = None) -> Page:
        data = urlencode([*form.fields, *([button] if button else [])]).encode()
        target = urljoin(page.address, form.action)
        return self._send(urllib.request.Request(target, data=data, headers={"Referer": page.address}))  # noqa: S310

    def _send(self, request: urllib.request.Request) -> Page:
        try:
            with self._opener.open(request, timeout=60) as answer:
                return _page(answer.url, answer.status, answer.read())
        except urllib.error.HTTPError as refusal:
            found = _page(refusal.url, refusal.code, refusal.read())
            raise Unexpected(
                f"{found.path} answered {found.status}: {found.heading or 'no page'}"
            ) from refusal
        except OSError as error:
            raise Unexpected(f"{request.full_url} did not answer: {error}") from error


def _page(address: str, status: int, body: bytes) -> Page:
    reader = _Reader()
    reader.feed(body.decode(errors="replace"))
    return Page(address, status, " ".join(reader.heading.split()), reader.forms, reader.links)
