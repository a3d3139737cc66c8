"""What rules would do: explain a finding, run the tests of rules, backtest findings, compare rule sets."""
