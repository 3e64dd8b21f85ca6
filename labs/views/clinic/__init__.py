"""The clinicians' pages: the inbox, a report, critical values, and their settings."""
