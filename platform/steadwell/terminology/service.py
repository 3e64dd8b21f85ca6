"""What others may ask about codes, units and drugs. Importing it loads no framework and opens nothing."""

from __future__ import annotations

from steadwell.terminology.batch import answer_lines, one_line
from steadwell.terminology.labcodes import (
    LabCode,
    ReferenceRange,
    is_loinc,
    lab_code,
    lab_codes,
    range_sources,
    reference_range,
)
from steadwell.terminology.labunits import check_unit
from steadwell.terminology.loinc import LoincName, find_names
from steadwell.terminology.rxnorm.current import use_shipped_drugs
from steadwell.terminology.rxnorm.drugs import (
    answer_drug_names,
    find_drug,
    measure_drug_names,
    normalise_drug,
    pack_contents,
    release,
    remapped,
    suggest_drugs,
)
from steadwell.terminology.rxnorm.names_file import NotAList
from steadwell.terminology.rxnorm.types import (
    Drug,
    DrugReading,
    Grade,
    Ingredient,
    PackContents,
    RxNormRelease,
)
from steadwell.terminology.ucum.converting import convert
from steadwell.terminology.ucum.dimension import Dimension
from steadwell.terminology.ucum.mapping import map_unit, validate_unit
from steadwell.terminology.ucum.types import Answer, Status, UnitRefused
from steadwell.terminology.ucum.units import commensurable, dimension_of

__all__ = [
    "Answer",
    "Dimension",
    "Drug",
    "DrugReading",
    "Grade",
    "Ingredient",
    "LabCode",
    "LoincName",
    "NotAList",
    "PackContents",
    "ReferenceRange",
    "RxNormRelease",
    "Status",
    "UnitRefused",
    "answer_drug_names",
    "answer_lines",
    "check_unit",
    "commensurable",
    "convert",
    "dimension_of",
    "find_drug",
    "find_names",
    "is_loinc",
    "lab_code",
    "lab_codes",
    "map_unit",
    "measure_drug_names",
    "normalise_drug",
    "one_line",
    "pack_contents",
    "range_sources",
    "reference_range",
    "release",
    "remapped",
    "suggest_drugs",
    "use_shipped_drugs",
    "validate_unit",
]
