"""A list of hundreds in one go says the same as Django's own."""

from __future__ import annotations

from django import forms

from steadwell.portal.service import Options, OptionsField

CHOICES = [("", "Anyone"), ("1", "O'Neil & <b>"), ("2", "Zoë")]


class Wish(forms.Form):
    who = OptionsField(required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["who"].offer(Options(CHOICES))


class Plain(forms.Form):
    who = forms.ChoiceField(choices=CHOICES, required=False)


def test_it_reads_as_djangos_own_and_escapes():
    for chosen in ("", "1", "2", "nobody"):
        ours, theirs = Wish({"who": chosen})["who"], Plain({"who": chosen})["who"]

        assert _bare(str(ours)) == _bare(str(theirs))
        assert "<b>" not in str(ours)


def test_it_refuses_what_it_does_not_offer():
    ours, theirs = Wish({"who": "nobody"}), Plain({"who": "nobody"})

    assert ours.errors == theirs.errors
    assert Wish({"who": "2"}).is_valid()
    assert Wish({}).is_valid()


def _bare(text: str) -> list[str]:
    """The tags and texts, without the white space between lines and whatever order attributes stand in."""
    lines = text.replace(">", ">\n").replace("<", "\n<").splitlines()
    return [" ".join(sorted(line.strip().strip("<>").split())) for line in lines if line.strip()]
