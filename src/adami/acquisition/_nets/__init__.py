"""Networks of policies that learn, in PyTorch."""
