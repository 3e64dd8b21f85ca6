"""Whether a change of somebody's medicines is safe, as far as the rule packs know. Pure: no model, no request."""
