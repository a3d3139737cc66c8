"""Messages of channels: Slack, Teams, webhooks and e-mail."""
