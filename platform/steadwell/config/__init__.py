"""The composition root: settings, addresses, queues, and the wiring of ports to what implements them."""
