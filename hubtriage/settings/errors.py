"""What settings that cannot be used raise, wherever they come from."""

from dataclasses import dataclass


@dataclass(eq=False)
class ConfigurationError(ValueError):
    """Settings, or a file of settings, that cannot be used; `problems` has a text for each."""

    problems: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self.problems)
