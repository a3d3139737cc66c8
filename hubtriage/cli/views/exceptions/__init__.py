"""The register of exceptions, as text and as rows for a spreadsheet."""
