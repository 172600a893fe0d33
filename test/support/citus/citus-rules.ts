/** A statement that was sent, and where. */
export interface SentText {
  readonly text: string;
  /** Savepoints that were open on its connection. */
  readonly savepoints: number;
}

/** The tables of a database that Citus keeps. */
export interface CitusTables {
  /** In shards: no other table of a statement is on all the same workers. */
  readonly sharded: readonly string[];
  /** Each whole on one worker, the same for all. */
  readonly single: readonly string[];
}

/** A statement for a rule, by what it writes. */
interface RuledStatement extends SentText {
  /** It names a table in shards. */
  readonly isSharded: boolean;
  /** It names any table that Citus keeps. */
  readonly isKept: boolean;
  /** It changes stored rows of a table that Citus keeps. */
  readonly updates: boolean;
}

/** Something that Citus forbids. */
export interface CitusRule {
  readonly name: string;
  /** One that must be found, on the table "public"."goods" in shards and "storage_loads" on one worker. */
  readonly example: string;
  readonly isBroken: (statement: RuledStatement) => boolean;
}

const VOLATILE =
  /\b(?:clock_timestamp|random|gen_random_uuid|uuidv7|nextval|setval|timeofday|pg_advisory\w*|set_config)\s*\(/i;
const STABLE = /\b(?:now|statement_timestamp|transaction_timestamp|current_setting|to_jsonb|to_char)\s*\(/i;

/** What follows DO UPDATE. */
const onConflictUpdate = (text: string): string => /\bDO UPDATE\b([^]*)/i.exec(text)?.[1] ?? '';

export const CITUS_RULES: readonly CitusRule[] = [
  {
    name: 'no MERGE',
    example: 'MERGE INTO "public"."goods" AS t USING s ON t.id = s.id WHEN NOT MATCHED THEN INSERT VALUES (s.id)',
    isBroken: ({ text, isKept }) => isKept && /\bMERGE\s+INTO\b/i.test(text),
  },
  {
    name: 'no function but immutable ones in DO UPDATE',
    example: 'INSERT INTO "public"."goods" (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET at = now()',
    isBroken: ({ text, isKept }) =>
      isKept && (VOLATILE.test(onConflictUpdate(text)) || STABLE.test(onConflictUpdate(text))),
  },
  {
    name: 'no parameter in DO UPDATE',
    example: 'INSERT INTO "public"."goods" (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET v = $2',
    isBroken: ({ text, isKept }) => isKept && /\$\d/.test(onConflictUpdate(text)),
  },
  {
    name: 'no subselect in DO UPDATE',
    example: 'INSERT INTO "public"."goods" (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET v = (SELECT max(v) FROM s)',
    isBroken: ({ text, isKept }) => isKept && /\(\s*SELECT\b/i.test(onConflictUpdate(text)),
  },
  {
    name: 'no system column that tells what a statement did',
    example: 'INSERT INTO "public"."goods" (id) VALUES ($1) ON CONFLICT DO NOTHING RETURNING (xmax = 0) AS inserted',
    isBroken: ({ text, isKept }) => isKept && /\bRETURNING\b[^]*\b(?:xmin|xmax|ctid|tableoid)\b|\bxmax\b/i.test(text),
  },
  {
    name: 'no ctid in WHERE',
    example: 'UPDATE "public"."goods" AS t SET v = s.v FROM (SELECT * FROM pg_temp.m) AS s WHERE t.ctid = s.at',
    isBroken: ({ text, updates }) => updates && /\bt\.ctid\b/i.test(text),
  },
  {
    name: 'F0: no volatile function in an UPDATE, unless in a subselect',
    example: 'UPDATE "storage_loads" SET finished_at = clock_timestamp() WHERE id = $1',
    isBroken: ({ text, updates }) => updates && VOLATILE.test(text.replace(/\(SELECT \w+\(\)\)/gi, '')),
  },
  {
    name: 'F2b: no lock right before ON CONFLICT',
    example: 'INSERT INTO b SELECT id FROM "storage_loads" WHERE id = $1 FOR SHARE ON CONFLICT (id) DO NOTHING',
    isBroken: ({ text, isKept }) => isKept && /\bFOR (?:NO KEY )?(?:UPDATE|SHARE)\s+ON CONFLICT\b/i.test(text),
  },
  {
    name: 'F3: no cast in CASE where a statement changes rows of shards',
    example:
      'UPDATE "public"."goods" AS t SET at = CASE WHEN s.m THEN t.at ELSE s.at::timestamptz END FROM (SELECT 1) AS s',
    isBroken: ({ text, updates, isSharded }) => updates && isSharded && /\bCASE\b[^]*::[^]*\bEND\b/i.test(text),
  },
  {
    name: 'F4: no temporary table beside a table in shards, unless in a subquery',
    example: 'DELETE FROM "public"."goods" AS t WHERE NOT EXISTS (SELECT 1 FROM pg_temp.s AS s WHERE s.id = t.id)',
    isBroken: ({ text, isSharded }) =>
      isSharded && !isInsertFromTemporary(text) && /\bpg_temp\./.test(withoutDerivedTables(text)),
  },
  {
    name: 'F4: no table in shards that is read while it is inserted into',
    example:
      'INSERT INTO "public"."goods" SELECT * FROM pg_temp.s AS s WHERE NOT EXISTS (SELECT FROM "public"."goods" AS t WHERE t.id = s.id)',
    isBroken: ({ text, isSharded }) =>
      isSharded && isInsertFromTemporary(text) && (text.match(/"public"\."\w+"/g) ?? []).length > 1,
  },
  {
    name: 'F6: no JSON made of values in CASE where a statement changes rows',
    example: `UPDATE "public"."goods" AS t SET extra = CASE WHEN t.v IS NULL THEN extra ELSE jsonb_build_object('v', t.v) END`,
    isBroken: ({ text, updates }) =>
      updates && /\bCASE\b[^]*\b(?:jsonb_build_object|to_jsonb)\b[^]*\bEND\b/i.test(text),
  },
  {
    name: 'F7: one subcommand for constraints in an ALTER TABLE',
    example: 'ALTER TABLE "public"."goods" DROP CONSTRAINT a, ADD CONSTRAINT a CHECK (true)',
    isBroken: ({ text, isKept }) => isKept && /\bALTER TABLE\b[^;]*\bDROP CONSTRAINT\b[^;]*,\s*ADD\b/i.test(text),
  },
  {
    name: 'F10: no text of a stored value where a statement changes rows of shards',
    example:
      'UPDATE "public"."goods" AS t SET at = s.at FROM (SELECT 1) AS s WHERE t.at::text IS DISTINCT FROM s.at::text',
    isBroken: ({ text, updates, isSharded }) => updates && isSharded && /\bt\.(?:"[^"]+"|\w+)::text\b/.test(text),
  },
  {
    name: 'no lock on rows of several shards',
    example: 'SELECT id FROM "public"."goods" WHERE v = $1 FOR NO KEY UPDATE',
    isBroken: ({ text, isSharded }) => isSharded && /\bFOR (?:NO KEY |KEY )?(?:UPDATE|SHARE)\b/i.test(text),
  },
  {
    name: 'no lookup row by row',
    example:
      'SELECT 1 FROM s LEFT JOIN LATERAL (SELECT true FROM "public"."goods" AS t WHERE t.id = s.id LIMIT 1) AS f ON true',
    isBroken: ({ text, isSharded }) => isSharded && /\bLATERAL\b/i.test(text),
  },
  {
    name: 'no step of a statement that changes rows of shards',
    example: 'WITH n AS (INSERT INTO "public"."goods" (id) VALUES ($1) RETURNING 1) SELECT count(*) FROM n',
    isBroken: ({ text, isSharded }) =>
      isSharded && /\bAS (?:NOT )?(?:MATERIALIZED )?\(\s*(?:INSERT|UPDATE|DELETE|MERGE)\b/i.test(text),
  },
  {
    name: 'no block that goes on after an error of a shard: each attempt is a savepoint on every worker',
    example: `DO 'BEGIN INSERT INTO "public"."goods" (id) VALUES (1); EXCEPTION WHEN OTHERS THEN NULL; END'`,
    isBroken: ({ text, isSharded }) => isSharded && /^\s*DO\b/i.test(text),
  },
];

/** F1: a temporary table must not be dropped in a savepoint in which a shard then rejects a row. */
export const dropsInSavepoint = ({ text, savepoints }: SentText): boolean =>
  savepoints > 0 && /\bDROP TABLE\b/i.test(text);

/** The rules that a statement breaks, each with the text. */
export function brokenRules(sent: SentText, { sharded, single }: CitusTables): string[] {
  const names = (tables: readonly string[]): boolean => tables.some((table) => namesTable(sent.text, table));
  const isSharded = names(sharded);
  const isKept = isSharded || names(single);
  const changed = [...sharded, ...single].some((table) =>
    new RegExp(`\\b(?:UPDATE|DELETE FROM)\\s+(?:ONLY\\s+)?${pattern(table)}`).test(sent.text),
  );
  const statement = { ...sent, isSharded, isKept, updates: changed || (isKept && onConflictUpdate(sent.text) !== '') };
  return CITUS_RULES.filter(({ isBroken }) => isBroken(statement)).map(({ name }) => `${name}: ${sent.text}`);
}

function pattern(table: string): string {
  return String.raw`(?:"?public"?\.)?"?${table}"?(?!\w)`;
}

function namesTable(text: string, table: string): boolean {
  return new RegExp(`(?:FROM|JOIN|INTO|UPDATE|ONLY|USING|COPY|TABLE)\\s+${pattern(table)}`, 'i').test(text);
}

function isInsertFromTemporary(text: string): boolean {
  return /^\s*INSERT INTO (?!pg_temp)/i.test(text);
}

/** The statement without its subqueries in FROM, JOIN and USING. */
function withoutDerivedTables(text: string): string {
  let rest = text.replace(/^\s*INSERT INTO pg_temp\.\w+/i, 'INSERT INTO it');
  for (let at = rest.search(DERIVED); at >= 0; at = rest.search(DERIVED)) {
    const open = rest.indexOf('(', at);
    let depth = 0;
    let end = open;
    do {
      depth += rest[end] === '(' ? 1 : rest[end] === ')' ? -1 : 0;
      end += 1;
    } while (depth > 0 && end < rest.length);
    rest = `${rest.slice(0, open)}derived${rest.slice(end)}`;
  }
  return rest;
}

const DERIVED = /\b(?:FROM|JOIN|USING)\s+\(\s*SELECT\b/i;
