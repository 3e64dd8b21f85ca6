"""The pages about medicines: a patient's own, and below them the clinic's."""
