"""Who the patients are: what each system said about them, and whom we believe that to be."""
