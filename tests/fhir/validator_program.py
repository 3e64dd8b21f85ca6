"""Runs in the validator's own environment: a resource per line in, what google-fhir-r4 says of it out."""

from __future__ import annotations

import importlib
import json
import re
import sys

from google.fhir.r4 import json_format


def proto_of(kind: str) -> type:
    words = re.sub(r"(?<!^)(?=[A-Z])", "_", kind).lower()
    name = "bundle_and_contained_resource" if kind == "Bundle" else words
    module = importlib.import_module(f"google.fhir.r4.proto.core.resources.{name}_pb2")
    return getattr(module, kind)


def verdict(line: str) -> str:
    try:
        json_format.json_fhir_string_to_proto(line, proto_of(json.loads(line)["resourceType"]), validate=True)
    except Exception as error:  # noqa: BLE001 - whatever the validator raises is its verdict
        return f"{type(error).__name__}: {error}"
    return ""


for line in sys.stdin:
    sys.stdout.write(json.dumps(verdict(line)) + "\n")
    sys.stdout.flush()
