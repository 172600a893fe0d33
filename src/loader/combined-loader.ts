import { types } from 'node:util';

import type { DataSource, EntityManager, EntitySchema, ObjectLiteral } from 'typeorm';

import type { UnknownFields } from '../entities/index.js';
import type { RecordOf } from '../entities/record-of.js';
import { type Check, findMistakes, takeOptions } from '../errors/find-mistakes.js';
import { InvalidLoadError } from '../errors/index.js';
import { checkManager } from '../postgres/with-transaction.js';
import type { AsyncRecordSource, RecordSource } from '../records/record-source.js';
import type { Rejection } from '../records/source-record.js';
import type { ReportedResult, CombinedBatchResult, CombinedResult } from '../results/load-result.js';
import {
  type BufferLimits,
  type CombinedBufferOptions,
  checkOwnTransactions,
  resolveBufferOptions,
} from './buffer/buffer-options.js';
import type { RecordBuffer } from './buffer/record-buffer.js';
import { checkCombinedOptions, type CombinedOptions } from './model/combined-options.js';
import type { ReportingLoadOptions } from './model/load-options.js';
import type { AnyOutcome, CombinedOutcome } from './model/row-outcome.js';
import { isPlainObject } from './normalize/row-draft.js';
import { combinedJob, type Combination, nameCombination, type SplitParts } from './plan/combined-job.js';
import { partsTaker } from './plan/entity-fields.js';
import type { LoadTarget } from './plan/load-plans.js';
import { checkAnyRecords, checkRecords } from './read/check-records.js';
import { handOver } from './read/take-record.js';
import type { LoadCall } from './run/load-call.js';
import type { LoadRun } from './run/load-run.js';
import { toCombinedResult } from './run/result-shapes.js';
import { nameType } from './values/rejected-value.js';

/** Entities of a combined load: a list, or an object that names them. */
export type CombinedEntities = readonly LoadTarget[] | Readonly<Record<string, LoadTarget>>;

/** What a record has for an entity: nothing, a record, or a list of them. */
export type PartOf<T> = RecordOf<EntityOf<T>> | readonly RecordOf<EntityOf<T>>[] | null | undefined;

/** The class of rows that an entity stands for; any object where it is only named. */
export type EntityOf<T> = T extends (abstract new (...args: never) => infer E extends object)
  ? E
  : T extends EntitySchema<infer E extends object>
    ? E
    : ObjectLiteral;

/**
 * Makes the parts of a record, at the places or under the names of their entities. It is called for one record after the
 * other and must not be async.
 */
export type SplitRecord<T extends CombinedEntities, R extends object> = (record: R) => {
  readonly [K in keyof T]?: PartOf<T[K]>;
};

/** Options of `LoaderService.combine`. */
export interface CombineOptions<T extends CombinedEntities = CombinedEntities> {
  /** What the history, the quarantine and results call the load. @default the names of the tables, joined by + */
  readonly name?: string | undefined;
  /** For each entity, the columns (or properties) of the unique key its table is merged by. @default the primary key */
  readonly primaryKeys?: { readonly [K in keyof T]?: string | readonly string[] | undefined } | undefined;
}

/** Runs the loads of a module. */
export interface CallRunner {
  readonly dataSource: DataSource;
  readonly unknownFields: UnknownFields;
  runWhole<Result extends ReportedResult>(call: LoadCall<Result>, records: Iterable<object>): Promise<Result>;
  run<Result extends ReportedResult, Outcome extends Result>(
    call: LoadCall<Result>,
    work: (run: LoadRun<Result>) => Promise<Outcome>,
  ): Promise<Outcome>;
  bufferOf<R extends object, O extends AnyOutcome>(
    limits: BufferLimits,
    call: LoadCall<ReportedResult>,
    take: (record: R) => object,
  ): RecordBuffer<R, O>;
}

/** The parts of a record that was split when it was added to a buffer. */
class HandedParts {
  constructor(readonly parts: SplitParts) {}
}

/** Loads records that feed several tables: all parts of a record are stored, or none. */
export class CombinedLoader<R extends object = object> {
  private constructor(
    private readonly runner: CallRunner,
    /** @internal */
    readonly targets: readonly LoadTarget[],
    private readonly combination: Combination,
    private readonly manager?: EntityManager,
  ) {}

  /** @internal */
  static of<R extends object>(
    runner: CallRunner,
    entities: CombinedEntities,
    split: (record: R) => unknown,
    given: CombineOptions,
  ): CombinedLoader<R> {
    if (typeof entities !== 'object' || entities === null || typeof split !== 'function') {
      throw new InvalidLoadError(
        'combine takes the entities, as a list or by name, and a function that splits a record',
      );
    }
    const options = takeOptions(given, CHECKS, 'a combined load');
    const mistakes = findMistakes(options, CHECKS, 'no option of a combined load');
    const names = Object.keys(entities);
    const keys = (options.primaryKeys ?? {}) as Readonly<Record<string, string | readonly string[] | undefined>>;
    const unknown = Object.keys(keys).find((name) => !names.includes(name));
    if (unknown !== undefined) {
      mistakes.push(`primaryKeys names ${JSON.stringify(unknown)}, which is no entity of the load`);
    }
    if (mistakes.length > 0) {
      throw new InvalidLoadError(`The options of the combined load are wrong: ${mistakes.join('; ')}`);
    }
    const targets = Object.values<LoadTarget>(entities);
    const name = nameCombination(runner.dataSource, targets, options.name);
    return new CombinedLoader<R>(runner, targets, {
      name,
      keys: names.map((entity) => keys[entity]),
      split: (record) => splitBy(split, record as R, names, Array.isArray(entities)),
    });
  }

