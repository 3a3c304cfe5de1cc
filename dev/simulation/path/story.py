"""What happened in a world, as a timeline that a person can read."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Event:
    at: float
    """Seconds since the world began."""
    who: str
    text: str


@dataclass(slots=True)
class Story:
    """`is_told`: only then is anything kept."""

    now: Callable[[], float]
    is_told: bool
    events: list[Event] = field(default_factory=list)

    def tell(self, who: str, text: Callable[[], str]) -> None:
        if self.is_told:
            self.events.append(Event(self.now(), who, text()))


def line_of(event: Event) -> str:
    return f"{event.at:12.3f} s  {event.who:<12}  {event.text}"
