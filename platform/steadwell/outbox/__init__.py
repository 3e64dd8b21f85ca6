"""The ledger of promised work: publish, relay, dedupe, quarantine, replay, due rows."""
