import type { Shard } from '../../results/load-result.js';
import { type JsonRecord, SourceRecord } from '../../records/source-record.js';
import type { LoadJob, Target } from '../model/load-job.js';
import type { Field, KeyColumn, LoadPlan } from '../model/load-plan.js';
import { identityOfRow } from '../model/load-unit.js';
import { isLoose } from '../values/canonical-key.js';
import { planOfColumns } from '../normalize/normalize-deletion.js';
import { normalizeRecord } from '../normalize/normalize-record.js';
import type { RecordOwner } from './batch-cutter.js';
import { HandedRecord, handOver } from './take-record.js';
import { takeJson } from './take-json.js';

/** How the key of a record is read, and nothing else of it. */
interface KeyReading {
  readonly plan: LoadPlan;
  readonly names: readonly string[];
  readonly columns: readonly KeyColumn[];
  /** All fields, as a record is taken by them. */
  readonly fields: readonly ReadonlyMap<string, Field>[];
}

type Members = Record<string, unknown>;

/**
 * Tells which records of an input are those of a shard: by a hash of the key, which is the same for all records whose keys
 * Postgres finds equal, so that each key is one shard's. A record without a key that can be read is shared out by its
 * position.
 */
export class ShardOwner implements RecordOwner {
  private job: LoadJob | undefined;
  private reading: KeyReading | undefined;

  /** @param current - the job by the plans of now */
  constructor(
    private readonly shard: Shard,
    private readonly current: () => LoadJob,
  ) {}

  own(record: unknown, position: number): object | undefined {
    const { index, count } = this.shard;
    const reading = this.readingOf(this.current());
    const handed = handOver(record, reading.fields);
    const key = keyOf(reading, handed);
    return (key === undefined ? position : hashOf(key)) % count === index ? handed : undefined;
  }

  private readingOf(job: LoadJob): KeyReading {
    if (this.reading === undefined || this.job !== job) {
      this.reading = keyReadingOf(job);
      this.job = job;
    }
    return this.reading;
  }
}

/**
 * The columns of a key by which records are shared out: those whose texts tell in JavaScript, too, whether Postgres finds two
 * values equal.
 */
export function shardColumnsOf({ key }: Pick<Target, 'key'>): readonly KeyColumn[] {
  return key.filter((column) => !isLoose(column));
}

function keyReadingOf({ targets }: LoadJob): KeyReading {
  // All rows of a record have one key, and the last table has a row of every record.
  const target = targets.at(-1) as Target;
  const columns = shardColumnsOf(target);
  const filling = new Set(columns.flatMap(({ fillsFrom }) => fillsFrom));
  const plan = planOfColumns(
    target.plan,
    ({ index, name }) => filling.has(name) || columns.some((column) => column.index === index),
  );
  const names = [...plan.fields].flatMap(([name, { kind }]) => (kind === 'ignored' ? [] : [name]));
  return { plan, names, columns, fields: targets.map((each) => each.plan.fields) };
}

/** The key of a record; undefined where it has none, or is rejected for it. */
function keyOf({ plan, names, columns, fields: all }: KeyReading, record: object): string | undefined {
  if (columns.length === 0) {
    return undefined;
  }
  const isOfFile = record instanceof SourceRecord;
  const fields = isOfFile ? fieldsOf(record, names, all) : pick((record as HandedRecord).content, names);
  const normalized = fields && normalizeRecord(plan, undefined, fields, isOfFile && record.textual);
  if (normalized?.kind !== 'row') {
    return undefined;
  }
  return identityOfRow({ key: columns }, normalized.row);
}

/** Of a record of a file, only these fields, in the form their columns read. */
function fieldsOf(record: SourceRecord, names: readonly string[], all: KeyReading['fields']): Members | undefined {
  const { json } = record;
  if (json === undefined) {
    return pick(record.value, names);
  }
  const fields = pick(json.fields, names);
  const some: JsonRecord | undefined = fields && {
    fields,
    memberOf: (name) => json.memberOf(name),
    exactly: (name) => json.exactly(name),
  };
  return some && takeJson(some, all);
}

function pick(content: unknown, names: readonly string[]): Members | undefined {
  if (typeof content !== 'object' || content === null) {
    return undefined;
  }
  // A field may have any name.
  const picked = Object.create(null) as Members;
  for (const name of names) {
    if (Object.hasOwn(content, name)) {
      picked[name] = (content as Members)[name];
    }
  }
  return picked;
}

const [OFFSET, PRIME] = [0x811c9dc5, 0x01000193];

/** FNV-1a of the UTF-8 of a key, and then the finalizer of MurmurHash3, so that all of its bits tell. */
export function hashOf(key: string): number {
  let hash = OFFSET;
  for (const byte of Buffer.from(key)) {
    hash = Math.imul(hash ^ byte, PRIME);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
