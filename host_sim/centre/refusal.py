"""A refusal that is told in a sentence, in any language: the English one is its message, other languages go by its word."""

from collections.abc import Mapping
from typing import ClassVar


class Refusal(Exception):
    """Base of a subject's refusal. `sentences`: word -> English, with the values' names in braces."""

    sentences: ClassVar[Mapping[str, str]] = {}

    def __init__(self, word: str, /, **values: object) -> None:
        super().__init__(self.sentences[word].format(**values))
        self.word, self.values = word, values
