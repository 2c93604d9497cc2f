"""What an author wrote, as typed values: flows, applications, prompts."""
