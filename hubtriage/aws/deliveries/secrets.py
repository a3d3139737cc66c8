"""Credentials of services outside AWS: one secret of Secrets Manager, read seldom, never written out."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from hubtriage.aws.clock import Clock
from hubtriage.aws.deliveries.http import Answer, HttpClient, NotDone, Request
from hubtriage.aws.securityhub.faults import API_ERRORS, call_fault

KEPT_SECONDS = 300.0
"""How long a value is used before it is read again."""
_SHORTEST_KEPT_SECONDS = 30.0
"""A value that was read less long ago is not read again, even if the service refuses it. So a token that
expired does not cost a call with each request."""
_SHORTEST_REDACTED = 6
"""Characters: shorter values would blot out ordinary words."""


class SecretsManager(Protocol):
    """boto3's client of Secrets Manager, as far as it is used here."""

    def get_secret_value(self, **request: Any) -> Mapping[str, Any]:
        """Read the current value of a secret."""


class SecretError(RuntimeError):
    """A secret cannot be read or lacks a member. The message names the secret, never its value."""


class Credentials:
    """The value of a secret: a JSON object. Its `repr` names the secret alone."""

    def __init__(self, name: str, values: Mapping[str, Any]) -> None:
        self.name = name
        self._values = dict(values)

    def text(self, member: str) -> str:
        """Return a member without white space around it; raise SecretError if it is not a text."""
        value = self._values.get(member)
        if not isinstance(value, str) or not value.strip():
            raise SecretError(f'the secret {self.name} has no text "{member}"')
        return value.strip()

    def has(self, member: str) -> bool:
        """Say whether there is such a member."""
        return member in self._values

    def texts(self, member: str) -> tuple[str, ...]:
        """Return a member that is a list of texts, or one text; raise SecretError if it is neither."""
        value = self._values.get(member)
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list) or not listed or not all(isinstance(each, str) for each in listed):
            raise SecretError(f'the secret {self.name} has no list of texts "{member}"')
        return tuple(each.strip() for each in listed)

    def redact(self, text: str) -> str:
        """Return a text with every value of the secret replaced: services may repeat what they were sent."""
        for value in sorted(self._all(), key=len, reverse=True):
            text = text.replace(value, "(secret)")
        return text

    def _all(self) -> set[str]:
        found = set()
        for value in self._values.values():
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, str) and len(each.strip()) >= _SHORTEST_REDACTED:
                    found.add(each.strip())
        return found

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Credentials) and (self.name, self._values) == (other.name, other._values)

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"Credentials({self.name!r})"


class SecretStore:
    """Reads one secret and keeps its value for `KEPT_SECONDS`, so that rotation needs no deployment."""

    def __init__(self, client: SecretsManager, name: str, clock: Clock) -> None:
        self.name = name
        self._client = client
        self._clock = clock
        self._kept: Credentials | None = None
        self._read_at = 0.0

    def credentials(self) -> Credentials:
        """Return the value; raise SecretError if there is none. An old one serves while none can be read."""
        if self._kept is None:
            return self._read()
        if self._clock.now() - self._read_at > KEPT_SECONDS:
            self._try_to_read()
        return self._kept

    def changed(self) -> bool:
        """Read again what the service refused; say whether that is another value."""
        before = self._kept
        if self._clock.now() - self._read_at < _SHORTEST_KEPT_SECONDS:
            return False
        self._try_to_read()
        return self._kept != before

    def _try_to_read(self) -> None:
        try:
            self._read()
        except SecretError:
            self._read_at = self._clock.now()  # ask no sooner again than if it had been read

    def _read(self) -> Credentials:
        try:
            answer = self._client.get_secret_value(SecretId=self.name)
        except API_ERRORS as error:
            raise SecretError(f"the secret {self.name} cannot be read: {call_fault(error).code}") from None
        self._kept = Credentials(self.name, _values(self.name, answer.get("SecretString")))
        self._read_at = self._clock.now()
        return self._kept


def _values(name: str, text: object) -> Mapping[str, Any]:
    """Read the text of a secret; errors of `json` are not chained, as they quote it."""
    try:
        value = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise SecretError(f"the secret {name} must be a JSON object")
    return value


def send_with_secret(
    http: HttpClient, store: SecretStore, request: Callable[[Credentials], Request]
) -> Answer:
    """Send what `request` makes of the credentials; once more if they were refused and have changed since.

    Raises SecretError.
    """
    answer = http.send(request(store.credentials()))
    if isinstance(answer, NotDone) and answer.is_unauthorized and store.changed():
        return http.send(request(store.credentials()))
    return answer
