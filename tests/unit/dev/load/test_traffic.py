"""The records that all users of a load share."""

from collections import Counter

from dev.load.traffic import Traffic


def test_a_tenth_of_the_records_repeat_one_of_twenty_ids_so_that_newer_versions_supersede_older_ones() -> None:
    traffic = Traffic(rate=0, repeated=0.1)
    ids = Counter(traffic.record()["id"] for _ in range(10_000))
    several = {name: count for name, count in ids.items() if count > 1}
    assert len(several) == 20
    assert 800 < sum(several.values()) < 1200


def test_without_repetition_every_record_has_its_own_id() -> None:
    traffic = Traffic(rate=0, repeated=0.0)
    assert len({traffic.record()["id"] for _ in range(1000)}) == 1000
