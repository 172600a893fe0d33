import { ERROR_CODES } from '../../src/errors/index.js';
import { CONDITIONS } from '../../src/postgres/faults/conditions.js';
import { classifyFault, type FaultKind } from '../../src/postgres/faults/sqlstate.js';
import { REJECT_REASONS } from '../../src/records/reject-reasons.js';
import { KEEP_REASONS } from '../../src/schema/propose/columns/keep-reasons.js';
import { commandHelp } from './command-help.js';
import { markdownTable } from './markdown-table.js';
import { tableReference } from './table-reference.js';

/** What the marked parts of the README and of `docs/` hold. */
const PARTS: Readonly<Record<string, () => string>> = {
  commands: () => COMMAND_HELP,
  tables: tableReference,
  'reject-reasons': () => sentences('reason', REJECT_REASONS),
  'keep-reasons': () => sentences('reason', KEEP_REASONS),
  'row-codes': () => conditions('SQLSTATE', (kind) => kind === 'row'),
  'database-codes': () => conditions('code', (kind) => kind !== 'row'),
  'error-codes': errorCodes,
};

const COMMAND_HELP = await commandHelp();
const MARKED = /(<!-- generated: (\S+) -->\n)[\s\S]*?(<!-- \/generated -->)/g;

/** The page with its generated parts as they must be. */
export function withGeneratedParts(page: string): string {
  return page.replace(MARKED, (_, start: string, name: string, end: string) => {
    const generate = PARTS[name];
    if (generate === undefined) {
      throw new Error(`no part named ${name} can be generated`);
    }
    return `${start}\n${generate()}\n${end}`;
  });
}

/** The names of the generated parts of a page. */
export function partNamesIn(page: string): string[] {
  return Array.from(page.matchAll(MARKED), ([, , name]) => name as string);
}

/** The names of all parts; each must stand on some page. */
export const PART_NAMES: readonly string[] = Object.keys(PARTS);

function sentences(head: string, entries: Readonly<Record<string, string>>): string {
  return markdownTable(
    [head, 'meaning'],
    Object.entries(entries)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([code, sentence]) => [`\`${code}\``, sentence]),
  );
}

/** A heading for each code, so that a message can be found by its code and linked to. */
function errorCodes(): string {
  return Object.entries(ERROR_CODES)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, { meaning, action }]) => `### ${code}\n\n${meaning}\n\n**What to do:** ${action}\n`)
    .join('\n');
}

const HANDLING: Readonly<Record<FaultKind, string>> = {
  row: 'the record is rejected, the load goes on',
  uncertain: "the records are tried apart: a record's fault if others pass, else the load stops",
  contention: 'the batch is retried',
  connection: 'the batch is retried on a new connection',
  cancelled: 'the batch is repeated once, in smaller statements',
  schema: 'the table is read again; then as for the codes that are tried apart',
  terminal: 'the load stops',
};

function conditions(head: string, isMeant: (kind: FaultKind) => boolean): string {
  const rows = Object.entries(CONDITIONS)
    .map(([code, meaning]) => ({ code, meaning, kind: classifyFault({ code }) }))
    .filter(({ kind }) => isMeant(kind))
    .sort((a, b) => (a.code < b.code ? -1 : 1))
    .map(({ code, meaning, kind }) => [`\`${code}\``, meaning, HANDLING[kind]]);
  return isMeant('row')
    ? markdownTable(
        [head, 'meaning'],
        rows.map((row) => row.slice(0, 2)),
      )
    : markdownTable([head, 'meaning', 'what a load does'], rows);
}
