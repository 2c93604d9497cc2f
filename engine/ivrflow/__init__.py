"""ivrflow: phone menus as YAML, compiled into state machines that answer the Sinch Voice API."""

__version__ = "0.1.0"
