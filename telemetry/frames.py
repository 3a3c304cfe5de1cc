"""Where an error came from, for logs: its own text could quote a record, and logs never hold record contents."""

_PLACES_MAX = 10


def places(error: BaseException) -> list[str]:
    """The last frames of its trace, as `file:line function`."""
    found = []
    trace = error.__traceback__
    while trace:
        code = trace.tb_frame.f_code
        found.append(f"{code.co_filename}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return found[-_PLACES_MAX:]
