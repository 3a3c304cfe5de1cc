#!/bin/sh
# The original pattern's burst, through the API, with curl alone: batches of ten records, every batch with the ids 1 to
# 10. Then it shows queue, table and dead-letter queue until the buffer is empty: on a terminal in one line that changes,
# elsewhere in a line now and then. Where an environment of the project exists, it also verifies that every 202 is
# accounted for.
# COUNT records of about BYTES bytes go to the stack that `make run` serves on PORT.
set -eu

root=$(dirname "$0")/../..
addresses=$root/.local/$PORT.env
if [ ! -f "$addresses" ]; then
    echo "burst: nothing runs on port $PORT: start it with make run, or name its port with make burst PORT=…" >&2
    exit 1
fi
for number in COUNT BYTES; do
    eval "value=\$$number"
    case $value in
        '' | *[!0-9]* | 0*) echo "burst: $number=$value: a whole number from 1" >&2; exit 1 ;;
    esac
done
# shellcheck source=/dev/null
. "$addresses"

folder=$(mktemp -d)
http() { curl -s --noproxy '*' "$@"; } # a proxy would look for loopback on its own machine
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM

# ── the story ──────────────────────────────────────────────────────────────────────────────────────────────────────────
QUIET_SECONDS=30 # between two lines where standard output is no terminal
told=$(date +%s)
tell() { # $1 how it stands
    if [ -t 1 ]; then
        printf '\r\033[K%s' "$1"
    elif [ $(($(date +%s) - told)) -ge $QUIET_SECONDS ]; then
        printf '%s\n' "$1"
        told=$(date +%s)
    fi
}
tell_last() { # $1 how it ended: a line that stays
    [ ! -t 1 ] || printf '\r\033[K'
    printf '%s\n' "$1"
}

# ── the batch ────────────────────────────────────────────────────────────────────────────────────────────────────────
ENVELOPE=29 # {"id":"10","message":"…"} without the message, and the comma
padding=$((BYTES > ENVELOPE ? BYTES - ENVELOPE : 1))
message=$(head -c "$padding" /dev/zero | tr '\0' x)
batch() { # $1 records, ids from 1
    id=1
    printf '['
    while [ "$id" -le "$1" ]; do
        [ "$id" = 1 ] || printf ','
        printf '{"id":"%d","message":"%s"}' "$id" "$message"
        id=$((id + 1))
    done
    printf ']'
}

# ── the burst ────────────────────────────────────────────────────────────────────────────────────────────────────────
echo "$COUNT records of about $BYTES bytes to $API_URL/records, ten a request"
sent=0
refused=0
: >"$folder/receipts"
: >"$folder/seconds"
batch 10 >"$folder/10.json"
while [ "$sent" -lt "$COUNT" ]; do
    size=$((COUNT - sent < 10 ? COUNT - sent : 10))
    [ -f "$folder/$size.json" ] || batch "$size" >"$folder/$size.json"
    answer=$(http -o "$folder/answer" -w '%{http_code} in %{time_total} s' --max-time 30 \
        -H 'content-type: application/json' --data-binary "@$folder/$size.json" "$API_URL/records") || answer="no answer"
    sent=$((sent + size))
    case $answer in
        202*)
            cat "$folder/answer" >>"$folder/receipts" && echo >>"$folder/receipts"
            seconds=${answer#202 in }
            echo "${seconds% s}" >>"$folder/seconds"
            ;;
        *)
            refused=$((refused + size))
            tell_last "$size records not accepted: $answer $(cat "$folder/answer" 2>/dev/null || true)"
            ;;
    esac
    tell "sending: $sent of $COUNT"
