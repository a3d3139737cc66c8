"""Bugs of requests to services outside AWS: what an answer says, and what tickets carry and show."""

from tests.mutants.mutation import Mutation

_HTTP = "aws/deliveries/http.py"
_SECRETS = "aws/deliveries/secrets.py"
_PRODUCTS = "aws/deliveries/tickets/products"
_JIRA = f"{_PRODUCTS}/jira.py"
_TRANSITIONS = f"{_PRODUCTS}/transitions.py"
_SERVICENOW = f"{_PRODUCTS}/servicenow.py"
_REQUESTS = f"{_PRODUCTS}/requests.py"
_WORDING = f"{_PRODUCTS}/wording.py"
_ADF = f"{_PRODUCTS}/adf.py"

OUTSIDE = (
    Mutation(
        "a request that was reset counts as not done",
        _HTTP,
        'return Unknown(f"{kind} ({type(error).__name__})")',
        "return NotDone(kind)",
    ),
    Mutation(
        "a request without an answer in time counts as not done",
        _HTTP,
        'return Unknown("no answer in time")',
        'return NotDone("no answer in time")',
    ),
    Mutation(
        "an error of the server counts as not done",
        _HTTP,
        "if 300 <= status < 500:",
        "if 300 <= status:",
    ),
    Mutation(
        "half an answer counts as done",
        _HTTP,
        "            if fault:\n                return Unknown(",
        "            if False:\n                return Unknown(",
    ),
    Mutation(
        "any address may be asked without encryption",
        _HTTP,
        'parts.scheme == "http" and host in _LOOPBACK',
        'parts.scheme == "http"',
    ),
    Mutation(
        "the loopback address may be asked on AWS",
        _HTTP,
        "(self._local and parts.scheme",
        "(parts.scheme",
    ),
    Mutation(
        "an idle connection is used again",
        _HTTP,
        "        self._drop_idle()\n",
        "",
    ),
    Mutation(
        "the client writes addresses into logs",
        _HTTP,
        "logging.getLogger(_name).setLevel(logging.CRITICAL)",
        "logging.getLogger(_name)",
    ),
    Mutation(
        "a wait that a service asks for has no end",
        _HTTP,
        "return min(max(seconds, 0.0), LONGEST_WAIT)",
        "return max(seconds, 0.0)",
    ),
    Mutation(
        "refused credentials are sent again although nothing has changed",
        _SECRETS,
        "return self._kept != before",
        "return True",
    ),
    Mutation(
        "every refusal reads the secret",
        _SECRETS,
        "if self._clock.now() - self._read_at < _SHORTEST_KEPT_SECONDS:",
        "if False:",
    ),
    Mutation(
        "credentials show themselves",
        _SECRETS,
        'return f"Credentials({self.name!r})"',
        'return f"Credentials({self._values!r})"',
    ),
    Mutation(
        "what a service repeats of the credentials is shown",
        _REQUESTS,
        "return credentials.redact(text)",
        "return text",
    ),
    Mutation(
        "a refusal of the credentials is final",
        _REQUESTS,
        "is_final=answer.is_final and not answer.is_unauthorized",
        "is_final=answer.is_final",
    ),
    Mutation(
        "whatever a search of Jira finds is ours",
        _JIRA,
        "ours = [issue for issue in issues if claim_of(issue) == claim]",
        "ours = issues",
    ),
    Mutation(
        "the claim key of Jira is in a label alone",
        _JIRA,
        '{"key": PROPERTY, "value": {"claim": claim}}',
        '{"key": PROPERTY, "value": {"made": claim}}',
    ),
    Mutation(
        "a page counts as an edit of Jira",
        _JIRA,
        "if answer.status != _NO_CONTENT:",
        "if False:",
    ),
    Mutation(
        "an issue that cannot be seen after an edit counts as not edited",
        _JIRA,
        "return Unknown(issue.reason, issue.retry_after) if isinstance(issue, NotDone) else issue",
        "return issue",
    ),
    Mutation(
        "a project that cannot be seen has lost its issues",
        _JIRA,
        'return self._project_unseen() or "gone"',
        'return "gone"',
    ),
    Mutation(
        "issues that cannot be seen are deleted",
        _JIRA,
        "if len(found) < len(asked):",
        "if False:",
    ),
    Mutation(
        "a comment of Jira is made again",
        _JIRA,
        'if any(says(comment, key) for comment in listed(latest, "comments")):',
        "if False:",
    ),
    Mutation(
        "comments for customers are public",
        _JIRA,
        '"value": {"internal": True}',
        '"value": {"internal": False}',
    ),
    Mutation(
        "an issue counts as closed without a look",
        _JIRA,
        "if transitions.category(moved) not in wanted.categories:",
        "if False:",
    ),
    Mutation(
        "an account without the permission opens new tickets",
        _JIRA,
        "if choice is None and not self._may_move(ticket):",
        "if False:",
    ),
    Mutation(
        "any of several ends will do",
        _TRANSITIONS,
        "if len(leading) > 1 and not usual:",
        "if False:",
    ),
    Mutation(
        "the first end is taken",
        _TRANSITIONS,
        "return _choice((usual or leading)[0], wanted)",
        "return _choice(leading[0], wanted)",
    ),
    Mutation(
        "a transition is taken whose required fields are missing",
        _TRANSITIONS,
        "    if missing:\n",
        "    if False:\n",
    ),
    Mutation(
        "whatever a query of ServiceNow returns is ours",
        _SERVICENOW,
        "ours = [row for row in rows if _has_claim(row, claim)]",
        "ours = rows",
    ),
    Mutation(
        "a query that ServiceNow ignores has found nothing",
        _SERVICENOW,
        "if rows and not ours:",
        "if False:",
    ),
    Mutation(
        "records without a claim key are created on and on",
        _SERVICENOW,
        "        if self._dropped:\n",
        "        if False:\n",
    ),
    Mutation(
        "an edit that ServiceNow drops counts as done",
        _SERVICENOW,
        "if _words(after.get(name)) == _words(before.get(name)) != _words(text):",
        "if False:",
    ),
    Mutation(
        "a note that ServiceNow drops counts as made",
        _SERVICENOW,
        'if key not in str(written.get("work_notes")):',
        "if False:",
    ),
    Mutation(
        "a record counts as resolved without a look",
        _SERVICENOW,
        'if closed["state"] not in self._states.closed:',
        "if False:",
    ),
    Mutation(
        "a closed record of ServiceNow is opened again",
        _SERVICENOW,
        '        if row["state"] in self._states.final:\n            return "forbidden"\n',
        "",
    ),
    Mutation(
        "a policy of one record stops the whole queue",
        _SERVICENOW,
        "return replace(refusal, status=None, is_final=True)",
        "return refusal",
    ),
    Mutation(
        "HTML between [code] and [/code] is rendered",
        _SERVICENOW,
        'return _CODE.sub("(", text)',
        "return text",
    ),
    Mutation(
        "a title may be a formula",
        _WORDING,
        'return f"\'{text}" if text.startswith(_FORMULA) else text',
        "return text",
    ),
    Mutation(
        "a link may lead anywhere",
        _WORDING,
        'is_plain = url.startswith("https://") and all(',
        "is_plain = all(",
    ),
    Mutation(
        "a text is cut without a mark",
        _WORDING,
        "            yield Paragraph((CUT,))\n",
        "",
    ),
    Mutation(
        "a title is cut by characters",
        _WORDING,
        "while utf16_units(line) > longest:",
        "while len(line) > longest:",
    ),
    Mutation(
        "a document may be larger than Jira takes",
        _ADF,
        "if utf16_units(json.dumps(made, ensure_ascii=False)) <= LARGEST_DOCUMENT:",
        "if True:",
    ),
    Mutation(
        "an empty text is a node",
        _ADF,
        "        if span:\n            yield",
        "        if True:\n            yield",
    ),
)
