"""What editors show about the keys and operators of rule files."""

RULE_KEYS = {
    "id": "Unique over all files: 1 to 63 of a-z, 0-9 and '-'. The ledger and the log name the rule by it.",
    "description": "What is decided, and why, in a sentence.",
    "owner": "The team or person who is responsible for it; {account: NAME}: an attribute of the account.",
    "ticket": "Where it was decided.",
    "reason": "Why it is right, in a word: risk-accepted, false-positive, ...",
    "tags": "Groups of rules that it is part of. A deployment may take, or leave out, some of them.",
    "mode": 'enforce; observe: log only, take back; hold: keep what it did, do nothing new; "off".',
    "order": "1 to 1000, lower first. On one field the later rule wins; ties go by id.",
    "terminal": "true: no later rule is evaluated for a finding that this rule matches.",
    "starts": "First day (UTC) or instant on which the rule is in force.",
    "expires": "Last day (UTC) in force, or the instant of the end; then what it did is taken back.",
    "during": "Recurring windows, such as weekends; outside them the rule matches nothing.",
    "override": "true: may change what a person set, but never their note.",
    "ceiling": "The highest severity that the rule may hide: MEDIUM, unless HIGH or CRITICAL is written out.",
    "match": "An EventBridge pattern over the finding. Every field must match, by any one of its values.",
    "when": "A JsonLogic expression that has to be true in addition to match.",
    "update": "A BatchUpdateFindings request without FindingIdentifiers.",
    "notify": "Channels, or routes to some, that get a message when the rule does something; none: none.",
    "open-ticket": "The queue, or {queue, per}, with a ticket as long as findings are open; none: none.",
    "tests": "Parts of findings, and what the rule does to each.",
    "lint": "Warnings that do not hold for this rule, each with the reason.",
}

STATEMENT_KEYS = {
    "id": "Unique in the policy: 1 to 63 of a-z, 0-9 and '-'. Errors name the statement by it.",
    "description": "What the statement is for, in a sentence. Errors show it.",
    "rules": "The rules that it speaks of; all rules if left out.",
    "unless": "Rules with this tag are left out. Decide with CODEOWNERS who may set it.",
    "require": "What these rules have to say of themselves.",
    "never": "hide, or values by field, that no rule may set on the findings below.",
    "findings": "The findings that are protected.",
    "only": "These rules act on no other findings.",
}

SELECTION_KEYS = {
    "owners": "Globs of owners, such as team-a*.",
    "files": "Globs of paths relative to the folder of the rules, such as team-a/*.",
    "ids": "Globs of ids.",
    "hiding": "true: rules that can hide a finding; false: the others.",
}

REQUIREMENT_KEYS = {
    "description": "true: there is one.",
    "owner": "true: there is one; or globs of owners.",
    "ticket": "A glob of the ticket, such as SEC-*.",
    "reason": "true: there is one; or a list of reasons.",
    "expires": "The most days from the rule's start, or from today, to its end.",
    "ceiling": "The highest ceiling that is allowed.",
    "note": "A glob of the note as the rule has it, such as *{rule.ticket}*.",
    "notify": "true: it notifies a channel; or globs of channels, of which one must fit.",
    "tests": "true: the rule has tests.",
}

WINDOW_KEYS = {
    "days": "Days on which the window opens; every day if left out.",
    "from": "Time of day at which it opens.",
    "to": "Time of day at which it closes; on the next day if it is not later.",
    "zone": "Time zone whose clock counts; UTC if left out.",
}

UPDATE_KEYS = {
    "Workflow": "Status: NEW, NOTIFIED, RESOLVED or SUPPRESSED.",
    "Severity": "Label; or AtMost / AtLeast, relative to what the provider says now.",
    "VerificationState": "UNKNOWN, TRUE_POSITIVE, FALSE_POSITIVE or BENIGN_POSITIVE.",
    "Confidence": "0 to 100.",
    "Criticality": "0 to 100.",
    "Types": "A list of types; or Add and Remove, relative to the provider's.",
    "UserDefinedFields": "Names with texts; merged into what is there.",
    "RelatedFindings": "A list of ProductArn and Id.",
    "Note": "Text, up to 512 characters with its placeholders filled in, and perhaps UpdatedBy.",
}

