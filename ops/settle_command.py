"""`dead-letters send-back` and `drop`: first what is meant, then, if it is wanted, that."""

import argparse
import sys
from collections.abc import Iterator

from ops import target_options
from ops.command import DONE, FAILED, STOPPED, Subparsers
from ops.dead_letters import Reading
from ops.pace import Pace
from ops.session import Session, caveats_of, counts_of, hidden, selection_of
from ops.settle import Drop, SendBack, Tally
from ops.text import count, duration

_PER_SECOND = 10


def add_to(commands: Subparsers) -> None:
    text = (
        "Sends dead letters back to the queue of records, each under the version that it has: it never overwrites a "
        "record that was accepted later. Without a selection, all. What can never be stored will be back, with its "
        "reason."
    )
    parser = commands.add_parser("send-back", help="sends them back to the queue of records", description=text)
    _add_selection(parser)
    parser.add_argument(
        "--per-second", metavar="N", type=whole, default=_PER_SECOND, help=f"no faster than so (default: {_PER_SECOND})"
    )
    parser.add_argument("--dry-run", action="store_true", help="says what would be done, and changes nothing")
    target_options.add_to(parser)
    parser.set_defaults(run=_send_back)

    text = "Deletes dead letters for ever, once you have typed how many. Without a selection, all."
    parser = commands.add_parser("drop", help="deletes them for ever", description=text)
    _add_selection(parser)
    parser.add_argument("--yes", action="store_true", help="asks nothing")
    parser.add_argument("--dry-run", action="store_true", help="says what would be done, and changes nothing")
    target_options.add_to(parser)
    parser.set_defaults(run=_drop)


def _add_selection(parser: argparse.ArgumentParser) -> None:
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--reason", metavar="R", action="append", help="those with this reason; may be repeated")
    group.add_argument("--message", metavar="MESSAGE_ID", help="this one")


def whole(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text}: a whole number from 1")


def not_there(message_id: str, session: Session) -> str:
    return f"forebay: no dead letter {message_id} in {session.target.name}, or somebody else looks at it now"


def _send_back(arguments: argparse.Namespace) -> int:
    session = Session(arguments)
    reading = session.read(selection_of(arguments))
    if (code := _meant(arguments, session, reading, "to send back")) is not None:
        return code
    if reading.without_version:
        print(f"{no_version(reading.without_version)}\n")
    if arguments.dry_run:
        sendable = len(reading.message_ids) - reading.without_version
        print(f"It would take about {duration(sendable / arguments.per_second)}. Nothing was changed.")
        return DONE
    pace = Pace(arguments.per_second, session.stop)
    work = SendBack(session.queue, session.target.record_queue_url, reading.message_ids, pace)
    return _carry_out(work, session, "sent back")


def _drop(arguments: argparse.Namespace) -> int:
    session = Session(arguments)
    reading = session.read(selection_of(arguments))
    if (code := _meant(arguments, session, reading, "to drop")) is not None:
        return code
    if arguments.dry_run:
        print("Nothing was changed.")
        return DONE
    if not arguments.yes and (code := _confirmed(len(reading.message_ids))) is not None:
        return code
    return _carry_out(Drop(session.queue, reading.message_ids), session, "dropped")


def _meant(arguments: argparse.Namespace, session: Session, reading: Reading, verb: str) -> int | None:
    """Says what is meant; the exit code where that is the end of it."""
    if session.stop.made:
        print("Stopped. Nothing was changed.")
        return STOPPED
    if caveats := caveats_of(reading):
        print(f"{caveats}\n", file=sys.stderr)
    if reading.message_ids:
        print(f"{count(len(reading.message_ids), 'dead letter')} {verb} in {session.target.name}\n")
        print(f"{counts_of(reading, selected=True)}\n", flush=True)
        return None
    if arguments.message:
        print(not_there(arguments.message, session), file=sys.stderr)
        return FAILED
    print(f"No dead letters {verb} in {session.target.name}.")
    if reading.counts:
        print(f"There are:\n\n{counts_of(reading)}")
    return DONE


def _confirmed(letters: int) -> int | None:
    """The exit code where the answer is not the number."""
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


def _carry_out(work: SendBack | Drop, session: Session, verb: str) -> int:
    """Says what has been done, however it ends."""
    try:
        with session.progress(verb) as told:
            work.run(told)
    finally:
        print("\n".join(_summary(work.tally, verb, stopped=session.stop.made)), flush=True)
    if session.stop.made:
        return STOPPED
    return DONE if work.tally.deleted == work.tally.wanted else FAILED


def _summary(tally: Tally, verb: str, *, stopped: bool) -> Iterator[str]:
    done = max(tally.sent, tally.deleted)
    yield f"{'Stopped: ' if stopped else ''}{done:,} of {count(tally.wanted, 'dead letter')} {verb}."
    if tally.without_version:
        yield no_version(tally.without_version)
    if tally.refused:
        yield f"{count(tally.refused, 'dead letter')} stayed, because SQS refused: try again."
    if twice := tally.sent - tally.deleted if tally.sent else 0:
        yield (
            f"{count(twice, 'record')} went back and could not be deleted here: still in both queues. To send "
            "them back again is harmless, because their versions are the same."
        )
    if tally.not_found:
        yield f"{count(tally.not_found, 'dead letter')} could not be found any more: gone, or held by somebody else."
    if tally.left_hidden:
        yield hidden(tally.left_hidden, tally.hidden_seconds)


def no_version(letters: int) -> str:
    return (
        f"{count(letters, 'dead letter')} cannot go back: the version is not known or has no room, and without it a "
        "newer record could be overwritten. See each with dead-letters show, and post it anew if it is still wanted."
    )
