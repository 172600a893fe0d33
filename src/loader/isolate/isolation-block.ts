import { isRowFaultSql } from '../../postgres/sqlstate.js';
import { PART, PLACE, REJECTED, TABLE_COUNTS, UNIT } from './isolation-tables.js';
import { ATTEMPTS_WITHOUT_PROGRESS } from '../write/write-together.js';

/** How the rows of a target are written, from the table they are isolated in. */
export interface IsolatedTarget {
  readonly table: string;
  /** They write the rows of {@link selectAttempt}, see `buildMerge`; undefined when the table has none. */
  readonly statements: Readonly<Record<'merge' | 'failsOnConflict', string>> | undefined;
  /** Stored rows may give up values that other rows take. */
  readonly movesValues: boolean;
}

/** SQLSTATE of rows that are not accounted for; its detail has the target's index, {@link COUNTS} and the rows. */
export const SUPPRESSED = 'HSROW';

/** What became of the rows of a target. */
export const COUNTS = ['inserted', 'updated', 'unchanged'] as const;

/** The rows of one attempt. */
export function selectAttempt(table: string): string {
  return `SELECT * FROM ${table} WHERE ${PLACE} BETWEEN "harbor first" AND "harbor last" AND ${PART} = "harbor step"`;
}

/** A missing reference: the row may be retried, because the row it refers to may come later. */
const MISSING_REFERENCE = `'23503'`;

/**
 * A unique or exclusion key beside the key of the load: the row may be retried, because a later row may give the value up.
 * Only in a merge do stored rows change.
 */
const TAKEN_VALUES = `'23505', '23P01'`;

/** Raised by a function or trigger, which may put any text, also values, into the names. */
const RAISED = String.raw`split_part(harbor_context, E'\n', 1) LIKE '% RAISE'`;

/**
 * The body of a DO block that writes units which Postgres has rejected together, without those at fault. It runs on the
 * server, so that it is one round trip for any number of units.
 *
 * It goes from the first place to the last. A rejected range is halved until one unit is rejected alone. The next range
 * is as long as the average distance between two faults, or twice as long as the last good range: group testing by
 * generalized binary splitting (F. K. Hwang, 1972). If records were folded into a rejected unit, each record is tried
 * alone, on top of the good ones before it. Units rejected for a missing reference are retried after the others, backwards
 * and forwards in turns, as long as that writes any of them: they may refer to each other. So are units rejected for a value
 * that another row has, as long as that writes half of them: one after the other they may take what the next one has. The
 * rest keeps its first reason. Each attempt is a subtransaction; an error that is not a row's fault ends the block.
 *
 * It stops early when more records are rejected than allowed, or after a quarter of the statement timeout: the units it
 * has not tried are in {@link REJECTED} without a code.
 *
 * @param units - how many there are, in places from 1 on
 * @param targets - the statements of each table, on the rows of {@link selectAttempt}
 */
