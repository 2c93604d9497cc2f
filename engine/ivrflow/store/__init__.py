"""Where calls and their journal live."""
