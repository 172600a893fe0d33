/** What the exit code of every command means; also in the help. */
export const EXIT = { ok: 0, failed: 1, usage: 2, rejected: 3, differs: 3, interrupted: 130 } as const;

export const EXIT_CODES_HELP = `
Exit codes:
  0    done; everything that was to be loaded is in (skipped records were not: they are no error)
  1    failed; the message says why
  2    wrong usage: whatever is in the files and the database, the command cannot be right; nothing was done
  3    loaded, but some records were rejected (they are in quarantine); or, of schema check: something differs
  130  interrupted`;
