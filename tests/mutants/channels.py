"""Bugs of messages in channels: what is sent, how often, and what acts in it."""

from tests.mutants.mutation import Mutation

_CHAT = "aws/deliveries/chat/"
_POSTING, _MEMORY, _HARMLESS = f"{_CHAT}posting.py", f"{_CHAT}memory.py", f"{_CHAT}harmless.py"
_SLACK, _TEAMS, _WEBHOOK = f"{_CHAT}slack.py", f"{_CHAT}teams.py", f"{_CHAT}webhook.py"

CHANNELS = (
    Mutation(
        "an event that another container is sending is sent too",
        _POSTING,
        'if claim == "ours":',
        'if claim != "sent":',
    ),
    Mutation(
        "an event that another container holds is taken for sent",
        _POSTING,
        'elif claim == "held":',
        "elif False:",
    ),
    Mutation(
        "what was not sent does not come again",
        _POSTING,
        "self._report.again[message] = max(backoff, seconds)",
        "pass",
    ),
    Mutation(
        "claims are kept until they end, although nothing was sent",
        _POSTING,
        "self._poster.memory.release(ids, self._holder)",
        "pass",
    ),
    Mutation(
        "what was sent is not remembered",
        _POSTING,
        'self._poster.memory.confirm(ids, "sent", self._poster.clock.now())',
        "pass",
    ),
    Mutation(
        "an event is remembered before it is sent",
        _POSTING,
        "        answer = self._sent(post)\n        posts.popleft()",
        "        self._confirm(post)\n        answer = self._sent(post)\n        posts.popleft()",
    ),
    Mutation(
        "failures use the daily limit up",
        _POSTING,
        "if isinstance(answer, Unknown) and answer.status is None:",
        "if True:",
    ),
    Mutation(
        "lost answers cost nothing of the daily limit",
        _POSTING,
        "if isinstance(answer, Unknown) and answer.status is None:",
        "if False:",
    ),
    Mutation(
        "the daily limit ends without a word",
        _POSTING,
        "if not limit.claim_last_word(now):",
        "if True:",
    ),
    Mutation(
        "each batch beyond the limit says so",
        _POSTING,
        "limit.release_last_word(now, spoken=isinstance(answer, Done))",
        "limit.release_last_word(now, spoken=False)",
    ),
    Mutation(
        "what is withheld is not counted",
        _POSTING,
        "self._report.counts[WITHHELD] += len(events)",
        "pass",
    ),
    Mutation(
        "a message that is refused fails with all that is in it",
        _POSTING,
        "return is_final and len(post.groups) > 1",
        "return False",
    ),
    Mutation(
        "a service that asks to wait is asked again at once",
        _POSTING,
        "wait = max(SHORTEST_WAIT, answer.retry_after or 0.0)",
        "wait = SHORTEST_WAIT",
    ),
    Mutation(
        "a service that is not well gets all messages",
        _POSTING,
        "return self._failures >= MOST_FAILURES or ",
        "return ",
    ),
    Mutation(
        "a group that is never taken takes others with it",
        _POSTING,
        "return event.message.receives >= OFTEN",
        "return False",
    ),
    Mutation(
        "what was not tried comes again before the service wants it",
        _POSTING,
        "for post in posts for event in post.events], self._wait)",
        "for post in posts for event in post.events])",
    ),
    Mutation(
        "what an archive sends again is sent again",
        _POSTING,
        "if event.replayed or not is_for(",
        "if not is_for(",
    ),
    Mutation(
        "events for other channels are sent",
        f"{_CHAT}grouping.py",
        'return event.kind in about or bool(event.orders(channel, "message"))',
        "return True",
    ),
    Mutation(
        "a claim of another container counts only once it has ended",
        _MEMORY,
        "if held_by != holder and held_until >= now:",
        "if held_by != holder and held_until < now:",
    ),
    Mutation(
        "addresses keep their scheme",
        _HARMLESS,
        '_SCHEME.sub("[:]", line)',
        "line",
    ),
    Mutation(
        "names of hosts stay as they are",
        _HARMLESS,
        'lambda dot: f"[{dot[0]}]"',
        "lambda dot: dot[0]",
    ),
    Mutation(
        "any address is linked to",
        _HARMLESS,
        "and _CONSOLE.fullmatch(url) is not None",
        'and url.startswith("http")',
    ),
    Mutation(
        "an address that begins like the console's is linked to",
        _HARMLESS,
        "_CONSOLE.fullmatch(url)",
        "_CONSOLE.match(url)",
    ),
    Mutation(
        "Slack reads what a finding says",
        _SLACK,
        'return {"type": "plain_text", "text": cut, "emoji": False}',
        'return {"type": "mrkdwn", "text": cut}',
    ),
    Mutation(
        "any answer of Slack counts as done",
        _SLACK,
        'if isinstance(answer, Done) and answer.text.strip() != "ok":',
        "if False:",
    ),
    Mutation(
        "Teams reads what a finding says as Markdown",
        _TEAMS,
        'return {"type": "RichTextBlock", "inlines": runs} | (',
        'return {"type": "TextBlock", "text": "".join(run["text"] for run in runs)} | (',
    ),
    Mutation(
        "only the first key signs",
        _WEBHOOK,
        "for key in keys]",
        "for key in keys[:1]]",
    ),
    Mutation(
        "the time is not signed",
        _WEBHOOK,
        'f"{name}.{at}.".encode() + body',
        'f"{name}.".encode() + body',
    ),
    Mutation(
        "an attempt has an id of its own",
        _WEBHOOK,
        "name = event.id if event else",
        "name = f'{event.id}{now:.0f}' if event else",
    ),
    Mutation(
        "a short key signs",
        _WEBHOOK,
        "or not SHORTEST_KEY <= len(key) <= LONGEST_KEY",
        "",
    ),
    Mutation(
        "a secret that changed is not read again",
        f"{_CHAT}sending.py",
        "if is_refused(answer) and self._store.changed():",
        "if False:",
    ),
    Mutation(
        "an event of another source is read",
        "aws/deliveries/envelope.py",
        'if envelope.get("source") != SOURCE:',
        "if False:",
    ),
)
