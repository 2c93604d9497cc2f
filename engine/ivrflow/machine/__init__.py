"""The pure interpreter of one call: program, session and event in, session and reply out."""
