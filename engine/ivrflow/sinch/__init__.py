"""The dialect of the Sinch Voice API v1: its wire types, rules, signatures."""
