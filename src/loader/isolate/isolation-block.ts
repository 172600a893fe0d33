import { isRowFaultSql, mayBeOfRowSql, FOREIGN_KEY_VIOLATION, TAKEN_VALUES } from '../../postgres/faults/sqlstate.js';
import { WRITE_COUNTS } from '../../results/load-counts.js';
import { ATTEMPTS_WITHOUT_PROGRESS, CONTENDED_ATTEMPTS } from '../write/write-together.js';
import { selectProbes } from './every-row.js';
import { findColumnOf } from './faulty-column.js';
import { buildAttempt, type IsolatedTarget, selectAttempt, SUPPRESSED } from './isolation-attempt.js';
import { PART, PLACE, REJECTED, TABLE_COUNTS, UNIT } from './isolation-tables.js';

/**
 * Of a unique or exclusion key beside the key of the load: the row may be retried, because a later row may give the value
 * up. Only in a merge do stored rows change.
 */
const TAKEN = TAKEN_VALUES.map((code) => `'${code}'`).join(', ');

/** Raised by a function or trigger, which may put any text, also values, into the names. */
const RAISED = String.raw`split_part(harbor_context, E'\n', 1) LIKE '% RAISE'`;
/** As in `writeTogether`. */
const IS_CONTENDED = `harbor_vanished > 0 AND harbor_contended < ${CONTENDED_ATTEMPTS}`;

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
 * rest keeps its first reason. Each attempt is a subtransaction; an error that cannot be a row's fault ends the block.
 *
 * An error that may be every row's, met by a record alone before its table has taken any: then records all over the batch
 * are tried alone, and rolled back. If none of them passes, the block ends, with the error in {@link REJECTED} as unit 0.
 *
 * It ends early when more records are rejected than allowed, or after a quarter of the statement timeout. The units it
 * has not tried are in {@link REJECTED} without a code, and a missing reference or a value that another
 * row has is not final then.
 *
 * @param units - how many there are, in places from 1 on
 * @param targets - the statements of each table, on the rows of {@link selectAttempt}
 */
