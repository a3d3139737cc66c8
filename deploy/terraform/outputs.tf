output "stack" {
  description = "Outputs of the stack, such as QueueUrl, LedgerTableName and AlarmTopicArn"
  value       = aws_cloudformation_stack.triage.outputs
}
