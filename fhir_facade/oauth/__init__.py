"""SMART App Launch 2.2: how apps come to tokens. People consent, staff review, services sign."""
