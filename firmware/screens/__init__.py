"""The screens: `render(scene)` gives the picture of a scene, 800 x 480; see README.md."""

from collections.abc import Callable
from typing import Any

from PIL import Image

from firmware.screens import card, choosing, counter, ending, idle, looks, paying, preview, testing, waiting
from firmware.screens.canvas import Canvas
from firmware.screens.large import draw_large
from firmware.session import scenes as show

_VIEWS: dict[type[show.Scene], Callable[[Any], Canvas]] = {
    show.Starting: idle.starting,
    show.Closed: idle.closed,
    show.Idle: idle.idle,
    show.Maintenance: idle.maintenance,
    show.Working: waiting.working,
    show.Printing: waiting.printing,
    show.MoneyBack: waiting.money_back,
    show.EnterPin: card.enter_pin,
    show.LastTry: card.last_try,
    show.TakeCard: card.take_card,
    show.ChooseKind: choosing.choose_kind,
    show.ChoosePurpose: choosing.choose_purpose,
    show.TypeCode: choosing.type_code,
    show.ChooseOption: choosing.choose_option,
    show.ChooseCopies: choosing.choose_copies,
    show.Basket: choosing.basket,
    show.Consent: choosing.consent,
    show.Preview: preview.preview,
    show.AtCounter: counter.at_counter,
    show.ClerkCode: counter.clerk_code,
    show.Pay: paying.pay,
    show.TakePaper: ending.take_paper,
    show.Sorry: ending.sorry,
    show.Done: ending.done,
    show.ChooseLook: looks.choose_look,
    show.StaffPicture: testing.picture,
}


def draw(scene: show.Scene) -> Canvas:
    """The sheet of a scene, with the record of its text in `placed`."""
    ordinary = _VIEWS[type(scene)](scene)
    if scene.look is show.Look.NORMAL or isinstance(scene, show.StaffPicture):
        return ordinary
    if isinstance(scene, show.Preview):
        return preview.draw_large_preview(scene, ordinary)
    return draw_large(scene, ordinary)


def render(scene: show.Scene) -> Image.Image:
    """The picture of a scene, RGB, 800 x 480. The same scene gives the same picture.

    Raises KeyError when texts/ lacks words for the scene, the language or the reason: a programmer's error.
    """
    return draw(scene).image


__all__ = ["draw", "render"]
