"""YAML text to nodes that know their place, and what the schema says of them."""
