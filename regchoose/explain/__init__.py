"""What the words of an answer mean, and what to do about an error: a screen each."""
