"""Errors of Jira, in the two parts that it writes them out in: messages, and messages by field."""

from hubtriage.localaws.peers.peer import PeerAnswer


class JiraError(Exception):
    """A refusal: a status, a message, or a message about a field."""

    def __init__(self, status: int, message: str = "", **fields: str) -> None:
        super().__init__(message or str(fields))
        self.status = status
        self.messages = [message] if message else []
        self.fields = fields

    def answer(self) -> PeerAnswer:
        """Return it as an answer."""
        return PeerAnswer.json(self.status, {"errorMessages": self.messages, "errors": self.fields})


def not_there(what: str = "Issue does not exist or you do not have permission to see it.") -> JiraError:
    """Return the refusal for what does not exist, or is not visible: Jira does not say which."""
    return JiraError(404, what)


def invalid_input() -> JiraError:
    """Return the refusal of a document that is structurally wrong: Jira names no field."""
    return JiraError(400, "INVALID_INPUT")
