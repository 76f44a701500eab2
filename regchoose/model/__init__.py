"""The folder of a fitted model: its files, what is kept while it is trained, and ONNX."""
