"""Flows to programs: frozen tables that the machine walks."""
