"""What `hubtriage deploy` does, step by step: tools, what is deployed, what changes, CDK, CloudFormation."""
