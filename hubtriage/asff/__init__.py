"""AWS's model of a finding: paths, types, values, and complete samples."""
