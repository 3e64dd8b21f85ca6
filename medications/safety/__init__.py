"""Whether a change of medicines is safe, as far as the rule packs know. Pure: no model, no request."""
