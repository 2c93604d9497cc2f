"""What operators see: logs without secrets."""
