"""The screens: `render(scene)` gives the picture of a scene for a glass; see README.md."""

from collections.abc import Callable
from typing import Any

from PIL import Image

from firmware.screens import card, choosing, counter, ending, idle, looks, paying, preview, testing, waiting
from firmware.screens.canvas import HEIGHT, WIDTH, Canvas
from firmware.screens.glass import Size, on_glass
from firmware.screens.large import draw_large
from firmware.screens.palette import BLACK
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
}


def draw(scene: show.Scene, size: Size = (WIDTH, HEIGHT)) -> Canvas:
    """The sheet of a scene on a glass of this size, with the record of its text in `placed`."""
    if isinstance(scene, show.StaffPicture):
        return testing.picture(scene, size)
    if scene.dark:
        return Canvas(scene.language, BLACK, size)
    ordinary = _VIEWS[type(scene)](scene)
    if isinstance(scene, show.Preview) and scene.look is not show.Look.NORMAL and scene.follows is None:
        return on_glass(preview.draw_large_preview(scene, ordinary), size)
    return on_glass(ordinary if scene.look is show.Look.NORMAL else draw_large(scene, ordinary), size)


def render(scene: show.Scene, size: Size = (WIDTH, HEIGHT)) -> Image.Image:
    """The picture of a scene, RGB, for a glass of this size. The same scene gives the same picture.

    Raises KeyError when texts/ lacks words for the scene, the language or the reason: a programmer's error.
    """
    return draw(scene, size).image


__all__ = ["draw", "render"]
