"""One module per producer of findings: each turns a scene (account, Region, time, chance) into a finding."""
