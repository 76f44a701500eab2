"""The experiment: rows encoded, trained on and judged; here those three rooms are joined."""
