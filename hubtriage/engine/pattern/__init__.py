"""EventBridge event patterns, compiled to closures. Start with `compile_pattern`."""

from hubtriage.engine.pattern.compiler import compile_pattern, pattern_errors

__all__ = ["compile_pattern", "pattern_errors"]
