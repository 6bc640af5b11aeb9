"""The networks that read peptides, in PyTorch."""
