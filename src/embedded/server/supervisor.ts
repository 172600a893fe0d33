/**
 * The shell script between us and Postgres. It outlives us, and stops the server when nobody uses it any more.
 *
 * Arguments: the lease pipe, the log, then the command of the server. File descriptor 3 is the starter's lease: with
 * it open for writing, opening the pipe for reading does not block, even when the starter was killed in this moment.
 */
export const SUPERVISOR = `
lease=$1 log=$2
shift 2
exec >>"$log" 2>&1 4<"$lease" 3>&-

"$@" </dev/null 4<&- &
server=$!

(
  while :; do
    # Ends when no process has the pipe open for writing.
    while read -r joined; do :; done
    # From here on nobody can join. Who joined just before has written a line, and keeps the server.
    mv "$lease" "$lease.closing"
    read -r joined || break
    mv "$lease.closing" "$lease"
  done
  rm -f "$lease.closing"
  # Fast shutdown, asked for again until it is heard: a server that has only just begun still ignores SIGINT, as all
  # that a shell starts in the background do. The parent below collects the server and then ends this loop.
  while kill -INT "$server" 2>/dev/null; do sleep 1; done
) <&4 4<&- &
watcher=$!
exec 4<&-

# When the server ends by itself there is nothing left to watch.
wait "$server"
kill "$watcher" 2>/dev/null
`;
