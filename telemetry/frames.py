"""The traceback of an error, for logs: without the error's text, which could quote a record."""

_FRAMES_MAX = 10


def traceback_frames(error: BaseException) -> list[str]:
    """The last frames of the traceback, each as `file:line function`."""
    frames = []
    traceback = error.__traceback__
    while traceback:
        code = traceback.tb_frame.f_code
        frames.append(f"{code.co_filename}:{traceback.tb_lineno} {code.co_name}")
        traceback = traceback.tb_next
    return frames[-_FRAMES_MAX:]
