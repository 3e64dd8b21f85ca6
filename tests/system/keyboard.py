"""A person who has a keyboard and nothing else: Tab, Enter, arrows and what they type. Nothing is clicked or
focused by script, and at every stop it must be to be seen where one is.
"""

from __future__ import annotations

from browsing import Reader
from playwright.sync_api import Error, expect

STOPS = 200
NOWHERE = {"words": "", "tag": ""}
# Where the focus is: its words, whether a ring is drawn around it (for a hidden input, its label), and
# whether it is on the screen and not below something else.
_HERE = """() => {
    const e = document.activeElement;
    if (!e || e === document.body) return null;
    const labels = [...(e.labels || [])];
    const ring = (n) => {
        const s = getComputedStyle(n);
        return (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2) || s.boxShadow !== "none";
    };
    const seen = (n) => {
        const r = n.getBoundingClientRect();
        const x = (r.left + r.right) / 2, y = (Math.max(r.top, 0) + Math.min(r.bottom, innerHeight)) / 2;
        const top = document.elementFromPoint(x, y);
        const over = top && (n.contains(top) || top.contains(n) || labels.includes(top));
        return r.width > 1 && r.height > 1 && over;
    };
    const own = [e, ...labels, ...labels.map((l) => l.parentElement)];
    const words = e.getAttribute("aria-label") || labels.map((l) => l.textContent).join(" ") || e.textContent;
    return {
        words: words.replace(/\\s+/g, " ").trim(),
        tag: e.tagName.toLowerCase(),
        type: e.type || "",
        html: e.outerHTML.slice(0, 160),
        ring: own.some(ring),
        seen: own.some(seen),
    };
}"""


class Keyboard:
    def __init__(self, walk: Reader) -> None:
        self.walk, self.page = walk, walk.page

    def here(self) -> dict:
        try:
            return self.page.evaluate(_HERE) or dict(NOWHERE)
        except Error:  # between two pages there is nothing to look at
            self.page.wait_for_load_state("load")
            return dict(NOWHERE)

    def to(self, words: str, tag: str = "", *, exact: bool = False) -> None:
        """Tab until the focus is on something that says the words; stay where the page has put it there."""
        self.page.wait_for_load_state("load")
        passed: list[str] = []
        for stop in range(STOPS):
            if stop:
                self.page.keyboard.press("Tab")
            at = self._settled()
            if not at["tag"] or (not stop and at["tag"] not in {"input", "textarea"}):
                continue
            assert at["ring"], f"no focus ring: {at['html']}"
            assert at["seen"], f"the focus is not on the screen: {at['html']}"
            passed.append(at["words"][:40])
            found = at["words"] == words if exact else words in at["words"]
            if found and tag in {"", at["tag"]}:
                return
        raise AssertionError(f"the keyboard never reached {words!r}; it passed {passed[:60]}")

    def _settled(self) -> dict:
        """A focus off the screen scrolls the page, and its ring is drawn; that takes a frame or two."""
        at = self.here()
        for _frame in range(400):
            if not at["tag"] or (at["seen"] and at["ring"]):
                break
            self.page.wait_for_timeout(25)
            at = self.here()
        return at

    def press(self, words: str, tag: str = "", *, exact: bool = False) -> None:
        self.to(words, tag, exact=exact)
        self.page.keyboard.press("Enter")

    def write(self, label: str, text: str) -> None:
        self.to(label, "input")
        self.page.keyboard.type(text)

    def enter(self) -> None:
        self.page.keyboard.press("Enter")

    def arrow(self, name: str = "Down") -> None:
        self.page.keyboard.press(f"Arrow{name}")

    def arrives_at(self, heading: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(heading)
