"""The CDK stack: one module for each capability. Imports are relative: a wheel can ship the folder."""
