"""`dead-letters list`, `show`, `send-back` and `drop`."""

import argparse
import sys
from collections.abc import Iterator

from ops import settle_command, target_options
from ops.command import DONE, FAILED, STOPPED, Subparsers
from ops.dead_letters import Reading
from ops.letter import Letter
from ops.session import Session, caveats_of, counts_of, selection_of
from ops.text import count, printable, shortened, table
from records.key import Key

_LISTED = 50
_DETAIL_LENGTH_MAX = 80
_KEY_LENGTH_MAX = 40


def add_to(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "dead-letters",
        help="what is in the dead-letter queue, and what becomes of it",
        description="What is in the dead-letter queue, and what becomes of it.",
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_list(commands)
    _add_show(commands)
    settle_command.add_to(commands)


def _add_list(commands: Subparsers) -> None:
    text = "Counts dead letters by reason, with when the oldest and the newest were dead-lettered; then may name each."
    parser = commands.add_parser("list", help="counts them by reason, or names each", description=text)
    parser.add_argument("--each", action="store_true", help="then each: ids, sizes, keys and details")
    parser.add_argument("--reason", metavar="R", action="append", help="then each with this reason; may be repeated")
    parser.add_argument(
        "--limit", metavar="N", type=settle_command.whole, help=f"then each, at most so many (default: {_LISTED})"
    )
    target_options.add_to(parser)
    parser.set_defaults(run=_list)


def _add_show(commands: Subparsers) -> None:
    text = "Shows one dead letter whole, its body as the last: the one command that prints what a record holds."
    parser = commands.add_parser("show", help="shows one, with its contents", description=text)
    parser.add_argument("message", metavar="MESSAGE_ID")
    parser.add_argument("--body", action="store_true", help="its body only, byte for byte")
    target_options.add_to(parser)
    parser.set_defaults(run=_show)


def _list(arguments: argparse.Namespace) -> int:
    session = Session(arguments)
    each = arguments.each or arguments.reason or arguments.limit
    reading = session.read(selection_of(arguments), (arguments.limit or _LISTED) if each else 0)
    print(f"{count(reading.letters, 'dead letter')} in {session.target.name}")
    if reading.counts:
        print(f"\n{counts_of(reading)}")
    if each and reading.counts:
        print(f"\n{_described(reading)}")
    if caveats := caveats_of(reading):
        print(f"\n{caveats}", file=sys.stderr)
    return STOPPED if session.stop.made else DONE


def _described(reading: Reading) -> str:
    if not reading.described:
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
        for letter in reading.described
    ]
    more = len(reading.message_ids) - len(reading.described)
    return table(rows, right=(2, 3)) + (f"\n  … and {more:,} more: --limit" if more else "")


def _key(key: Key) -> str:
    return " / ".join(printable(part) for part in key if part is not None)


def _show(arguments: argparse.Namespace) -> int:
    session = Session(arguments)
    letter = session.find(arguments.message)
    if letter is not None:
        if arguments.body:
            print(letter.body, end="")
        else:
            print("\n".join(_whole(letter, terminal=sys.stdout.isatty())))
        return DONE
    if session.stop.made:
        return STOPPED
    print(settle_command.not_there(arguments.message, session), file=sys.stderr)
    return FAILED


def _whole(letter: Letter, *, terminal: bool) -> Iterator[str]:
    """What is known of it, every attribute as it is, and after an empty line the body."""
    there = letter.version
    yield table(
        [
            ("message", letter.message_id),
            ("reason", printable(letter.reason)),
            ("detail", printable(letter.detail) or "-"),
            ("dead-lettered", letter.dead_lettered or "by SQS, which does not say when"),
            ("sent", letter.sent or "-"),
            ("goes back as", printable(there.text()) if there else "nothing: no version for it"),
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
    # A terminal gets nothing that it would obey.
    yield "\n" + ("\n".join(map(printable, letter.body.split("\n"))) if terminal else letter.body)
