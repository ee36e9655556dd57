"""The lines of a basket as a screen shows them."""

from drivers.vocabulary import Offer, OptionGroup, OrderItem, Text
from firmware.session import scenes as show
from firmware.session.context import Context


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
