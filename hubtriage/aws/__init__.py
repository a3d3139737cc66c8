"""From events to findings, and from decisions to Security Hub."""
