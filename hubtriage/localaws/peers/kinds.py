"""The doubles that there are, by the kind of service."""

from collections.abc import Callable, Mapping

from hubtriage.localaws.peers.jira.peer import JiraPeer
from hubtriage.localaws.peers.peer import Peer, PeerError
from hubtriage.localaws.peers.server import PeerClock, Peers
from hubtriage.localaws.peers.servicenow.peer import ServiceNowPeer
from hubtriage.localaws.peers.slack import SlackPeer
from hubtriage.localaws.peers.teams import TeamsPeer
from hubtriage.localaws.peers.webhook import WebhookPeer

KINDS: Mapping[str, Callable[[PeerClock], Peer]] = {
    "jira": JiraPeer,
    "servicenow": ServiceNowPeer,
    "slack": SlackPeer,
    "teams": TeamsPeer,
    "webhook": WebhookPeer,
}


def peers_of(kinds: Mapping[str, str], seed: int = 1) -> Peers:
    """Return peers by name, each of a kind; raise PeerError for a kind that there is not."""
    unknown = sorted(set(kinds.values()) - KINDS.keys())
    if unknown:
        raise PeerError(f"no kind {', '.join(unknown)}; there are {', '.join(sorted(KINDS))}")
    return Peers({name: KINDS[kind] for name, kind in kinds.items()}, seed)
