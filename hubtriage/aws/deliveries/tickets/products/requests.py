"""What the adapters of ticket services share: requests with credentials, and refusals that say why."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from hubtriage.aws.decision_events.texts import event_text
from hubtriage.aws.deliveries.http import Answer, Done, HttpClient, NotDone, Request
from hubtriage.aws.deliveries.secrets import Credentials, SecretError, SecretStore, send_with_secret
from hubtriage.aws.deliveries.tickets.service import Refusal

_LONGEST_REASON = 400
_USUAL = {"Accept": "application/json", "Accept-Language": "en"}

Authorization = Callable[[Credentials], Mapping[str, str]]
"""Makes the headers that carry credentials. Raises SecretError where the secret lacks a member."""
Explain = Callable[[Any], str]
"""Makes one text of the errors in an answer's JSON, empty if there are none."""


class ServiceRequests:
    """Sends requests of JSON to one service.

    unauthorized: what a person has to look at if the credentials are refused.
    """

    def __init__(
        self,
        http: HttpClient,
        store: SecretStore,
        authorization: Authorization,
        explain: Explain,
        unauthorized: str,
    ) -> None:
        self._http = http
        self._store = store
        self._authorization = authorization
        self._explain = explain
        self._unauthorized = unauthorized

    def read(self, url: str, body: object = None) -> Any | Refusal:
        """Return the JSON of an answer to a question; what is not JSON is a refusal, as nothing was done."""
        answer = self._send("GET" if body is None else "POST", url, body)
        if isinstance(answer, Done):
            value = answer.json()
            if isinstance(value, dict):
                return value
            return NotDone("the answer is a page or a text, not JSON: is the address right?")
        return (
            answer if isinstance(answer, NotDone) else NotDone(answer.reason, retry_after=answer.retry_after)
        )

    def write(self, method: str, url: str, body: object) -> Done | Refusal:
        """Send a change, once."""
        return self._send(method, url, body)

    def _send(self, method: str, url: str, body: object) -> Answer:
        def request(credentials: Credentials) -> Request:
            headers = {**_USUAL, **self._authorization(credentials)}
            if body is None:
                return Request(method, url, headers)
            return Request.with_json(method, url, headers, body)

        try:
            answer = send_with_secret(self._http, self._store, request)
        except SecretError as error:
            return NotDone(str(error))
        return self._explained(answer) if isinstance(answer, NotDone) else answer

    def _explained(self, answer: NotDone) -> NotDone:
        """Say what the service says of it. New credentials mend what they broke: no such refusal is final."""
        said = self._explain(answer.json())
        reason = answer.reason
        if said:
            reason = f"{reason}: {event_text(self._without_secrets(said), _LONGEST_REASON)}"
        if answer.status == 401:
            reason = f"{reason}; {self._unauthorized}"
        return replace(answer, reason=reason, is_final=answer.is_final and not answer.is_unauthorized)

    def _without_secrets(self, text: str) -> str:
        """Return what a service said without the credentials that it was sent, in case it repeats them."""
        credentials = self._store.credentials()
        for value in self._authorization(credentials).values():
            text = text.replace(value.rpartition(" ")[2], "(secret)")
        return credentials.redact(text)
