"""The shared kernel of Steadwell: what every app stands on. It never imports an app."""
