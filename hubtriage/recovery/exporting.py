"""Write all entries of a ledger into a file."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from hubtriage.aws.ledger.ledger import Ledger, LedgerFault
from hubtriage.recovery.document import DocumentWriter, Header, new_file


@dataclass(slots=True)
class ExportReport:
    """What was exported, and the entries that are damaged and therefore left out."""

    entries: int = 0
    damaged: list[LedgerFault] = field(default_factory=list)


def export(ledger: Ledger, header: Header, path: Path, watch: Callable[[int], object]) -> ExportReport:
    """Write the entries to `path`, which is whole once it is there; `watch` gets their number so far.

    What changes meanwhile is there as before or as after its change. Raises LedgerError if the table cannot
    be read, OSError if the file cannot be written: then there is no file.
    """
    exported, token, is_last = ExportReport(), None, False
    with new_file(path) as file:
        writer = DocumentWriter(file)
        writer.header(header)
        while not is_last:
            page = ledger.scan(None, token)
            for key, entry in page.entries:
                writer.entry(key, entry)
            exported.damaged += page.unread
            token, is_last = page.token, page.token is None
            watch(writer.entries)
        writer.end(len(exported.damaged))
    exported.entries = writer.entries
    return exported
