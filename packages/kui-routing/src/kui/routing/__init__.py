"""Routes as data, an algebra of prefixes, and a router whose lookups do not grow with its table."""
