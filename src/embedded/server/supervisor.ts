/**
 * The shell script between us and Postgres. It outlives us, and stops the server when nobody uses it any more.
 *
 * Arguments: the lease pipe, the log, then the command of the server. File descriptor 3 is the starter's lease: with it
 * open for writing, opening the pipe for reading does not block, even if the starter was just killed.
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
    # From here on nobody can join. A process that joined just before has written a line, and keeps the server.
    mv "$lease" "$lease.closing"
    read -r joined || break
    mv "$lease.closing" "$lease"
  done
  rm -f "$lease.closing"
  # Fast shutdown, repeated until it works: a server that has only just started still ignores SIGINT, as all
  # background processes of a shell do. The parent below waits for the server and then ends this loop.
  while kill -INT "$server" 2>/dev/null; do sleep 1; done
) <&4 4<&- &
watcher=$!
exec 4<&-

# When the server ends by itself, there is nothing left to watch.
wait "$server"
kill "$watcher" 2>/dev/null
`;
