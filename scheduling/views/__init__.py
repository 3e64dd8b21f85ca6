"""Pages of scheduling: the patients' here by topic, the clinic's beside them."""
