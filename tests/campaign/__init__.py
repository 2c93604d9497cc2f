"""A file of people called by a real engine on an emulated platform, and what must hold of it."""
