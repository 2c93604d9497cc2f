"""What the engine asks of other servers over HTTP."""
