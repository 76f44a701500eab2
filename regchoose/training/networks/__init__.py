"""The networks that can be trained: mlp, cnn, and the user's own."""
