"""People who sign in: roles, second factors, lock-out, proxies, sessions."""
