"""The final fit: the whole table through training with a regularizer, and predictions by what comes of it."""
