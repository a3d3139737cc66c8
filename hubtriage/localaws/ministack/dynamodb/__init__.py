"""What ministack's DynamoDB lacks: tables as templates ask for them, permissions, faults, a client."""
