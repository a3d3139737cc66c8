"""JSON Schemas of rule files and of the account directory, for completion and errors in editors."""
