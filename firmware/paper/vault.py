"""The vault: the documents of one request, in memory only, each checked against the hash the centre promised."""

import hashlib

from drivers.vocabulary import ReservedCopy


class Vault:
    """Holds the documents of at most one request. Nothing in it is written to a disk."""

    def __init__(self) -> None:
        self._request_id: str | None = None
        self._documents: dict[int, bytearray] = {}

    def put(self, request_id: str, copy: ReservedCopy, document: bytes) -> None:
        """Keep one copy's document. A second request or a document with another hash is a programmer's error."""
        assert self._request_id in {None, request_id}
        assert hashlib.sha256(document).hexdigest() == copy.document_sha256
        self._request_id = request_id
        self._documents[copy.copy] = bytearray(document)

    def take(self, request_id: str, copy: ReservedCopy) -> bytes | None:
        """Return the document once and forget it. None when it is gone because its session has ended.

        The hash is checked again here, so that a document half wiped or half written by another thread is refused.
        """
        held = self._documents.pop(copy.copy, None) if self._request_id == request_id else None
        if held is None:
            return None
        document = bytes(held)
        held[:] = bytes(len(held))
        return document if hashlib.sha256(document).hexdigest() == copy.document_sha256 else None

    def wipe(self) -> None:
        """Overwrite and forget everything."""
        for held in list(self._documents.values()):  # a copy: `take` may run in another thread
            held[:] = bytes(len(held))
        self._documents.clear()
        self._request_id = None
