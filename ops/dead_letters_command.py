"""`dead-letters list` and `show`; `send-back` and `drop` are in `ops.send_back_and_drop_command`."""

import argparse
import sys
from collections.abc import Iterator

from ops import send_back_and_drop_command, target_options
from ops.command import DONE, FAILED, STOPPED, Subparsers
from ops.dead_letter import DeadLetter
from ops.dead_letter_queue import ScanResult
from ops.formatting import count, printable, shortened, table
from ops.session import Session, counts_of, selection_of, warnings_of
from records.key import Key

_LISTED_MAX = 50
_DETAIL_LENGTH_MAX = 80
_KEY_LENGTH_MAX = 40


def add_to(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "dead-letters",
        help="lists, shows, sends back or drops dead letters",
        description="Lists, shows, sends back or drops dead letters.",
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_list(commands)
    _add_show(commands)
    send_back_and_drop_command.add_to(commands)


def _add_list(commands: Subparsers) -> None:
    text = (
        "Counts dead letters by reason, with the times of the oldest and the newest. With an option, also lists each."
    )
    parser = commands.add_parser("list", help="counts them by reason, or lists each", description=text)
    parser.add_argument("--each", action="store_true", help="also lists each: id, reason, sizes, key and detail")
    parser.add_argument(
        "--reason", metavar="R", action="append", help="also lists each with this reason; may be repeated"
    )
    parser.add_argument(
        "--limit",
        metavar="N",
        type=send_back_and_drop_command.whole,
        help=f"also lists each, at most so many (default: {_LISTED_MAX})",
    )
    target_options.add_to(parser)
    parser.set_defaults(run=_list)


def _add_show(commands: Subparsers) -> None:
    text = "Shows everything about one dead letter, the body last. No other command prints a record's contents."
    parser = commands.add_parser("show", help="shows one, with its contents", description=text)
    parser.add_argument("message", metavar="MESSAGE_ID")
    parser.add_argument("--body", action="store_true", help="only its body, byte for byte")
    target_options.add_to(parser)
    parser.set_defaults(run=_show)


def _list(arguments: argparse.Namespace) -> int:
    session = Session(arguments)
    each = arguments.each or arguments.reason or arguments.limit
    result = session.read(selection_of(arguments), (arguments.limit or _LISTED_MAX) if each else 0)
    print(f"{count(result.letters, 'dead letter')} in {session.target.name}")
    if result.counts:
        print(f"\n{counts_of(result)}")
    if each and result.counts:
        print(f"\n{_summaries(result)}")
    if warnings := warnings_of(result):
        print(f"\n{warnings}", file=sys.stderr)
    return STOPPED if session.stop.is_set else DONE


def _summaries(result: ScanResult) -> str:
    if not result.summaries:
        return "None has this reason."
    rows = [("message", "reason", "body", "message", "key", "detail")]
    rows += [
        (
            letter.message_id,
            printable(letter.reason),
            f"{letter.body_bytes:,} B",
            f"{letter.message_bytes:,} B",
            "-" if letter.key is None else shortened(_key(letter.key), _KEY_LENGTH_MAX),
            shortened(printable(letter.detail), _DETAIL_LENGTH_MAX),
        )
        for letter in result.summaries
    ]
    more = len(result.message_ids) - len(result.summaries)
    return table(rows, right=(2, 3)) + (f"\n  … and {more:,} more: --limit" if more else "")


def _key(key: Key) -> str:
    return " / ".join(printable(part) for part in key if part is not None)


def _show(arguments: argparse.Namespace) -> int:
    session = Session(arguments)
    letter = session.find(arguments.message)
    if letter is not None:
        if arguments.body:
            sys.stdout.buffer.write(letter.text)
        else:
            print("\n".join(_everything(letter, terminal=sys.stdout.isatty())))
        return DONE
    if session.stop.is_set:
        return STOPPED
    print(send_back_and_drop_command.not_found(arguments.message, session), file=sys.stderr)
    return FAILED


def _everything(letter: DeadLetter, *, terminal: bool) -> Iterator[str]:
    """What is known of the letter, its attributes unchanged, and after an empty line the body."""
    version = letter.version
    yield table(
        [
            ("message", letter.message_id),
            ("reason", printable(letter.reason)),
            ("detail", printable(letter.detail) or "-"),
            ("dead-lettered", letter.dead_lettered or "by SQS, which does not record when"),
            ("sent", letter.sent or "-"),
            ("source", printable(letter.source or "the record queue")),
            ("version", printable(version.text()) if version else "none to send it back with: it has to stay"),
            ("body", f"{letter.body_bytes:,} bytes, {letter.message_bytes:,} with the attributes"),
        ]
    )
    if letter.attributes:
        yield "\n  attributes"
        yield table(
            [
                (f"  {printable(name)}", printable(attribute.data_type), printable(attribute.text()))
                for name, attribute in sorted(letter.attributes.items())
            ]
        )
    # A terminal would obey control characters.
    text = letter.text.decode(errors="replace")
    yield "\n" + ("\n".join(map(printable, text.split("\n"))) if terminal else text)
