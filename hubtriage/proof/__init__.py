"""What conditions and rules do on every possible finding: proofs, and findings that contradict them."""
