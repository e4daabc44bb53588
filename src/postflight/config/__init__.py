"""Reading `deployments.yaml` and `budgets.yaml` into the model: strict, with errors that name file, line and remedy."""
