"""The resources that findings are about."""
