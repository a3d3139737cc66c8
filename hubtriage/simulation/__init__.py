"""What rules would do: explain one finding, run the tests of rules, backtest many findings, compare rule sets."""
