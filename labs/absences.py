"""The ways in which laboratories say that there is no result."""

from __future__ import annotations

import re
from types import MappingProxyType

from django.utils.translation.trans_null import gettext_noop

# Reason -> what its reader is told. The reasons are stored; the words are translated where they are shown.
ABSENT_WORDS = MappingProxyType(
    {
        "not-performed": gettext_noop("The test was not done."),
        "insufficient": gettext_noop("There was too little of the sample."),
        "unsuitable": gettext_noop("The sample could not be used."),
        "missing": gettext_noop("The sample did not reach the laboratory."),
        "pending": gettext_noop("The result is not ready yet."),
        "cancelled": gettext_noop("The test was cancelled."),
        "not-applicable": gettext_noop("The test does not apply here."),
        "not-calculated": gettext_noop("The value could not be worked out."),
        "see-note": gettext_noop("The result is in the laboratory's note."),
        "not-reported": gettext_noop("The laboratory sent no value."),
    }
)

# Words that, alone or at the start, say it. Short ones that also name results are left out: ND is "not
# detected" as often as "not done", NA is sodium too, and both stay text as sent.
_SAMPLE = "(?:specimen|sample)"
_BLOOD = "h(?:a|ae|e)?mol"
_WORDS = (
    ("insufficient", rf"qns|(?:quantity|volume|{_SAMPLE}) (?:is |was )?(?:not sufficient|insufficient)"),
    ("insufficient", rf"insufficient(?: (?:quantity|volume|{_SAMPLE}))?"),
    ("unsuitable", rf"(?:{_SAMPLE} |grossly )*(?:{_BLOOD}y[sz]ed|{_BLOOD}ysis|clotted|lip(?:a|ae|e)mic)"),
    ("unsuitable", rf"(?:{_SAMPLE} )?(?:contaminated|unsuitable|unacceptable|rejected)"),
    ("missing", rf"{_SAMPLE} (?:was )?(?:lost|not received|missing)|no {_SAMPLE} received|lost in transit"),
    ("cancelled", r"(?:test |order )?cancell?ed|canc|cxl"),
    ("not-performed", r"tnp|(?:test )?not (?:performed|done|run|tested)|unable to perform"),
    ("pending", r"pending|pend|in progress|to follow|results? (?:pending|to follow)"),
    ("not-calculated", r"not calculated|(?:unable to be|cannot be|could not be) calculated"),
    ("not-calculated", r"unable to calculate"),
    ("not-applicable", r"not applicable|n/a"),
    ("see-note", r"see (?:notes?|comments?|below|report|interpretation|attached)(?: below)?"),
    ("not-reported", r"not reported|no result|no value|null|\"\""),
)
_ALONE = tuple((reason, re.compile(words, re.IGNORECASE)) for reason, words in _WORDS)
# Behind the words a reason may follow, set off by a mark: "TNP - clotted", "Cancelled: duplicate order".
_LED = tuple(
    (reason, re.compile(rf"(?:{words})(?:\s*[-:;,/(.]|\s*$)", re.IGNORECASE)) for reason, words in _WORDS
)
_ONLY_MARKS = re.compile(r"[.?_]+|-{2,}")  # a single dash is how urine strips say "negative"


def absent_reason(text: str) -> str:
    """Why there is no result, as a key of ``ABSENT_WORDS``; empty when the text says something else."""
    bare = text.strip().strip("*.!()[] ")
    if not bare or _ONLY_MARKS.fullmatch(bare):
        return "not-reported"
    if bare[0] in "0123456789<>" or len(bare) > 200:
        return ""
    for reason, words in _ALONE:
        if words.fullmatch(bare):
            return reason
    return next((reason for reason, words in _LED if words.match(bare)), "")