done
latencies=$(sort -n "$folder/seconds" | awk '
    { seconds[NR] = $1 }
    function at(share, n) { n = int(share * NR); return seconds[n < share * NR ? n + 1 : n] * 1000 }
    END {
        if (!NR) exit
        text = sprintf("; %d requests, half of them within %.1f ms", NR, at(0.5))
        # A percentile needs requests beyond it.
        if (NR >= 20) text = text sprintf(", 95 %% within %.1f ms", at(0.95))
        if (NR >= 100) text = text sprintf(", 99 %% within %.1f ms", at(0.99))
        printf "%s, the slowest %.1f ms", text, seconds[NR] * 1000
    }')
tell_last "accepted: $((sent - refused)) of $sent$latencies"

# ── the drain ────────────────────────────────────────────────────────────────────────────────────────────────────────
aws() { # $1 target, $2 JSON
    http --max-time 10 "$AWS_ENDPOINT_URL" -H "x-amz-target: $1" -H 'content-type: application/x-amz-json-1.0' \
        -H "authorization: AWS4-HMAC-SHA256 Credential=$AWS_ACCESS_KEY_ID/20300101/$AWS_DEFAULT_REGION/any/aws4_request" \
        -d "$2"
}
number() { sed -nE "s/.*\"$1\": ?\"?([0-9]+).*/\1/p"; }
queue() { aws AmazonSQS.GetQueueAttributes "{\"QueueUrl\":\"$1\",\"AttributeNames\":[\"All\"]}"; }
read_state() {
    queue "$RECORD_QUEUE_URL" >"$folder/queue"
    waiting=$(number ApproximateNumberOfMessages <"$folder/queue")
    in_flight=$(number ApproximateNumberOfMessagesNotVisible <"$folder/queue")
    dead=$(queue "$RECORD_DEAD_LETTER_QUEUE_URL" | number ApproximateNumberOfMessages)
    items=$(aws DynamoDB_20120810.DescribeTable "{\"TableName\":\"$RECORD_TABLE_NAME\"}" | number ItemCount)
    if [ -z "$waiting" ] || [ -z "$in_flight" ] || [ -z "$dead" ] || [ -z "$items" ]; then
        echo "burst: the local AWS no longer answers" >&2
        exit 1
    fi
}
STALLED_SECONDS_MAX=180
told=$(date +%s)
began=$(date +%s)
changed=$began
last=
empty=0
while :; do
    read_state
    now=$(date +%s)
    if [ "$waiting $in_flight $items $dead" != "$last" ]; then
        last="$waiting $in_flight $items $dead"
        changed=$now
    fi
    # The console counts each put as it happens; SQS counts a message until its batch has ended.
    # It asks once a second: at first it does not know of the burst.
    wait_now=
    [ $((now - began)) -lt 2 ] || wait_now=$(http -f --max-time 2 "${CONSOLE_URL:-}/backlog" 2>/dev/null || true)
    tell "after $((now - began)) s: ${wait_now:-$((waiting + in_flight))} wait, $items in the table, $dead dead letters"
    # Twice in a row: a message that is redelivered at this moment may be in neither number.
    [ $((waiting + in_flight)) -gt 0 ] && empty=0 || empty=$((empty + 1))
    [ "$empty" -lt 2 ] || break
    if [ $((now - changed)) -gt $STALLED_SECONDS_MAX ]; then
        tell_last "after $((now - began)) s: $waiting waiting, $in_flight in flight"
        echo "burst: nothing has changed for $STALLED_SECONDS_MAX s" >&2
        exit 1
    fi
    sleep 1
done
tell_last "empty after $(($(date +%s) - began)) s: $sent sent, $refused of them not accepted, $items items in the table, $dead dead letters"
echo "Every request held the same ids, so the table keeps the last record of each."
python=
for environment in .venv .venv-run; do
    [ -z "$python" ] && [ -f "$root/$environment/.complete" ] && python=$environment/bin/python
done
if [ -n "$python" ]; then
    echo
    (cd "$root" && "$python" -m dev.load.verify --local="$PORT" --no-wait "$folder/receipts")
else
    echo "Not verified record by record: that needs the environment of make run."
fi
[ "$refused" = 0 ]
