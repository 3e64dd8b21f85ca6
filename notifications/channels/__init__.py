"""How a letter leaves the house: one class per protocol, all behind ``notifications.ports.Channel``."""
