"""What a deployer can set. Order of imports: types, capacity, fields, conflicts, configuration."""
