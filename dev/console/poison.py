"""Poison messages on their way: how many wait in the queue, and how many are dead-lettered. Pure."""

from dataclasses import dataclass


@dataclass(slots=True)
class PoisonProgress:
    """Of those that were sent together. The consumer's count of dead letters tells how many are done."""

    sent: int = 0
    dead_lettered: int = 0
    _counted_before: int = 0

    @property
    def waiting(self) -> int:
        return self.sent - self.dead_lettered

    def send(self, messages: int, dead_lettered: int) -> None:
        """`dead_lettered`: by the consumer, since the stack began."""
        if not self.waiting:
            self.sent = self.dead_lettered = 0
            self._counted_before = dead_lettered
        self.sent += messages

    def update(self, dead_lettered: int) -> None:
        self.dead_lettered = min(self.sent, max(self.dead_lettered, dead_lettered - self._counted_before))
