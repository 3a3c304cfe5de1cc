"""What goes wrong between clients, API and SQS, and how often. What goes wrong behind the queue is in
`dev.simulation.faults`. docs/simulation.md has the source of each.
"""

from dataclasses import dataclass, field
from random import Random

from dev.simulation.faults import ChanceOf, Window


@dataclass(slots=True)
class PathFaults:
    """Shares are of calls, from 0 to 1."""

    request_lost: float = 0.0
    """A call of SQS never arrives there, and nobody says so."""
    answer_lost: float = 0.0
    """A call of SQS is carried out, and its answer never arrives."""
    answer_late: float = 0.0
    """The answer arrives after the time limit of the call."""
    call_fails: float = 0.0
    """SQS answers with an error; half of these calls were carried out."""
    entry_fails: float = 0.0
    """An entry of a batch is refused, and the others are not; half of these were carried out."""
    entry_unmentioned: float = 0.0
    """An entry of a batch is neither confirmed nor refused."""
    connect_fails: float = 0.0
    """A connection to SQS is refused, or never comes about."""
    connection_closed: float = 0.0
    """SQS closes a connection: at once, in the middle of an answer, or while it is idle."""
    bytes_left_over: float = 0.0
    """More than one answer comes on a connection."""
    sqs_down: list[Window] = field(default_factory=list)
    """SQS answers the API's calls with errors only, or not at all."""
    client_answer_lost: float = 0.0
    """A client's connection breaks before the answer is there."""
    client_disconnects: float = 0.0
    """A client goes away in the middle of its body."""
    killed: list[tuple[float, int]] = field(default_factory=list)
    """When which API process is killed. It starts again."""
    terminated: list[tuple[float, int]] = field(default_factory=list)
    """When which API process gets SIGTERM. It starts again."""
    recycled: float = 0.0
    """An environment of the API's function ends while it is frozen."""
    function_stops: float = 0.0
    """The API's function is killed in the middle of an invocation."""
    clock_steps: float = 0.0
    """A machine's clock is set, forth or back, once in a second."""


class PathChance(ChanceOf[PathFaults]):
    """`is_calm`: from now on, nothing goes wrong any more."""

    def __init__(self, faults: PathFaults, random: Random) -> None:
        super().__init__(faults, random)
        self.is_calm = False

    def happens(self, fault: str) -> bool:
        return not self.is_calm and super().happens(fault)

    def holds(self, fault: str, now: float) -> bool:
        return not self.is_calm and super().holds(fault, now)

    def latency(self) -> float:
        """Of one way through the network, in seconds."""
        return self.random.uniform(0.001, 0.02)
