"""What lamp and buzzer beside the screen tell the resident, from what the screen shows. Pure."""

from firmware.desks import SetSignals
from firmware.session.scenes import Scene, TakeCard, TakePaper


def signals_of(scene: Scene) -> SetSignals:
    """The lamp at the paper is lit while paper waits; the buzzer sounds for a card or paper that was left too long."""
    match scene:
        case TakePaper(alarm=alarm):
            return SetSignals(paper_lamp=True, alarm=alarm)
        case TakeCard(alarm=alarm):
            return SetSignals(alarm=alarm)
        case _:
            return SetSignals()
