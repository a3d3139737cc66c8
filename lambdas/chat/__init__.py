"""Chat: from the queue of a channel to Slack, Teams, a webhook or e-mail."""
