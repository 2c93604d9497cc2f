"""How long callers are kept, whatever they and the world do: the bound, and the worst way."""
