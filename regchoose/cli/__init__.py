"""The shell: the only room that prints, prompts, reads the clock or exits."""
