"""A patient's page for staff: who they are, and who reaches their record through the portal."""