export function buildIsolation(units: number, targets: readonly IsolatedTarget[], maxRejected: number): string {
  const each = (build: (target: number, table: string) => string): string =>
    targets.map(({ table }, index) => build(index + 1, table)).join('\n      ');
  const counts = (build: (name: string) => string): string => COUNTS.map(build).join('\n      ');
  const zeros = `'{${targets.map(() => '0').join()}}'`;
  const numbers = (condition: string): string =>
    targets
      .map(({ table }) => `SELECT ${UNIT} AS unit, ${PART} AS part, ${PLACE} AS place FROM ${table} WHERE ${condition}`)
      .join(' UNION ALL ');
  return `#variable_conflict use_column
DECLARE
  "harbor first" integer := 1;
  "harbor last" integer;
  "harbor step" integer := 0;
  harbor_end integer := ${units};
  harbor_faulty integer := ${units};
  harbor_size integer := ${units};
  harbor_begin integer := 1;
  harbor_faults integer := 0;
  harbor_rejected integer := 0;
  harbor_progress boolean := false;
  harbor_written integer := 0;
  harbor_moves boolean := ${targets.some(({ movesValues }) => movesValues)};
  harbor_any boolean := false;
  harbor_settled boolean := false;
  harbor_backwards boolean := false;
  harbor_deadline timestamptz := clock_timestamp() + NULLIF(current_setting('statement_timeout')::interval, '0') / 4;
  harbor_unit integer;
  harbor_parts integer;
  harbor_waiting integer[];
  harbor_counts record;
  harbor_rows integer;
  harbor_fresh integer;
  harbor_fresh_before integer;
  harbor_stalled integer := 0;
  harbor_strict boolean;
  ${counts((name) => `harbor_${name} integer[];`)}
  ${counts((name) => `harbor_part_${name} integer[];`)}
  ${counts((name) => `harbor_all_${name} integer[] := ${zeros};`)}
  harbor_code text;
  harbor_table text;
  harbor_column text;
  harbor_constraint text;
  harbor_context text;
BEGIN
  LOOP
    IF "harbor first" > harbor_end THEN
      EXIT WHEN harbor_settled;
      harbor_backwards := NOT harbor_backwards;
      harbor_settled := NOT harbor_progress;
      harbor_moves := harbor_moves AND (harbor_begin = 1 OR 2 * harbor_written >= harbor_end - harbor_begin + 1);
      harbor_waiting := ARRAY(
        SELECT r.unit FROM ${REJECTED} AS r
        WHERE (r.code = ${MISSING_REFERENCE} OR harbor_moves AND r.code IN (${TAKEN_VALUES})) AND r.part = 0
          AND (harbor_progress OR r.unit IN (SELECT n.unit FROM (${numbers(`${PART} > 0`)}) AS n))
        ORDER BY CASE WHEN harbor_backwards THEN - r.unit ELSE r.unit END);
      EXIT WHEN cardinality(harbor_waiting) = 0;
      ${each(
        (_, table) => `UPDATE ${table} AS s SET ${PLACE} = harbor_end + w.place
        FROM unnest(harbor_waiting) WITH ORDINALITY AS w(unit, place) WHERE s.${UNIT} = w.unit;`,
      )}
      harbor_begin := harbor_end + 1;
      harbor_end := harbor_end + cardinality(harbor_waiting);
      harbor_size := cardinality(harbor_waiting);
      harbor_faulty := NULL;
      harbor_faults := 0;
      harbor_progress := false;
      harbor_written := 0;
    END IF;

    "harbor last" := CASE
      WHEN "harbor step" > 0 THEN "harbor first"
      WHEN harbor_faulty IS NULL THEN LEAST("harbor first" + harbor_size - 1, harbor_end)
      ELSE ("harbor first" + harbor_faulty) / 2
    END;
    harbor_code := NULL;
    harbor_strict := harbor_stalled = ${ATTEMPTS_WITHOUT_PROGRESS - 1};
    ${counts((name) => `harbor_${name} := ${zeros};`)}
    BEGIN
      ${targets.map(buildAttempt).join('\n      ')}
    EXCEPTION WHEN OTHERS THEN
      GET STACKED DIAGNOSTICS harbor_code = RETURNED_SQLSTATE, harbor_table = TABLE_NAME,
        harbor_column = COLUMN_NAME, harbor_constraint = CONSTRAINT_NAME, harbor_context = PG_EXCEPTION_CONTEXT;
      IF ${RAISED} THEN
        harbor_table := NULL;
        harbor_column := NULL;
        harbor_constraint := NULL;
      END IF;
      IF NOT ${isRowFaultSql('harbor_code')} AND (harbor_code <> '${SUPPRESSED}' OR harbor_strict) THEN
        RAISE;
      END IF;
    END;
    IF harbor_code = '${SUPPRESSED}' THEN
      harbor_stalled := CASE WHEN harbor_fresh >= harbor_fresh_before THEN harbor_stalled + 1 ELSE 0 END;
      harbor_fresh_before := harbor_fresh;
      CONTINUE;
    END IF;
    harbor_stalled := 0;
    harbor_fresh_before := NULL;

    IF harbor_code IS NULL THEN
      harbor_progress := true;
      harbor_any := true;
    END IF;
    IF "harbor step" > 0 THEN
      IF harbor_code IS NULL THEN
      ${each((target) =>
        counts(
          (name) =>
            `harbor_part_${name}[${target}] := GREATEST(harbor_part_${name}[${target}], harbor_${name}[${target}]);`,
        ),
      )}
      ELSE
        INSERT INTO ${REJECTED}
          VALUES (harbor_unit, "harbor step", harbor_code, harbor_table, harbor_column, harbor_constraint);
        harbor_rejected := harbor_rejected + 1;
      END IF;
      IF "harbor step" < harbor_parts THEN
        "harbor step" := "harbor step" + 1;
        CONTINUE;
      END IF;
      ${each(
        (target) => `harbor_all_inserted[${target}] := harbor_all_inserted[${target}] + harbor_part_inserted[${target}];
      harbor_all_updated[${target}] := harbor_all_updated[${target}]
        + CASE harbor_part_inserted[${target}] WHEN 0 THEN harbor_part_updated[${target}] ELSE 0 END;
      harbor_all_unchanged[${target}] := harbor_all_unchanged[${target}]
        + CASE harbor_part_inserted[${target}] + harbor_part_updated[${target}] WHEN 0 THEN harbor_part_unchanged[${target}] ELSE 0 END;`,
      )}
      "harbor step" := 0;
      "harbor first" := "harbor first" + 1;
    ELSIF harbor_code IS NULL THEN
      ${each((target) =>
        counts((name) => `harbor_all_${name}[${target}] := harbor_all_${name}[${target}] + harbor_${name}[${target}];`),
      )}
      IF harbor_begin > 1 THEN
        DELETE FROM ${REJECTED} AS r
          WHERE r.part = 0 AND r.unit IN (SELECT n.unit FROM (${numbers(`${PLACE} BETWEEN "harbor first" AND "harbor last"`)}) AS n);
      END IF;
      harbor_written := harbor_written + "harbor last" - "harbor first" + 1;
      "harbor first" := "harbor last" + 1;
      IF harbor_faulty IS NULL THEN
        harbor_size := LEAST(harbor_size * 2, ${units});
      ELSIF harbor_faulty < "harbor first" THEN
        harbor_faulty := NULL;
      END IF;
    ELSIF "harbor last" > "harbor first" THEN
      harbor_faulty := "harbor last";
      CONTINUE;
    ELSE
      SELECT max(n.unit), max(n.part) INTO harbor_unit, harbor_parts
        FROM (${numbers(`${PLACE} = "harbor first"`)}) AS n;
      harbor_faulty := NULL;
      harbor_faults := harbor_faults + 1;
      harbor_size := GREATEST(("harbor first" - harbor_begin) / harbor_faults, 1);
      IF harbor_parts > 0 AND (harbor_code <> ${MISSING_REFERENCE} OR harbor_settled) THEN
        DELETE FROM ${REJECTED} AS r WHERE r.part = 0 AND r.unit = harbor_unit;
        "harbor step" := 1;
        ${counts((name) => `harbor_part_${name} := ${zeros};`)}
        CONTINUE;
      END IF;
      INSERT INTO ${REJECTED} VALUES (harbor_unit, 0, harbor_code, harbor_table, harbor_column, harbor_constraint)
        ON CONFLICT DO NOTHING;
      IF FOUND AND harbor_code <> ${MISSING_REFERENCE} AND NOT (harbor_moves AND harbor_code IN (${TAKEN_VALUES})) THEN
        harbor_rejected := harbor_rejected + 1;
      END IF;
      "harbor first" := "harbor first" + 1;
    END IF;

    IF harbor_rejected > ${maxRejected} OR clock_timestamp() > harbor_deadline THEN
      UPDATE ${REJECTED} AS r SET code = NULL WHERE harbor_any AND r.part = 0
        AND (r.code = ${MISSING_REFERENCE} OR harbor_moves AND r.code IN (${TAKEN_VALUES}));
      INSERT INTO ${REJECTED} (unit, part)
        SELECT DISTINCT n.unit, 0 FROM (${numbers(`${PLACE} >= "harbor first"`)}) AS n
        ON CONFLICT DO NOTHING;
      EXIT;
    END IF;
  END LOOP;
  INSERT INTO ${TABLE_COUNTS} VALUES (${COUNTS.map((name) => `harbor_all_${name}`).join(', ')});
END`;
}

