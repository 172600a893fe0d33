import { isLosslessNumber } from 'lossless-json';

import { KeptJson, KeptValue } from '../../quarantine/raw-record.js';
import { type Rejection, SourceRecord } from '../../records/source-record.js';
import type { Field, TakenColumn } from '../model/load-plan.js';
import { MAX_NESTING } from '../values/json-text.js';
import { plainJsonText } from '../values/plain-json.js';
import { takeJson } from './take-json.js';

type FieldMap = ReadonlyMap<string, Field<TakenColumn>>;

/** What a load reads of an object. */
interface Shape {
  /** The fields, one map for each table; none where the object is a value. */
  readonly fields: readonly FieldMap[];
  /** A related entity: only its key is read, and no method of it is called. */
  readonly isRelated: boolean;
}

/** A record as it was when it was handed over. */
export interface TakenRecord {
  /** Its fields, each read once; nobody else can change them any more. */
  readonly content: unknown;
  /** Why it has no content. */
  readonly rejection: Rejection | undefined;
  /** All of its values are text (csv). */
  readonly textual: boolean;
  readonly source: object;
  /** Fields of `content` with values that are still their owner's: instances of classes that a transformer may know. */
  readonly borrowed: readonly string[];
  /** How quarantine keeps these values, where that is known. */
  readonly kept?: ReadonlyMap<string, KeptValue>;
}

/** A record that was taken when it was handed over, some time before its load began. */
export class HandedRecord {
  private readonly kept: ReadonlyMap<string, KeptValue>;

  /** @param given - see {@link givenOf} */
  constructor(
    private readonly taken: TakenRecord,
    readonly given?: unknown,
  ) {
    const { content, source, borrowed } = taken;
    const values = content as Readonly<Record<string, unknown>>;
    this.kept = new Map(borrowed.map((name) => [name, KeptValue.of(values[name], source)]));
  }

  /** Its fields, or what it is in place of a record. */
  get content(): unknown {
    return this.taken.content;
  }

  /** For one load; another one takes it again. */
  take(): TakenRecord {
    const { content } = this.taken;
    return { ...this.taken, content: isRecord(content) ? { ...content } : content, kept: this.kept };
  }
}

const VALUE: Shape = { fields: [], isRelated: false };
const RELATED: Shape = { fields: [], isRelated: true };
const NOTHING_BORROWED: readonly string[] = [];
const BASE = { content: undefined, rejection: undefined, textual: false, borrowed: NOTHING_BORROWED };

/** Takes a record from its owner, who may change the object afterwards, for example to hand over the next record in it. */
export function takeRecord(record: unknown, fields: readonly ReadonlyMap<string, Field>[]): TakenRecord {
  return guarded(record, () => {
    if (record instanceof HandedRecord) {
      return record.take();
    }
    if (record instanceof SourceRecord) {
      const { json, rejection, textual } = record;
      const content = json === undefined ? record.value : takeJson(json, fields);
      return { ...BASE, content, rejection, textual, source: record };
    }
    return takeOwned(record, fields);
  });
}

/**
 * Takes a record from its owner for a load that begins later.
 * @param fields - by the entities alone, as the tables may not be known yet
 * @param given - makes what {@link givenOf} finds for it, of a record that is none of a file
 * @returns a record for {@link takeRecord}
 */
export function handOver(record: unknown, fields: readonly FieldMap[], given?: () => unknown): object {
  if (isOfFile(record)) {
    return record;
  }
  const taken = guarded(record, () => takeOwned(record, fields));
  return new HandedRecord(taken, taken.rejection === undefined ? given?.() : undefined);
}

/** The record for those who make its parts: a record of a file as it is parsed. */
export function givenOf(record: unknown): unknown {
  return record instanceof SourceRecord ? record.value : record instanceof HandedRecord ? record.given : record;
}

/** Its bytes are its own, and the load parses them. A revoked Proxy throws. */
function isOfFile(record: unknown): record is SourceRecord {
  try {
    return record instanceof SourceRecord;
  } catch {
    return false;
  }
}

function takeOwned(record: unknown, fields: readonly FieldMap[]): TakenRecord {
  return isRecord(record)
    ? takeObject(record, { fields, isRelated: false })
    : { ...BASE, content: record, source: KeptValue.of(record) };
}

/** Getters and Proxies are the caller's code; their error costs only their record, and may quote values. */
function guarded(record: unknown, take: () => TakenRecord): TakenRecord {
  try {
    return take();
  } catch {
    const rejection: Rejection = { rule: 'unreadable_value', message: 'reading the record threw an error' };
    return { ...BASE, rejection, source: KeptValue.of(record) };
  }
}

/** What quarantine needs to keep the record; call it when its content has been read. */
export function sourceOf({ content, rejection, source, borrowed, kept }: TakenRecord): unknown {
  if (source instanceof SourceRecord) {
    // The bytes of a record of a file are enough; the parsed value may go.
    const { raw, textual, reading } = source;
    return rejection === undefined ? new SourceRecord(undefined, raw, undefined, textual, reading) : source;
  }
  if (source instanceof KeptValue) {
    return source;
  }
  const fields = content as Record<string, unknown>;
  for (const name of borrowed) {
    fields[name] = kept?.get(name) ?? KeptValue.of(fields[name], source);
  }
  return fields;
}

