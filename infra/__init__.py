"""The CDK stack: what is deployed, and with which choices."""
