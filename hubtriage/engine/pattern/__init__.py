"""EventBridge event patterns, compiled to closures: `compile_pattern` is the door."""

from hubtriage.engine.pattern.compiler import compile_pattern

__all__ = ["compile_pattern"]
