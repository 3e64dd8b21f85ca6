"""RxNorm, UCUM and LOINC: pure engines and their loaders."""
