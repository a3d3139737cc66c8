"""A double of Jira Cloud: REST API v3, with a search index that lags, workflows and screens."""