function takeObject(record: object, shape: Shape): TakenRecord {
  const content = readMembers(record, shape);
  let borrowed: string[] | undefined;
  // Two lists cost less than to look up each name.
  const [names, values] = [Object.keys(content), Object.values(content)];
  for (let place = 0; place < names.length; place += 1) {
    const value = values[place];
    if (typeof value === 'object' && value !== null) {
      const name = names[place] as string;
      const copy = keepJson(value, shape.fields, name) ?? copyOf(value, shapeOf(shape, name), 1);
      if (copy === undefined) {
        (borrowed ??= []).push(name);
      } else {
        content[name] = copy;
      }
    }
  }
  return { content, rejection: undefined, textual: false, source: record, borrowed: borrowed ?? NOTHING_BORROWED };
}

/** Where a field is JSON to every table that knows it, its text serves as the copy of plain data. */
function keepJson(value: object, fields: readonly FieldMap[], name: string): KeptJson | undefined {
  let isJson = false;
  for (const map of fields) {
    const field = map.get(name);
    if (field !== undefined) {
      if (field.kind !== 'column' || !field.column.takesJson) {
        return undefined;
      }
      isJson = true;
    }
  }
  const text = isJson ? plainJsonText(value) : undefined;
  return text === undefined ? undefined : new KeptJson(text);
}

/** A copy that is the same to a load; undefined where only its owner's code knows what it is. */
function copyOf(value: object, shape: Shape, nesting: number): object | undefined {
  if (nesting > MAX_NESTING) {
    // No column takes it.
    return undefined;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Date.prototype) {
    return new Date((value as Date).getTime());
  }
  if (prototype === Buffer.prototype) {
    return Buffer.from(value as Buffer);
  }
  if (prototype === Array.prototype) {
    return 'toJSON' in value ? undefined : copyArray(value as unknown[], shape, nesting);
  }
  const isData = prototype === Object.prototype || prototype === null;
  if (!isData && isLosslessNumber(value)) {
    return value;
  }
  const isRead = shape.fields.length > 0 || shape.isRelated;
  if (isRead ? !isRecord(value) : !isData || 'toJSON' in value) {
    return undefined;
  }
  const copy = readMembers(value, shape);
  for (const name of Object.keys(copy)) {
    const member = copy[name];
    if (typeof member === 'object' && member !== null) {
      const inner = copyOf(member, shapeOf(shape, name), nesting + 1);
      if (inner === undefined) {
        return undefined;
      }
      copy[name] = inner;
    }
  }
  return copy;
}

function copyArray(items: readonly unknown[], shape: Shape, nesting: number): unknown[] | undefined {
  // Keeps the holes of a sparse array.
  const copy = items.slice();
  for (let index = 0; index < copy.length; index += 1) {
    const item = copy[index];
    if (typeof item === 'object' && item !== null) {
      const inner = copyOf(item, shape.isRelated ? RELATED : VALUE, nesting + 1);
      if (inner === undefined) {
        return undefined;
      }
      copy[index] = inner;
    }
  }
  return copy;
}

/** The shape of a member. */
function shapeOf({ fields, isRelated }: Shape, name: string): Shape {
  for (const map of fields) {
    const field = map.get(name);
    if (field?.kind === 'embedded') {
      return { fields: [field.fields], isRelated: false };
    }
    if (field?.kind === 'relation') {
      return { fields: [field.members], isRelated: true };
    }
  }
  return isRelated ? RELATED : VALUE;
}

/** Own members, and the fields that an object inherits: getters that a class declares, values that a prototype holds. */
function readMembers(value: object, { fields }: Shape): Record<string, unknown> {
  const members: Record<string, unknown> = { ...value };
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype !== Object.prototype && prototype !== null) {
    for (const name of fields.flatMap((map) => inheritedOf(prototype, map))) {
      if (!Object.hasOwn(value, name)) {
        members[name] = Reflect.get(value, name);
      }
    }
  }
  return members;
}

const knownInherited = new WeakMap<FieldMap, WeakMap<object, readonly string[]>>();

/** Fields that objects of a prototype inherit. */
function inheritedOf(prototype: object, fields: FieldMap): readonly string[] {
  const known = knownInherited.get(fields) ?? new WeakMap<object, readonly string[]>();
  knownInherited.set(fields, known);
  const names = known.get(prototype) ?? findInherited(prototype, fields);
  known.set(prototype, names);
  return names;
}

function findInherited(prototype: object, fields: FieldMap): readonly string[] {
  const names = new Set<string>();
  for (
    let current: object | null = prototype;
    current !== null && current !== Object.prototype;
    current = Object.getPrototypeOf(current) as object | null
  ) {
    for (const [name, { get, value }] of Object.entries(Object.getOwnPropertyDescriptors(current))) {
      const isField = get !== undefined || (value !== undefined && typeof value !== 'function');
      if (isField && name !== '__proto__' && fields.has(name)) {
        names.add(name);
      }
    }
  }
  return [...names];
}

/** Instances of classes are records; arrays, Maps, Dates and the like are not. */
function isRecord(value: unknown): value is object {
  return Object.prototype.toString.call(value) === '[object Object]';
}
