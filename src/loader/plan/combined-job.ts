import type { DataSource } from 'typeorm';

import { HYBRID, type UnknownFields } from '../../entities/index.js';
import { InvalidLoadError } from '../../errors/index.js';
import type { Rejection } from '../../records/source-record.js';
import { metadataOf } from '../../schema/table/entity-metadata.js';
import type { LoadJob, Normalized, Prepared, Target } from '../model/load-job.js';
import type { ResolvedLoadOptions } from '../model/load-options.js';
import type { KeyColumn, LoadPlan } from '../model/load-plan.js';
import type { Row } from '../model/row.js';
import type { SkipReason } from '../model/row-outcome.js';
import { normalizeRecord, notAnObject } from '../normalize/normalize-record.js';
import { isPlainObject } from '../normalize/row-draft.js';
import { takeRecord } from '../read/take-record.js';
import { applyPolicy, effectivePolicy, requiredKey, targetOf } from './entity-job.js';
import type { LoadTarget } from './load-plans.js';

/** What a record gives for each table of a load, or why it cannot be told. */
export type SplitParts = readonly (readonly unknown[])[] | Rejection;

/** How records become rows of several tables. */
export interface Combination {
  readonly name: string;
  /** The key that each table is merged by; undefined for the primary key. */
  readonly keys: readonly (string | readonly string[] | undefined)[];
  readonly split: (record: unknown) => SplitParts;
}

/** The history has an index of the names. */
const MAX_NAME_BYTES = 1_000;

/** A table that a record has parts for. */
interface PartTarget {
  readonly target: Target;
  readonly key: readonly KeyColumn[] | undefined;
  readonly policy: UnknownFields;
}

/** A part of a record. */
interface Part extends PartTarget {
  readonly index: number;
  /** The object that the part was read from, which other parts may read, too. */
  readonly origin: unknown;
  readonly normalized: Exclude<Normalized, { kind: 'rejection' }>;
}

/**
 * Checks the entities and the name of a combined load.
 * @returns the name of the load
 * @throws InvalidLoadError
 */
export function nameCombination(
  dataSource: DataSource,
  targets: readonly LoadTarget[],
  name: string | undefined,
): string {
  const tables = targets.map((target) => metadataOf(dataSource, target).tableName);
  if (tables.length < 2) {
    throw new InvalidLoadError('A combined load has at least two entities; for one, use LoaderService.for');
  }
  const twice = tables.find((table, index) => tables.indexOf(table) !== index);
  if (twice !== undefined) {
    throw new InvalidLoadError(
      `A combined load cannot have two tables of the name ${twice}. For several rows of one table, split returns a list`,
    );
  }
  const taken = [HYBRID, ...dataSource.entityMetadatas.map(({ tableName }) => tableName)];
  if (name !== undefined && (name === '' || name.includes('\0') || taken.includes(name))) {
    throw new InvalidLoadError(
      `The name ${JSON.stringify(name)} of a combined load must be a text, and not the name of a table or '${HYBRID}'`,
    );
  }
  const made = name ?? tables.join('+');
  if (Buffer.byteLength(made) > MAX_NAME_BYTES) {
    throw new InvalidLoadError(
      `The name of a combined load has at most ${MAX_NAME_BYTES} bytes: give it a shorter one, by the option name`,
    );
  }
  return made;
}

/** The load of records of which each gives rows for several tables. All of them are stored, or none. */
export function combinedJob(
  plans: readonly LoadPlan[],
  options: ResolvedLoadOptions,
  unknownFields: UnknownFields,
  { name, keys, split }: Combination,
): LoadJob {
  const into = plans.map((plan, index) => {
    const key = keys[index];
    return partTarget(plan, { ...options, primaryKey: typeof key === 'string' ? [key] : key }, unknownFields);
  });
  const reported = [...new Set(into.map(({ policy }) => policy).filter((policy) => policy !== 'reject'))];
  if (reported.length > 1) {
    throw new InvalidLoadError(
      `The entities of ${name} capture and discard unknown fields. Give them one policy with @OnUnknownFields`,
    );
  }
  return {
    name,
    targets: into.map(({ target }) => target),
    options,
    unknownFields: reported[0] ?? 'reject',
    hasKeysApart: true,
    prepare(_, textual, given) {
      if (!isPlainObject(given)) {
        return { kind: 'rejection', rejection: notAnObject(given) };
      }
      const parts = split(given);
      if ('rule' in parts) {
        return { kind: 'rejection', rejection: parts };
      }
      return prepareParts(into, parts, {
        read: (part, origin) => readPart(part, origin, textual),
        reject: ({ target: { plan } }, rejection) => ({
          kind: 'rejection',
          rejection: { ...rejection, message: `table ${plan.table}: ${rejection.message}` },
        }),
      });
    },
  };
}