/**
 * The write of one target. Where it does not account for every row, another transaction may have written a key meanwhile:
 * the attempt is rolled back and made once more, as `writeTogether` does it.
 */
function buildAttempt({ statements, table }: IsolatedTarget, index: number): string {
  if (statements === undefined) {
    return '';
  }
  const target = index + 1;
  const write = (merge: string): string => `FOR harbor_counts IN
${merge}
      LOOP
        harbor_fresh := harbor_counts.fresh;
        ${COUNTS.map((name) => `harbor_${name}[${target}] := harbor_counts.${name};`).join('\n        ')}
      END LOOP;`;
  const taken = COUNTS.map((name) => `harbor_${name}[${target}]`).join(' + ');
  return `SELECT count(*) INTO harbor_rows FROM (${selectAttempt(table)}) AS s;
      IF harbor_rows > 0 THEN
      IF harbor_strict THEN
      ${write(statements.failsOnConflict)}
      ELSE
      ${write(statements.merge)}
      END IF;
      END IF;
      IF ${taken} <> harbor_rows THEN
        RAISE EXCEPTION USING ERRCODE = '${SUPPRESSED}', DETAIL = concat_ws(' ', ${index}, ${COUNTS.map((name) => `harbor_${name}[${target}]`).join(', ')}, harbor_rows);
      END IF;`;
}
