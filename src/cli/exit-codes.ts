/** Exit codes of all commands; EXIT_CODES_HELP explains them. */
export const EXIT = { ok: 0, failed: 1, usage: 2, rejected: 3, differs: 3, interrupted: 130 } as const;

export const EXIT_CODES_HELP = `
Exit codes:
  0    success: every record loaded, or skipped beside others
  1    failure: see the error message
  2    usage error; nothing was executed
  3    some records were rejected (see the quarantine), or all were skipped; schema check: differences found
  130  interrupted`;
