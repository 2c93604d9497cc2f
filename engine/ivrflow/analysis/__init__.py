"""What can be known of a flow before the phone rings."""
