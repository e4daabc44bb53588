"""The ways to act, one small adapter each, behind `rollback.model.Action`; `build` makes them from deployments.yaml."""
