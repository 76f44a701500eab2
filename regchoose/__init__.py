"""Choose a weight regularizer for a neural network, by experiment."""

__version__ = "0.1.0"
