"""RxNorm: which drug a text names. Pure but for ``loading``; see ADR 0082."""
