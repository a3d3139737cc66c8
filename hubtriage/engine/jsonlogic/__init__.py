"""JsonLogic, compiled to closures: `compile_logic` is the door."""

from hubtriage.engine.jsonlogic.compiler import compile_logic

__all__ = ["compile_logic"]
