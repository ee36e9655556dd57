"""The lines of a basket as a screen shows them, and its pages: one for each paper, in large letters more for what stands on it."""

from drivers.vocabulary import Offer, OptionGroup, OrderItem, Text
from firmware.session import scenes as show
from firmware.session.context import Context
from firmware.session.scenes import Look

ITEMS_A_PAGE = 3  # in large letters, in the longest language

Items = tuple[tuple[Text, ...], tuple[Text, ...]]  # what stands on a paper, and what is left off


def turns(context: Context, *, by_clerk: bool = False) -> list[tuple[int, int]]:
    """Of each page the index of its paper, and which of its pages of items it is (0: the paper itself).

    The clerk's glass has ordinary letters, in which every paper has room on one page.
    """
    papers = basket_lines(context) if context.look is not Look.NORMAL and not by_clerk else ()
    if not papers:
        return [(paper, 0) for paper in range(len(context.basket))]
    return [(paper, part) for paper, line in enumerate(papers) for part in range(len(item_pages(line)) + 1)]


def item_pages(line: show.BasketLine) -> list[Items]:
    """All items of a paper, a few a page: its own page may have no room for their names."""
    shown, every = len(line.shown), (*line.shown, *line.left_off)
    pages = []
    for first in range(0, len(every), ITEMS_A_PAGE):
        end = first + ITEMS_A_PAGE
        pages.append((every[first : min(end, shown)], every[max(first, shown) : end]))
    return pages


def basket_lines(context: Context) -> tuple[show.BasketLine, ...]:
    return tuple(
        show.BasketLine(
            title=offer.title,
            details=tuple(
                d
                for group in offer.groups
                if group.item is None
                for d in _labels(group, item.options.get(group.key, ()))
            ),
            shown=_items(offer, item, "print"),
            left_off=_items(offer, item, "omit"),
            copies=item.copies,
            fee_yen=offer.fee_yen * item.copies,
        )
        for offer, item in context.basket
    )


def _items(offer: Offer, item: OrderItem, answer: str) -> tuple[Text, ...]:
    """The items that were answered so."""
    return tuple(g.item for g in offer.groups if g.item is not None and answer in item.options.get(g.key, ()))


def _labels(group: OptionGroup, values: tuple[str, ...]) -> tuple[Text, ...]:
    """The labels of the chosen answers."""
    return tuple(choice.label for choice in group.choices if choice.value in values)
