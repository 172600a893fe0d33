import type { StatementOutcome } from '../model/row-outcome.js';
import type { MergeSpec } from './merge-spec.js';

type Returning = Pick<MergeSpec, 'returned'>;

/** The row's place among those of the source, from 1. The blanks keep these names apart from real columns. */
export const PLACE_NAME = 'harbor place';
export const PLACE = `"${PLACE_NAME}"`;
/** Columns that were read again when the row was locked. */
export const LOCKED = 'locked' as const;
const RETURNED = 'returned';

/** A step of a statement that inserts rows. */
export interface InsertStep {
  readonly name: string;
  readonly step: string;
  /** `… AS s WHERE …`: the rows that it inserts, in the order of `orderBy`. */
  readonly from: string;
  readonly orderBy: string;
}

/** Rows of one outcome. */
interface OutcomeSource {
  readonly outcome: StatementOutcome;
  /** What follows FROM. */
  readonly from: string;
  /** Where it has the returned columns. @default as {@link storedAs} names them */
  readonly names?: typeof LOCKED;
}

/** `, t."id" AS …`: the returned columns of the row `t`. */
export function storedAs({ returned }: Returning, row: string): string {
  return listed(returned?.columns.map(({ quoted }, index) => `${row}${quoted} AS ${returnedName(index)}`));
}

/** The same columns, where a step before has named them. */
export function namedIn({ returned }: Returning, step: string, as?: typeof LOCKED): string {
  return listed(
    returned?.columns.map(
      (_, index) => `${step}.${returnedName(index)}${as === undefined ? '' : ` AS ${returnedName(index, as)}`}`,
    ),
  );
}

/** The rows that an insert has written. Postgres returns them in the order in which it was given them. */
export function insertedRows(inserts: readonly InsertStep[]): OutcomeSource[] {
  return inserts.map(({ name, from, orderBy }) => {
    const places = `(SELECT array_agg(s.${PLACE}${orderBy}) FROM ${from})`;
    return {
      outcome: 'inserted',
      from: `(SELECT ${places}[(row_number() OVER ())::integer] AS ${PLACE}, i.* FROM ${name} AS i) AS placed`,
    };
  });
}

/** SELECT of the place, the outcome and the returned columns of each row; undefined where nobody asks for them. */
export function returnedRows({ returned }: Returning, sources: readonly OutcomeSource[]): string | undefined {
  return (
    returned &&
    sources
      .map(({ outcome, from, names }) => {
        const columns = listed(returned.columns.map((_, index) => returnedName(index, names)));
        return `SELECT ${PLACE}, '${outcome}'::text AS outcome${columns} FROM ${from}`;
      })
      .join('\n  UNION ALL ')
  );
}

/** Name of a returned column. */
export function returnedName(index: number, step: string = RETURNED): string {
  return `"harbor ${step} ${index}"`;
}

function listed(columns: readonly string[] = []): string {
  return columns.map((column) => `, ${column}`).join('');
}
