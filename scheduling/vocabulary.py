"""The words a clinic chooses from: specialities and languages. Codes are stored, names are shown."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SPECIALITIES: Mapping[str, Promise] = {
    "general-practice": _("General practice"),
    "paediatrics": _("Children's health"),
    "womens-health": _("Women's health"),
    "mental-health": _("Mental health"),
    "physiotherapy": _("Physiotherapy"),
    "dermatology": _("Skin"),
    "cardiology": _("Heart"),
    "dietetics": _("Nutrition"),
    "nursing": _("Nursing"),
    "ophthalmology": _("Eyes"),
    "orthopaedics": _("Bones and joints"),
    "ent": _("Ear, nose and throat"),
    "endocrinology": _("Hormones and diabetes"),
    "neurology": _("Nerves"),
    "radiology": _("Imaging"),
    "dentistry": _("Teeth"),
    "respiratory": _("Lungs"),
    "gastroenterology": _("Digestion"),
}

# ISO 639-1.
LANGUAGES: Mapping[str, Promise] = {
    "en": _("English"),
    "es": _("Spanish"),
    "fr": _("French"),
    "zh": _("Chinese"),
    "hi": _("Hindi"),
    "ar": _("Arabic"),
    "pt": _("Portuguese"),
    "vi": _("Vietnamese"),
    "pl": _("Polish"),
    "ru": _("Russian"),
    "ko": _("Korean"),
    "de": _("German"),
}

RESOURCE_KINDS: Mapping[str, Promise] = {
    "consulting-room": _("Consulting room"),
    "treatment-room": _("Treatment room"),
    "group-room": _("Group room"),
    "ultrasound": _("Ultrasound"),
    "ecg": _("ECG"),
}
