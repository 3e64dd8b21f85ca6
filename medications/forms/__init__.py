"""What people enter about medicines: patients on their pages, clinicians on theirs."""