export function buildIsolation(units: number, targets: readonly IsolatedTarget[], maxRejected: number): string {
  const each = (build: (target: number, table: string) => string): string =>
    targets.map(({ table }, index) => build(index + 1, table)).join('\n      ');
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
  harbor_settled boolean := false;
  harbor_backwards boolean := false;
  harbor_deadline timestamptz := clock_timestamp() + NULLIF(current_setting('statement_timeout')::interval, '0') / 4;
  harbor_unit integer;
  harbor_parts integer;
  harbor_waiting integer[];
  harbor_early boolean := false;
  harbor_target integer;
  harbor_taken boolean[] := '{${targets.map(({ hasTaken }) => hasTaken).join()}}';
  harbor_probe integer := 0;
  harbor_probe_places integer[];
  harbor_probe_parts integer[];
  harbor_passed boolean;
  harbor_resume_at integer;
  harbor_resume_step integer;
  harbor_failed integer;
  harbor_row record;
  harbor_readable boolean;
  harbor_counts record;
  harbor_number integer := 0;
  harbor_rows integer;
  harbor_fresh integer;
  harbor_fresh_before integer;
  harbor_stalled integer := 0;
  harbor_vanished integer := 0;
  harbor_contended integer := 0;
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
    IF harbor_probe > 0 THEN
      "harbor first" := harbor_probe_places[harbor_probe];
      "harbor step" := harbor_probe_parts[harbor_probe];
    ELSIF "harbor first" > harbor_end THEN
      EXIT WHEN harbor_settled;
      harbor_backwards := NOT harbor_backwards;
      harbor_settled := NOT harbor_progress;
      harbor_moves := harbor_moves AND (harbor_begin = 1 OR 2 * harbor_written >= harbor_end - harbor_begin + 1);
      harbor_waiting := ARRAY(
        SELECT r.unit FROM ${REJECTED} AS r
        WHERE (r.code = '${FOREIGN_KEY_VIOLATION}' OR harbor_moves AND r.code IN (${TAKEN})) AND r.part = 0
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
      WHEN "harbor step" > 0 OR harbor_probe > 0 THEN "harbor first"
      WHEN harbor_faulty IS NULL THEN LEAST("harbor first" + harbor_size - 1, harbor_end)
      ELSE ("harbor first" + harbor_faulty) / 2
    END;
    harbor_code := NULL;
    harbor_passed := false;
    harbor_strict := harbor_stalled = ${ATTEMPTS_WITHOUT_PROGRESS - 1};
    ${counts((name) => `harbor_${name} := ${zeros};`)}
    BEGIN
      ${targets.map(buildAttempt).join('\n      ')}
      harbor_passed := true;
      IF harbor_probe > 0 THEN
        RAISE 'rolled back';
      END IF;
    EXCEPTION WHEN OTHERS THEN
      GET STACKED DIAGNOSTICS harbor_code = RETURNED_SQLSTATE, harbor_table = TABLE_NAME,
        harbor_column = COLUMN_NAME, harbor_constraint = CONSTRAINT_NAME, harbor_context = PG_EXCEPTION_CONTEXT;
      IF ${RAISED} THEN
        harbor_table := NULL;
        harbor_column := NULL;
        harbor_constraint := NULL;
      END IF;
      IF NOT harbor_passed AND (
        NOT ${mayBeOfRowSql('harbor_code', 'SQLERRM')} OR
        harbor_code = '${SUPPRESSED}' AND harbor_strict AND NOT (${IS_CONTENDED})
      ) THEN
        RAISE;
      END IF;
    END;
    IF harbor_code = '${SUPPRESSED}' AND ${IS_CONTENDED} THEN
      harbor_contended := harbor_contended + 1;
      harbor_stalled := 0;
      harbor_fresh_before := NULL;
      CONTINUE;
    END IF;
    IF harbor_code = '${SUPPRESSED}' THEN
      harbor_stalled := CASE WHEN harbor_fresh < COALESCE(harbor_fresh_before, harbor_fresh + 1) THEN 0 ELSE harbor_stalled + 1 END;
      harbor_fresh_before := harbor_fresh;
      CONTINUE;
    END IF;
    harbor_stalled := 0;
    harbor_contended := 0;
    harbor_fresh_before := NULL;

    IF harbor_probe > 0 THEN
      EXIT WHEN NOT harbor_passed AND harbor_probe = cardinality(harbor_probe_places);
      harbor_probe := harbor_probe + 1;
      IF harbor_passed THEN
        -- Others pass: the record that failed is retried, and rejected.
        DELETE FROM ${REJECTED} AS r WHERE r.unit = 0;
        harbor_taken[harbor_failed] := true;
        harbor_probe := 0;
        "harbor first" := harbor_resume_at;
        "harbor step" := harbor_resume_step;
      END IF;
      CONTINUE;
    END IF;
    IF harbor_passed THEN
      harbor_progress := true;
      ${each(
        (target, table) => `harbor_taken[${target}] := harbor_taken[${target}] OR EXISTS (${selectAttempt(table)});`,
      )}
    ELSIF "harbor last" = "harbor first" THEN
      IF NOT harbor_taken[harbor_target] AND NOT ${isRowFaultSql('harbor_code')} THEN
        INSERT INTO ${REJECTED} VALUES (0, 0, harbor_code, harbor_table, harbor_column, harbor_constraint);
        ${each(selectProbes)}
        harbor_failed := harbor_target;
        harbor_probe := 1;
        harbor_resume_at := "harbor first";
        harbor_resume_step := "harbor step";
        CONTINUE;
      END IF;
      ${targets.map(({ table, columns }, index) => findColumnOf(index + 1, table, columns)).join('\n      ')}
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
      IF harbor_parts > 0 AND (harbor_code <> '${FOREIGN_KEY_VIOLATION}' OR harbor_settled) THEN
        DELETE FROM ${REJECTED} AS r WHERE r.part = 0 AND r.unit = harbor_unit;
        "harbor step" := 1;
        ${counts((name) => `harbor_part_${name} := ${zeros};`)}
        CONTINUE;
      END IF;
      INSERT INTO ${REJECTED} VALUES (harbor_unit, 0, harbor_code, harbor_table, harbor_column, harbor_constraint)
        ON CONFLICT DO NOTHING;
      IF FOUND AND harbor_code <> '${FOREIGN_KEY_VIOLATION}' AND NOT (harbor_moves AND harbor_code IN (${TAKEN})) THEN
        harbor_rejected := harbor_rejected + 1;
      END IF;
      "harbor first" := "harbor first" + 1;
    END IF;

    IF harbor_rejected > ${maxRejected} OR clock_timestamp() > harbor_deadline THEN
      harbor_early := true;
      INSERT INTO ${REJECTED} (unit, part)
        SELECT DISTINCT n.unit, 0 FROM (${numbers(`${PLACE} >= "harbor first"`)}) AS n
        ON CONFLICT DO NOTHING;
      EXIT;
    END IF;
  END LOOP;
  INSERT INTO ${TABLE_COUNTS} VALUES (${WRITE_COUNTS.map((name) => `harbor_all_${name}`).join(', ')}, harbor_early, harbor_moves);
END`;
}

function counts(build: (name: string) => string): string {
  return WRITE_COUNTS.map(build).join('\n      ');
}
