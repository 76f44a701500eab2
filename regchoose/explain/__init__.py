"""The pages that `regchoose explain` shows, in Markdown, and the way from a word to its page."""
