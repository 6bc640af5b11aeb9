"""Networks, losses and training loops behind the estimators; PyTorch is imported only from here."""
