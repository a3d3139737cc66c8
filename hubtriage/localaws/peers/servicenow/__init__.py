"""A double of ServiceNow: the Table API over incidents and security incidents."""
