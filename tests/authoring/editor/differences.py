"""Where the schema for editors and `hubtriage lint` differ: each kind, with the reason.

docs/writing-rules.md has this list; a test holds them together.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """A kind of what lint says and the schema does not (or the other way round).

    `code` and the expression `message` say which; `shown` and `reason` are what the document says of it.
    """

    code: str
    message: str
    shown: str
    reason: str

    def covers(self, code: str, message: str) -> bool:
        """Say whether something that lint says is of this kind."""
        return code == self.code and re.search(self.message, message) is not None


YAML = "A schema sees values, not how YAML writes them."
PARSED = "A schema does not take texts apart."
COMPARED = "A schema does not compare two values."
FILES = "A schema sees one file."
CALCULATED = "A schema does not calculate."
ELEMENT = "A schema does not follow a path into lists and maps."

UNSAID = (
    Difference("E001", "cannot be read", "a list's file that is not there", FILES),
    Difference("E003", "appears twice", "a key that appears twice", YAML),
    Difference("E004", "", "unquoted words that YAML readers read differently", YAML),
    Difference("E005", "", "a second document in the file", YAML),
    Difference("E104", "no account in the directory", "an owner by an attribute that no account has", FILES),
    Difference("E105", "the text has at least", "a text that is too long once it is filled in", CALCULATED),
    Difference("E106", "is not a date", "a day that the calendar does not have", CALCULATED),
    Difference("E107", "is before starts", "an end before the start", COMPARED),
    Difference("E107", "the window has no end", "a window that ends when it begins", COMPARED),
    Difference("E107", "no window is open", "windows that never open between start and end", CALCULATED),
    Difference("E107", "both added and removed", "a type that is both added and removed", COMPARED),
    Difference(
        "E201",
        "IP address|one address|no number lies|two stars",
        "networks, bounds and stars in `match`",
        PARSED,
    ),
    Difference(
        "E202", "regular expression|no part|no account", "expressions, accounts and ARNs in `when`", PARSED
    ),
    Difference("E203", "", "a list that no file has", FILES),
    Difference("E207", "path starts at the element", "a field of the finding inside a loop", ELEMENT),
    Difference("E208", "is a list", "a list where a single value is compared", ELEMENT),
    Difference("E209", "this when is", "a `when` with an alternative that is always true", CALCULATED),
    Difference("E210", "looks like a", "patterns in `starts_with`, or with a position in the path", PARSED),
    Difference("E211", "never", "parts of ARNs, and bounds beyond a scale", PARSED),
    Difference("E212", "by its letters", "an order among texts of maps and lists", ELEMENT),
    Difference("E213", "is a number, never text", "`===` with a value of another type", COMPARED),
    Difference("E214", "", "a test that leaves nothing out", CALCULATED),
    Difference(
        "E302", "no account in the directory", "`{account.NAME}` with a name that no account has", FILES
    ),
    Difference("E306", "", "no note on a lower severity, if a condition is about severities", CALCULATED),
    Difference("E307", "", "a rule whose severities are all above its ceiling", COMPARED),
    Difference("E401", "", "an id that another rule has", COMPARED),
)
"""What lint refuses and the schema takes."""

UNKNOWN = "AWS may have added it since; then ignore the mark as you ignore the warning."
REFUSED = (
    Difference("W101", "", "a field that AWS's model of a finding does not have", UNKNOWN),
    Difference("W103", "", "a value that AWS's model does not list", UNKNOWN),
)
"""What the schema refuses and lint warns of."""
