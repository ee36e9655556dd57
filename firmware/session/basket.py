"""The lines of a basket as a screen shows them."""

from drivers.vocabulary import OptionGroup, Text
from firmware.session import scenes as show
from firmware.session.context import Context


def basket_lines(context: Context) -> tuple[show.BasketLine, ...]:
    return tuple(
        show.BasketLine(
            title=offer.title,
            details=tuple(d for group in offer.groups for d in _labels(group, item.options.get(group.key, ()))),
            copies=item.copies,
            fee_yen=offer.fee_yen * item.copies,
        )
        for offer, item in context.basket
    )


def _labels(group: OptionGroup, values: tuple[str, ...]) -> tuple[Text, ...]:
    """The labels of the chosen answers; for a question with `print` and `omit`, its title if `print` was chosen."""
    if {choice.value for choice in group.choices} == {"print", "omit"}:
        return (group.title,) if "print" in values else ()
    return tuple(choice.label for choice in group.choices if choice.value in values)
