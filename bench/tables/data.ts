import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

import { generateHybridRecords, type SampleRecord } from '../../sample/hybrid-sample.js';
import { SampleRandom } from '../../sample/sample-random.js';
import type { BenchTable } from '../report/table.js';

/** A record by column names, with values accepted by all clients: no epoch seconds, no aliases. */
export type BenchRecord = Readonly<Record<string, unknown>>;

const SEED = 7;
/** Records generated at a time, so that a million can be streamed. */
const CHUNK_ROWS = 1_000;
/** Ids of six digits in base 36 with gaps, as on Reddit. */
const FIRST_ID = 36 ** 5;
const ID_GAP = 449;

/** Always present in a sparse record, because some contestants cannot insert it without them. */
const NEVER_ABSENT: ReadonlySet<string> = new Set(['submission_id', 'reddit_id', 'problem_description']);

/** Hybrid records with distinct ascending keys, the same in every run. */
export function* generateHybrids(count: number, from = 0): Generator<SampleRecord> {
  for (let start = 0; start < count; start += CHUNK_ROWS) {
    const size = Math.min(CHUNK_ROWS, count - start);
    for (const [index, record] of generateHybridRecords(SEED + from + start, size).entries()) {
      const id = FIRST_ID + (from + start + index) * ID_GAP;
      yield { ...record, submission_id: `t3_${id.toString(36)}` };
    }
  }
}

/** Records with all columns of `app_opportunities`. */
export function* generateOpportunities(count: number, columns: readonly string[], from = 0): Generator<BenchRecord> {
  const random = new SampleRandom(SEED);
  for (const record of generateHybrids(count, from)) {
    const full = { ...laterStages(record, random), ...record };
    yield Object.fromEntries(columns.map((name) => [name, full[name as keyof typeof full]]));
  }
}

/** Fields from later stages of the pipeline, which only some sample records have; here all have them. */
function laterStages(record: SampleRecord, random: SampleRandom): SampleRecord {
  const score = Number(record['opportunity_score']);
  const trust = random.score();
  return {
    final_score: random.near(score),
    trust_score: trust,
    trust_badge: random.pick(['gold', 'silver', 'basic']),
    activity_score: random.near(trust),
    trust_level: random.pick(['high', 'medium', 'low']),
    trust_badges: ['active_thread', 'verified_problem'],
    monetization_score: random.near(score),
    market_validation_score: random.score(),
    enrichment_version: 'v3.0.0',
    pipeline_source: 'unified_pipeline',
  };
}

/** A later version of a record: every row has different texts and numbers. */
export function changed(record: BenchRecord): BenchRecord {
  const { title, reddit_score, opportunity_score, problem_description, ai_profile } = record;
  return {
    ...record,
    title: `${String(title)} (edited)`,
    reddit_score: Number(reddit_score) + 1,
    ...(problem_description !== undefined && {
      problem_description: `${String(problem_description)} Nobody helps.`,
      opportunity_score: Number(opportunity_score) + 0.5,
      ai_profile: { ...(ai_profile as object), revision: 2 },
    }),
  };
}

/** A refresh: one record in five with another value in one column. */
export function refreshed(records: readonly BenchRecord[]): BenchRecord[] {
  return records.map((record, index) =>
    index % 5 === 0 ? { ...record, reddit_score: Number(record['reddit_score']) + 1 } : record,
  );
}

/** Scores as Python computes them: 16 or 17 digits. */
export function withLongFloats({ columns }: BenchTable, records: readonly BenchRecord[]): BenchRecord[] {
  const random = new SampleRandom(SEED);
  const names = columns.filter(({ type }) => type === 'double precision').map(({ name }) => name);
  return records.map((record) => {
    const scores = names.map((name) => [name, Number(record[name]) * (0.99 + random.next() / 100)]);
    return { ...record, ...(Object.fromEntries(scores) as Record<string, number>) };
  });
}

/** Removes random fields, half of them. */
export function sparse(records: readonly BenchRecord[]): BenchRecord[] {
  const random = new SampleRandom(SEED);
  return records.map((record) =>
    Object.fromEntries(Object.entries(record).filter(([name]) => NEVER_ABSENT.has(name) || random.chance(0.5))),
  );
}

/**
 * Real posts from a file of JSON lines with Reddit's field names, as records of `submissions`. Fields without a column are
 * removed and times are converted, because the other contestants cannot handle them.
 */
export async function readPosts(file: string, limit: number): Promise<BenchRecord[]> {
  const posts: BenchRecord[] = [];
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Infinity });
  for await (const line of lines) {
    if (posts.length === limit) {
      break;
    }
    posts.push(postOf(JSON.parse(line) as Readonly<Record<string, unknown>>));
  }
  return posts;
}

function postOf(post: Readonly<Record<string, unknown>>): BenchRecord {
  const { name, id, title, selftext, subreddit, url, created_utc, score, num_comments } = post;
  return {
    submission_id: name,
    reddit_id: id,
    title,
    selftext,
    subreddit,
    url,
    created_utc: new Date(Number(created_utc) * 1000).toISOString(),
    reddit_score: score,
    num_comments,
  };
}

/** A value as Postgres reads it. */
export function textOf(type: string, value: unknown): string | null {
  if (value === null || value === undefined) {
    return null;
  }
  return type === 'jsonb' ? JSON.stringify(value) : String(value);
}