/** @throws InvalidLoadError when the entity has no such key */
export function partTarget(plan: LoadPlan, options: ResolvedLoadOptions, unknownFields: UnknownFields): PartTarget {
  // Its records are told of, but their rows have no columns in common to give back.
  const target = targetOf(plan, { ...options, returning: undefined });
  return { target, key: requiredKey(target, options), policy: effectivePolicy(target.plan, unknownFields) };
}

/** A part that `split` has made. */
function readPart({ target: { plan }, key }: PartTarget, origin: unknown, textual: boolean): Normalized {
  const { content, rejection } = takeRecord(origin, [plan.fields]);
  return rejection === undefined ? normalizeRecord(plan, key, content, textual) : { kind: 'rejection', rejection };
}

/** How parts are read. */
interface PartReading {
  readonly read: (part: PartTarget, origin: unknown) => Normalized;
  /** What a record is rejected by, if a part of it is. */
  readonly reject: (part: PartTarget, rejection: Rejection) => Extract<Prepared, { kind: 'rejection' }>;
}

/**
 * The rows of a record. Parts that are read from one object each take the fields they know. What none of them knows is for
 * the last one that has a row, and so are the fields of those that have none.
 * @param origins - the objects for each table
 */
export function prepareParts(
  into: readonly PartTarget[],
  origins: readonly (readonly unknown[])[],
  { read, reject }: PartReading,
): Prepared {
  const parts: Part[] = [];
  for (const [index, part] of into.entries()) {
    for (const origin of origins[index] ?? []) {
      const normalized = read(part, origin);
      if (normalized.kind === 'rejection') {
        return reject(part, normalized.rejection);
      }
      parts.push({ ...part, index, origin, normalized });
    }
  }
  if (!parts.some(({ normalized }) => normalized.kind === 'row')) {
    return parts[0]?.normalized.kind === 'skip' ? parts[0].normalized : { kind: 'skip', reason: NO_PARTS };
  }
  const unknown: string[] = [];
  for (const part of parts) {
    const settled = settleUnknown(part, parts);
    if (settled?.kind === 'rejection') {
      return reject(part, settled.rejection);
    }
    unknown.push(...(settled?.kind === 'rows' ? settled.unknown : []));
  }
  const rows = into.map((_, index) => parts.filter((part) => part.index === index).flatMap(rowOf));
  const hasMore = rows.some(({ length }) => length > 1);
  return {
    kind: 'rows',
    rows: rows.map(([first]) => first),
    more: hasMore ? rows.map((all) => all.slice(1)) : undefined,
    unknown,
  };
}

const NO_PARTS: SkipReason = 'no_parts';

function rowOf({ normalized }: Part): Row[] {
  return normalized.kind === 'row' ? [normalized.row] : [];
}

/** Puts the fields without a column where they belong. Undefined where they are another part's. */
function settleUnknown(part: Part, parts: readonly Part[]): Prepared | undefined {
  const { normalized, policy, target } = part;
  if (normalized.kind === 'skip') {
    return undefined;
  }
  const { row } = normalized;
  const others = parts.filter((other) => other !== part && other.origin === part.origin);
  if (others.some(({ index, normalized: { kind } }) => index > part.index && kind === 'row')) {
    // The record's own extra object is stored once, with the last part.
    row.extra = undefined;
    return undefined;
  }
  const unknown = new Map(normalized.unknown);
  const leftOver = new Map<string, unknown>();
  for (const [name, value] of normalized.unknown) {
    const knowing = others.filter((other) => knows(other, name));
    if (knowing.length > 0) {
      unknown.delete(name);
      if (knowing.every((other) => other.normalized.kind === 'skip')) {
        leftOver.set(name, value);
      }
    }
  }
  // Fields of a part without a row are not unknown fields.
  const { extraName, extra } = target.plan;
  const kept = applyPolicy(row, leftOver, policy === 'reject' && extra !== undefined ? 'capture' : policy, extraName);
  const prepared = kept.kind === 'rows' ? applyPolicy(row, unknown, policy, extraName) : kept;
  if (prepared.kind !== 'rows') {
    return prepared;
  }
  // Without capture, they are dropped like the others.
  return { ...prepared, unknown: policy === 'discard' ? [...leftOver.keys(), ...unknown.keys()] : unknown.keys() };
}

function knows({ target, normalized }: Part, name: string): boolean {
  return target.plan.fields.has(name) && !(normalized.kind === 'row' && normalized.unknown.has(name));
}
