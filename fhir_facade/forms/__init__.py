"""Forms that patients fill in: offered by a clinic, answered in the portal, read and settled by clinicians.

The empty form is a Questionnaire and what was answered a QuestionnaireResponse, as any EHR writes and reads
them; what is here is who was asked, and how it ended.
"""
