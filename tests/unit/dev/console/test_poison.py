"""Poison on its way: it waits until the consumer has dead-lettered it."""

from dev.console.poison import PoisonProgress


def test_poison_waits_until_the_consumer_has_dead_lettered_it() -> None:
    poison = PoisonProgress()
    poison.send(4, dead_lettered=7)
    assert (poison.waiting, poison.dead_lettered) == (4, 0)
    poison.update(9)
    assert (poison.waiting, poison.dead_lettered) == (2, 2)
    poison.update(12)  # somebody else's, too
    assert (poison.waiting, poison.dead_lettered) == (0, 4)


def test_more_poison_is_added_while_some_waits_and_counted_anew_afterwards() -> None:
    poison = PoisonProgress()
    poison.send(4, 0)
    poison.update(1)
    poison.send(4, 1)
    assert (poison.sent, poison.waiting) == (8, 7)
    poison.update(8)
    poison.send(4, 8)
    assert (poison.sent, poison.waiting) == (4, 4)
