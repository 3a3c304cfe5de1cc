"""`dead-letters send-back` and `drop`: both print the selected letters first, and then do it."""

import argparse
import sys
from collections.abc import Iterator

from ops import target_options
from ops.command import DONE, FAILED, STOPPED, Subparsers
from ops.dead_letter_queue import ScanResult
from ops.formatting import count, duration
from ops.rate_limit import RateLimit
from ops.send_back_and_drop import Drop, SendBack, Tally
from ops.session import Session, counts_of, selection_of, still_hidden, warnings_of

_PER_SECOND = 10


def add_to(commands: Subparsers) -> None:
    text = (
        "Sends dead letters back to the record queue. Each keeps its version, so it never overwrites a record that was "
        "accepted later. Without a selection, all are sent back. A record that can never be stored will be "
        "dead-lettered again, with its reason."
    )
    parser = commands.add_parser("send-back", help="sends them back to the record queue", description=text)
    _add_selection(parser)
    add_pace_to(parser, _PER_SECOND)
    target_options.add_to(parser)
    parser.set_defaults(run=_send_back)

    text = "Deletes dead letters for ever, after you have typed how many. Without a selection, all."
    parser = commands.add_parser("drop", help="deletes them for ever", description=text)
    _add_selection(parser)
    parser.add_argument("--yes", action="store_true", help="does not ask for confirmation")
    parser.add_argument("--dry-run", action="store_true", help="says what would be done, and changes nothing")
    target_options.add_to(parser)
    parser.set_defaults(run=_drop)


def _add_selection(parser: argparse.ArgumentParser) -> None:
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--reason", metavar="R", action="append", help="only those with this reason; may be repeated")
    group.add_argument("--message", metavar="MESSAGE_ID", help="only this one")


def add_pace_to(parser: argparse.ArgumentParser, per_second: int) -> None:
    parser.add_argument(
        "--per-second",
        metavar="N",
        type=whole,
        default=per_second,
        help=f"at most so many a second (default: {per_second})",
    )
    parser.add_argument("--dry-run", action="store_true", help="says what would be done, and changes nothing")


def whole(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text}: a whole number from 1")


def not_found(message_id: str, session: Session) -> str:
    return f"forebay: no dead letter {message_id} in {session.target.name}, or somebody else reads it now"


def _send_back(arguments: argparse.Namespace) -> int:
    session = Session(arguments)
    result = session.read(selection_of(arguments))
    if (code := _print_selected(arguments, session, result, "to send back")) is not None:
        return code
    if result.must_stay:
        print(f"{_staying(result.must_stay)}\n")
    if arguments.dry_run:
        sendable = len(result.message_ids) - result.must_stay
        print(f"It would take about {duration(sendable / arguments.per_second)}. Nothing was changed.")
        return DONE
    rate_limit = RateLimit(arguments.per_second, session.stop.wait)
    action = SendBack(session.queue, session.target.record_queue_url, result.message_ids, rate_limit)
    return _run(action, session, "sent back")


def _drop(arguments: argparse.Namespace) -> int:
    session = Session(arguments)
    result = session.read(selection_of(arguments))
    if (code := _print_selected(arguments, session, result, "to drop")) is not None:
        return code
    if arguments.dry_run:
        print("Nothing was changed.")
        return DONE
    if not arguments.yes and (code := _ask_for_confirmation(len(result.message_ids))) is not None:
        return code
    return _run(Drop(session.queue, result.message_ids), session, "dropped")


def _print_selected(arguments: argparse.Namespace, session: Session, result: ScanResult, verb: str) -> int | None:
    """Prints the selected letters. Returns an exit code when there is nothing more to do."""
    if session.stop.is_set:
        print("Stopped. Nothing was changed.")
        return STOPPED
    if warnings := warnings_of(result):
        print(f"{warnings}\n", file=sys.stderr)
    if result.message_ids:
        print(f"{count(len(result.message_ids), 'dead letter')} {verb} in {session.target.name}\n")
        print(f"{counts_of(result, selected=True)}\n", flush=True)
        return None
    if arguments.message:
        print(not_found(arguments.message, session), file=sys.stderr)
        return FAILED
    print(f"No dead letters {verb} in {session.target.name}.")
    if result.counts:
        print(f"There are:\n\n{counts_of(result)}")
    return DONE


def _ask_for_confirmation(letters: int) -> int | None:
    """None when the answer is the number; otherwise the exit code."""
    try:
        answer = input(f"Type {letters} to drop {'it' if letters == 1 else 'them'} for ever: ")
    except EOFError:
        answer = ""
    except KeyboardInterrupt:
        print("\nStopped. Nothing was dropped.")
        return STOPPED
    if answer.strip().replace(",", "") == str(letters):
        return None
    print("Nothing was dropped.")
    return FAILED


def _run(action: SendBack | Drop, session: Session, verb: str) -> int:
    """Prints what has been done, however the action ends. Returns the exit code."""
    try:
        with session.progress(verb) as on_progress:
            action.run(on_progress)
    finally:
        print("\n".join(_summary(action.tally, verb, stopped=session.stop.is_set)), flush=True)
    if session.stop.is_set:
        return STOPPED
    return DONE if action.tally.deleted == action.tally.selected else FAILED


def _summary(tally: Tally, verb: str, *, stopped: bool) -> Iterator[str]:
    done = max(tally.sent, tally.deleted)
    yield f"{'Stopped: ' if stopped else ''}{done:,} of {count(tally.selected, 'dead letter')} {verb}."
    if tally.must_stay:
        yield _staying(tally.must_stay)
    if tally.refused:
        yield f"{count(tally.refused, 'dead letter')} stayed, because SQS refused the call: try again."
    if twice := tally.sent - tally.deleted if tally.sent else 0:
        yield (
            f"{count(twice, 'record')} could be sent but not deleted here: now in both queues. To send them back again "
            "is harmless, because their versions are the same."
        )
    if tally.not_found:
        yield f"{count(tally.not_found, 'dead letter')} not found any more: deleted, or somebody else reads them now."
    if tally.left_hidden:
        yield still_hidden(tally.left_hidden, tally.hidden_seconds)


def _staying(letters: int) -> str:
    return (
        f"{count(letters, 'dead letter')} cannot be sent back: without a version, which is not known or does not fit "
        "into the message, it could overwrite a newer record; or no message can hold its text. Look at each with "
        "dead-letters show, and post its record to the API again if it is still needed."
    )
