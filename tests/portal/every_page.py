"""Every page of the demo's clinic as each side sees it: found by following links, as a reader would."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from importlib import import_module
from urllib.parse import parse_qsl, urljoin, urlsplit

from django.apps import apps
from django.core.management import call_command
from django.test import Client
from django.urls import Resolver404, resolve
from signing_in import sign_in

from labs.models import ReleaseRule
from steadwell.accounts.demo.people import Side, list_demo_people

# Where a reader begins. What no link leads to (it comes by mail, or in the middle of a task) is named here.
BEGINNINGS = [
    "/", "/status/", "/developers/", "/developers/register/", "/about-the-information/", "/accounts/login/",
    "/accounts/signup/", "/accounts/inactive/", "/accounts/password/reset/", "/accounts/password/reset/done/",
    "/accounts/password/reset/key/done/", "/accounts/2fa/webauthn/", "/accounts/invitation/",
    "/accounts/logout/", "/clinic/missed/", "/clinic/campaigns/new/", "/clinic/labs/critical/",
    "/nothing-here/",
]  # fmt: skip
# Not pages: parts of them, and the demonstration's own tools.
ASIDE = re.compile(r"/(admin|static|fhir|metrics|demo|components|oauth|healthz)\b|/(news|alert|suggestions)/")
VISITOR, PATIENT, PROXY, DESK, CLINICIAN, MANAGER, ADMINISTRATOR = SIDES = (
    "visitor", "patient", "proxy", "front desk", "clinician", "manager", "administrator",
)  # fmt: skip


def seed() -> None:
    if not ReleaseRule.objects.filter(on_choice="after-seen").exists():  # emptied by a transactional test
        import_module("labs.migrations.0003_release").add_choices(apps, None)
    call_command("seed_demo", verbosity=0)


def client_of(side: str) -> Client:
    """A signed-in client: of each side one whom the demo made; the proxy is the third of the patients."""
    client = Client(headers={"accept": "text/html"})
    people = list_demo_people()
    place = {
        PATIENT: (Side.PATIENT, 0), PROXY: (Side.PATIENT, 2), DESK: (Side.FRONT_DESK, 0),
        CLINICIAN: (Side.CLINICIAN, 0), MANAGER: (Side.RUNNING, 0), ADMINISTRATOR: (Side.RUNNING, 1),
    }  # fmt: skip
    if side == VISITOR:
        return client
    group, number = place[side]
    return sign_in(client, people[group][number].user_id)


def choose_language(client: Client, language: str) -> None:
    client.post("/language/", {"language": language, "next": "/"})


def walk(client: Client, *, of_each: int = 1) -> Iterator[tuple[str, str, str]]:
    """Name of the view, address and page; of each view with the same questions in its address so many."""
    seen: Counter[object] = Counter()
    known: set[str] = set()
    waiting = list(BEGINNINGS)
    while waiting:
        path = waiting.pop(0)
        shape = _shape(path)
        if path in known or ASIDE.search(path) or seen[shape] >= of_each:
            continue
        known.add(path)
        response = client.get(path)
        assert response.status_code < 500, path
        if response.status_code in {301, 302}:
            waiting.append(urljoin(path, response.headers["Location"]))
            continue
        if not response.headers.get("Content-Type", "").startswith("text/html"):
            continue
        seen[shape] += 1
        page = response.content.decode()
        for link in re.findall(r'<a [^>]*href="([^"#]+)', page):
            address = urljoin(path, unescape(link))
            if address.startswith("/") and not address.startswith("//"):
                waiting.append(address)
        yield str(shape[0]), path, page


def _shape(path: str) -> tuple[str, tuple[str, ...]]:
    parts = urlsplit(path)
    try:
        name = resolve(parts.path).view_name
    except Resolver404:
        name = "nothing"
    return name, tuple(sorted(key for key, _ in parse_qsl(parts.query)))


class Seen(HTMLParser):
    """What a page says: its title, its headings in order, each piece of text that a reader reads."""

    UNREAD = frozenset({"script", "style", "template", "title"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.title = ""
        self.headings: list[tuple[int, str]] = []
        self.texts: list[str] = []  # in the page's own language
        self._open: list[tuple[str, bool]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {
            "input",
            "br",
            "hr",
            "img",
            "link",
            "meta",
            "use",
            "path",
            "circle",
            "rect",
            "wbr",
            "line",
        }:
            pass
        else:
            foreign = tag != "html" and "lang" in dict(attrs)
            self._open.append((tag, foreign))
        if re.fullmatch("h[1-6]", tag):
            self.headings.append((int(tag[1]), ""))
        self.texts += [
            value for name, value in attrs if name in {"aria-label", "title", "placeholder"} and value
        ]

    def handle_endtag(self, tag: str) -> None:
        for back in range(len(self._open) - 1, -1, -1):
            if self._open[back][0] == tag:
                del self._open[back:]
                break

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        if not text:
            return
        tags = {tag for tag, _ in self._open}
        if "title" in tags and "svg" not in tags:
            self.title += text
        if tags & self.UNREAD or any(foreign for _, foreign in self._open):
            return
        self.texts.append(text)
        if self.headings and any(re.fullmatch("h[1-6]", tag) for tag in tags):
            level, said = self.headings[-1]
            self.headings[-1] = (level, f"{said} {text}".strip())
