"""The contract stage's engine: Schemathesis behind a transport that keeps what `deployments.yaml` promises."""
