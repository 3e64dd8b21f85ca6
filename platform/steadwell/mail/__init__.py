"""E-mail on the wire: the one conversation with a mail server, for whoever has a letter to hand over."""
