"""Patients: what each system said about a person, whom we believe it to be, and the links between."""
