"""Select the rules that a deployment takes of its folder, by their tags."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from hubtriage.authoring.loaded import LoadedRule, LoadResult
from hubtriage.engine.text.suggestions import did_you_mean
from hubtriage.settings.errors import ConfigurationError
from hubtriage.settings.fields import SettingFields


@dataclass(frozen=True, slots=True)
class RuleSelection:
    """Rules with one of the tags in `only`, or all if that is empty, less those with one in `without`."""

    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    @classmethod
    def of(cls, config: SettingFields) -> "RuleSelection":
        """Return what the settings select."""
        return cls(config.only_rules_tagged, config.without_rules_tagged)

    def select(self, loaded: LoadResult) -> LoadResult:
        """Return the same folder with the selected rules alone.

        Raises ConfigurationError for a tag that no rule has: it may be misspelt, and then rules would end, or
        come into force, that were not meant.
        """
        if problems := tuple(self._unknown(loaded)):
            raise ConfigurationError(problems)
        return replace(loaded, rules=tuple(filter(self._takes, loaded.rules)))

    def select_known(self, loaded: LoadResult) -> LoadResult:
        """Return the same, whatever tags are known: an earlier state of a folder may lack some."""
        return replace(loaded, rules=tuple(filter(self._takes, loaded.rules)))

    def _takes(self, rule: LoadedRule) -> bool:
        tags = set(rule.model.tags)
        return (not self.only or not tags.isdisjoint(self.only)) and tags.isdisjoint(self.without)

    def _unknown(self, loaded: LoadResult) -> Iterator[str]:
        known = {tag for rule in loaded.rules for tag in rule.model.tags}
        for name, tags in (("only-rules-tagged", self.only), ("without-rules-tagged", self.without)):
            for tag in (tag for tag in tags if tag not in known):
                hint = did_you_mean(tag, known) or "write tags: into rules, or leave the setting out"
                yield f"{name}: no rule has the tag {tag!r}\n  hint: {hint}"
