"""`adopt`: moves the messages that a deleted stack has left in its queue into this stack's.

They are read and sent as dead letters are. It can be stopped and run again at any time: what was moved is gone from the
old queue, and what was sent twice is put once.
"""

import argparse
import sys
from collections.abc import Iterator

from ops import target_options
from ops.command import DONE, FAILED, STOPPED, Subparsers
from ops.dead_letter_queue import DeadLetterQueue
from ops.formatting import count, duration
from ops.progress import Progress
from ops.rate_limit import RateLimit
from ops.send_back_and_drop import SendBack, Tally
from ops.send_back_and_drop_command import add_pace_to
from ops.stop import StopFlag, on_signals
from telemetry.queue_depth import QueueDepth

_PER_SECOND = 100


def add_to(subparsers: Subparsers) -> None:
    text = (
        "Moves the messages of another queue, such as one that a deleted stack has left, into the record queue. "
        "Each keeps its version. It can be stopped and run again at any time. Do not run it while another consumer "
        "drains that queue."
    )
    parser = subparsers.add_parser("adopt", help="moves the messages of a deleted stack's queue here", description=text)
    parser.add_argument("queue", metavar="QUEUE_URL", help="the queue that is emptied")
    add_pace_to(parser, _PER_SECOND)
    target_options.add_to(parser)
    parser.set_defaults(run=_adopt)


def _adopt(arguments: argparse.Namespace) -> int:
    target, stop = target_options.target_of(arguments), StopFlag()
    if arguments.queue in {target.record_queue_url, target.record_dead_letter_queue_url}:
        print(f"forebay: {arguments.queue} is a queue of {target.name} itself", file=sys.stderr)
        return FAILED
    old_queue = DeadLetterQueue(target.sqs, arguments.queue, stop)
    depth = old_queue.depth()
    print(
        f"About {count(depth.visible, 'message')} to move to {target.name}, "
        f"in about {duration(depth.visible / arguments.per_second)}."
    )
    if hidden := _hidden(depth):
        print(hidden)
    if arguments.dry_run:
        print("Nothing was changed.")
        return DONE
    sys.stdout.flush()
    rate_limit = RateLimit(arguments.per_second, stop.wait)
    action = SendBack(old_queue, target.record_queue_url, None, rate_limit, about=depth.visible)
    progress = Progress(sys.stderr)
    try:
        with on_signals(stop):
            action.run(lambda done, of: progress.show(f"moved {done:,} of about {max(done, of):,} messages"))
    finally:
        progress.end()
        print("\n".join(_summary(action.tally, stopped=stop.is_set)), flush=True)
    if stop.is_set:
        return STOPPED
    return FAILED if action.tally.refused or action.tally.must_stay else DONE


def _hidden(depth: QueueDepth) -> str:
    later = depth.in_flight + depth.delayed
    if not later:
        return ""
    return (
        f"About {count(later, 'more message')} cannot be received yet: the former consumer has hidden them, for "
        "12 hours at most. Run this again later."
    )


def _summary(tally: Tally, *, stopped: bool) -> Iterator[str]:
    yield f"{'Stopped: ' if stopped else ''}{count(tally.deleted, 'message')} moved."
    if tally.must_stay:
        yield (
            f"{count(tally.must_stay, 'message')} stayed: so large that a copy has no space for the version "
            "that it needs."
        )
    if tally.refused:
        yield f"{count(tally.refused, 'message')} stayed, because SQS refused the call: try again."
    if twice := tally.sent - tally.deleted:
        yield f"{count(twice, 'message')} could be sent but not deleted: now in both queues, which does no harm."
    if tally.left_hidden:
        yield (
            f"{count(tally.left_hidden, 'message')} could not be made visible again at once: SQS does it by itself "
            f"within {duration(tally.hidden_seconds)}."
        )