TEST_KEYS = {
    "name": "What the test shows.",
    "finding": "Part of the finding; null removes a member of the sample.",
    "sample": "The producer whose sample completes it, if ProductArn or ProductName do not show that.",
    "account": "What the account directory says about the finding's account.",
    "now": "The time of the decision; else a moment at which the rule is in force.",
    "before": "What happened to the finding earlier.",
    "expect": "Fields of the update (null: not in it), or: no change.",
    "delivers": "The channels, queues and routes, as the rule names them, that something is delivered to.",
}

BEFORE_KEYS = {
    "applied": "true: the rule was applied to the finding.",
    "finding": "Members of the finding that were different then.",
    "person": "What a person set afterwards, as BatchUpdateFindings takes it.",
}

PATTERN_OPERATORS = {
    "prefix": "texts that begin with this",
    "suffix": "texts that end with this",
    "equals-ignore-case": "this text in upper or lower case",
    "wildcard": "texts with anything in the place of each *",
    "cidr": "addresses in a network, such as 198.51.100.0/24",
    "numeric": 'numbers within bounds, such as [">=", 7, "<", 9]',
    "anything-but": "every value except these; the field has to exist",
    "exists": "whether the field exists",
    "in-list": "the values of a list of the rule files",
}

OPERATORS = {
    "var": "A value of the finding, by its path; a second argument is taken where it is missing.",
    "missing": "Which of these paths are missing, null or empty.",
    "missing_some": "Nothing if at least so many of the paths are there, else those that are missing.",
    "if": "Condition, then, else; more conditions may follow.",
    "?:": "The same as if.",
    "and": "The first part that is false, else the last part.",
    "or": "The first part that is true, else the last part.",
    "!": 'Not: missing, null, false, 0, "" and [] are false.',
    "!!": 'Whether something is true: not missing, null, false, 0, "" or [].',
    "==": 'Loosely equal, as in JavaScript: 1 equals "1".',
    "===": "Equal in type and value.",
    "!=": "Not loosely equal; a missing field differs from every value except null.",
    "!==": "Not equal in type and value.",
    ">": "Greater than.",
    ">=": "Greater than or equal.",
    "<": "Less than; with three arguments between. A missing field counts as 0.",
    "<=": "Less than or equal; with three arguments between. A missing field counts as 0.",
    "+": "Sum; with one argument its number.",
    "-": "Difference; with one argument its negative.",
    "*": "Product.",
    "/": "Quotient.",
    "%": "Remainder of a division.",
    "min": "The least number.",
    "max": "The greatest number.",
    "in": "Whether a text is part of a text, or a value is in a list.",
    "cat": "The texts put together.",
    "substr": "Part of a text: where it starts (negative from the end), and perhaps how long.",
    "merge": "Lists put together.",
    "map": "A list with something calculated from each element.",
    "filter": "The elements that satisfy a condition.",
    "all": "Whether something holds for all elements; false for an empty list.",
    "some": "Whether something holds for any element.",
    "none": "Whether something holds for no element.",
    "reduce": "A list reduced to one value, with current and accumulator.",
    "starts_with": "Whether a text starts with another.",
    "ends_with": "Whether a text ends with another.",
    "glob": "Whether a text has a form with * (anything) and ? (one character).",
    "regex": "Whether a regular expression (RE2) is found in a text.",
    "cidr": "Whether an address is in a network, or in one of several.",
    "before": "Whether a timestamp is before another.",
    "after": "Whether a timestamp is after another.",
    "age_days": "How many days ago a timestamp was; comparisons with a missing one are false.",
    "in_list": "Whether a value is in a list, given by its name or written out.",
    "lower": "A text in lower case.",
    "get": "A member of an object by its whole name, which may have dots in it.",
    "arn": "A part of an ARN: partition, service, region, account, resource, resource_type, resource_id.",
    "account": "An attribute of the finding's account in the account directory.",
}
