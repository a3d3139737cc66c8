"""JsonLogic, compiled to closures. Start with `compile_logic`."""

from hubtriage.engine.jsonlogic.compiler import compile_logic, logic_errors

__all__ = ["compile_logic", "logic_errors"]
