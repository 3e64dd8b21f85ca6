"""UCUM, exactly: grammar, units, conversion, and what senders really write."""
