"""How long records took, by the times of their items."""

from dev.console.record_timings import RecordTiming, timings_of


def test_the_times_of_a_record_are_differences_and_the_newest_record_is_first() -> None:
    accepted = "2026-11-23T07:27:58.093Z"
    times = {"accepted": accepted, "sqs": "2026-11-23T07:27:58.108Z", "ddb": "2026-11-23T07:28:00.456Z"}
    put = {"id": "42", "version": "v", "units": 5, **times}
    timings = timings_of([{"id": "no times"}, {**put, "id": "41"}, put])
    assert timings == [RecordTiming(each, "v", 5, accepted, 15, 2348) for each in ("42", "41")]
    assert timings[0].total_ms == 2363