  /** The name of the load in the history and the quarantine. */
  get name(): string {
    return this.combination.name;
  }

  /** Loads records in one transaction over all tables. Errors as {@link EntityLoader.load}. */
  async load(records: RecordSource<R>, options: CombinedOptions = {}): Promise<CombinedResult> {
    const checked = checkRecords(records);
    return this.runner.runWhole(this.call(options), checked);
  }

  /** Loads records in one transaction a batch, each over all tables. Errors as {@link EntityLoader.loadBatch}. */
  async loadBatch(records: AsyncRecordSource<R>, options: CombinedOptions = {}): Promise<CombinedBatchResult> {
    const checked = checkAnyRecords(records);
    return this.runner.run(this.call(options), (run) => run.loadBatch(checked));
  }

  /**
   * A buffer that gathers single records of many callers into common loads: all parts of a record are stored, or none. A
   * record is split when it is added.
   * @throws InvalidLoadError when an option is wrong, or the loader stands inside a caller's transaction
   */
  buffer(options: CombinedBufferOptions = {}): RecordBuffer<R, CombinedOutcome> {
    checkOwnTransactions(this.manager);
    checkOptions(options);
    const [limits, ofLoads] = resolveBufferOptions(options);
    const { runner, targets, combination } = this;
    const handOverParts = partsTaker(runner.dataSource, targets);
    const take = (record: R): object =>
      handOver(record, [], () => {
        const parts = isPlainObject(record) ? combination.split(record) : undefined;
        return parts === undefined ? record : new HandedParts('rule' in parts ? parts : handOverParts(parts));
      });
    const split = (given: unknown): SplitParts =>
      given instanceof HandedParts ? given.parts : combination.split(given);
    return runner.bufferOf(limits, { ...this.call({}, { ...combination, split }), options: ofLoads }, take);
  }

  /** The same loader inside the transaction of `manager`: it commits and rolls back with it, and is not retried. */
  withManager(manager: EntityManager): CombinedLoader<R> {
    return new CombinedLoader<R>(this.runner, this.targets, this.combination, checkManager(manager));
  }

  private call(options: CombinedOptions, combination = this.combination): LoadCall<CombinedResult> {
    const { runner, targets, manager } = this;
    return {
      targets,
      makeJob: (plans, resolved) => combinedJob(plans, resolved, runner.unknownFields, combination),
      shape: toCombinedResult,
      options: checkOptions(options),
      manager,
    };
  }
}

const CHECKS: Readonly<Record<keyof CombineOptions, Check>> = {
  name: ['a text', (value) => typeof value === 'string'],
  primaryKeys: [
    'keys by entity, each a column or a list of columns',
    (value) => typeof value === 'object' && value !== null && Object.values(value).every(isKey),
  ],
};

function isKey(value: unknown): boolean {
  return (
    value === undefined ||
    typeof value === 'string' ||
    (Array.isArray(value) && value.length > 0 && value.every((column) => typeof column === 'string'))
  );
}

function checkOptions(options: ReportingLoadOptions): CombinedOptions {
  return checkCombinedOptions(
    options,
    'A combined load merges each table by its own key (primaryKeys of combine), and gives no rows back',
  );
}

/** The parts of a record, whatever the caller's function does. Its error, or that of a getter of the parts, may quote values. */
function splitBy<R>(split: (record: R) => unknown, record: R, names: readonly string[], isList: boolean): SplitParts {
  try {
    return takeParts(split(record), names, isList);
  } catch {
    return failed('split threw an error');
  }
}

function takeParts(made: unknown, names: readonly string[], isList: boolean): SplitParts {
  if (ignoreErrors([made])) {
    return failed('split returned a Promise: it must make the parts itself');
  }
  if (!(isList ? Array.isArray(made) : isPlainObject(made))) {
    return failed(`split must return ${isList ? 'a list' : 'an object'} of parts, found ${nameType(made)}`);
  }
  const given = made as Readonly<Record<string, unknown>>;
  if (Object.keys(given).some((name) => !names.includes(name))) {
    return failed(`split returned a part for something that is no entity of the load; it has ${names.join(', ')}`);
  }
  const parts = names.map((name): unknown[] => {
    // A class may declare them as getters; what every object has is no part.
    const part = Object.hasOwn(given, name) || !(name in Object.prototype) ? given[name] : undefined;
    return part === undefined || part === null ? [] : Array.isArray(part) ? [...(part as unknown[])] : [part];
  });
  return ignoreErrors(parts.flat())
    ? failed('split returned a Promise for a part: it must make the parts itself')
    : parts;
}

/** Whether some of these are Promises, of whose errors nobody else hears. */
function ignoreErrors(values: readonly unknown[]): boolean {
  const promises = values.filter((value) => types.isPromise(value));
  promises.forEach((promise) => promise.catch(() => {}));
  return promises.length > 0;
}

function failed(message: string): Rejection {
  return { rule: 'split_failed', message };
}
