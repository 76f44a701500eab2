"""regchoose from Python: what `regchoose` gives by name is here."""
