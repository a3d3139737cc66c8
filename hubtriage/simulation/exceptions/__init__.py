"""The register of exceptions: the rules that hide, what each holds now, and what no rule accounts for."""
