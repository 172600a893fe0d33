import type { KeyColumn, LoadPlan } from '../model/load-plan.js';
import { type LoadUnit, partsOf } from '../model/load-unit.js';
import type { Row } from '../model/row.js';

/** The tables that rows of units are for. */
type FoldTargets = readonly {
  readonly key: readonly Pick<KeyColumn, 'index'>[];
  readonly plan: Pick<LoadPlan, 'columns' | 'extraUpdatable' | 'extraDefault'>;
}[];

/** SQL of a default into which fields are merged as into nothing. */
const EMPTY_DEFAULT = /^'\{\}'(?:::jsonb)?$/;

/**
 * Folds records with the same key into one, field by field in input order, as if each had been loaded alone: the fields
 * of a later record win, and fields it does not carry stay. Of a column that stored rows keep, the first record counts.
 */
export function foldDuplicates(units: readonly LoadUnit[], targets: FoldTargets): LoadUnit[] {
  const byKey = new Map<string, LoadUnit>();
  for (const unit of units) {
    const earlier = byKey.get(unit.key as string);
    byKey.set(unit.key as string, earlier === undefined ? unit : foldUnits(earlier, unit, targets));
  }
  return [...byKey.values()];
}

/**
 * Whether folding would lose the default of the extra column: a new row gets it by a record without further fields, and
 * those of a later record are merged into it.
 */
export function hidesDefault(units: readonly LoadUnit[], targets: FoldTargets): boolean {
  return targets.some(({ plan: { extraDefault, extraUpdatable } }, target) => {
    if (extraDefault === undefined || EMPTY_DEFAULT.test(extraDefault) || !extraUpdatable) {
      return false;
    }
    const byDefault = new Set<string | undefined>();
    return units.some(({ key, rows }) => {
      const row = rows[target];
      if (row !== undefined && row.extra === undefined) {
        byDefault.add(key);
      }
      return row?.extra !== undefined && byDefault.has(key);
    });
  });
}

/**
 * Splits records into waves, in input order, with each key at most once in a wave. For loads with `newerBy`: only the
 * database knows which record is older, so each record meets the stored row alone.
 * @param fold - makes one record of two with the same key; undefined where each meets the stored row alone
 */
export function splitIntoWaves(
  units: readonly LoadUnit[],
  fold: (earlier: LoadUnit, later: LoadUnit) => LoadUnit | undefined = () => undefined,
): LoadUnit[][] {
  const waves: LoadUnit[][] = [];
  const last = new Map<string, { readonly wave: number; readonly place: number }>();
  for (const unit of units) {
    const before = last.get(unit.key as string);
    const folded = before && fold(waves[before.wave]?.[before.place] as LoadUnit, unit);
    if (before !== undefined && folded !== undefined) {
      (waves[before.wave] as LoadUnit[])[before.place] = folded;
      continue;
    }
    const wave = before === undefined ? 0 : before.wave + 1;
    const place = (waves[wave] ??= []).push(unit) - 1;
    last.set(unit.key as string, { wave, place });
  }
  return waves;
}

/**
 * Puts a later record on top of an earlier one with the same key. The key stays as the earlier one spells it, as in a
 * stored row that is updated.
 */
export function foldUnits(earlier: LoadUnit, later: LoadUnit, targets: FoldTargets): LoadUnit {
  return {
    ...later,
    rows: later.rows.map((row, target) => foldRows(earlier.rows[target], row, targets[target])),
    parts: [...partsOf(earlier), ...partsOf(later)],
  };
}

function foldRows(
  earlier: Row | undefined,
  later: Row | undefined,
  target: FoldTargets[number] | undefined,
): Row | undefined {
  if (earlier === undefined || later === undefined) {
    return later ?? earlier;
  }
  const fills = new Set(earlier.fills);
  const values = earlier.values.map((stored, index) => {
    const incoming = later.values[index];
    if (incoming === undefined || target?.plan.columns[index]?.updatable === false) {
      return stored;
    }
    if (!later.fills?.has(index)) {
      fills.delete(index);
      return incoming;
    }
    if (stored === undefined) {
      fills.add(index);
    }
    return stored ?? incoming;
  });
  for (const { index } of target?.key ?? []) {
    values[index] = earlier.values[index];
  }
  const laterExtra = target?.plan.extraUpdatable === false ? undefined : later.extra;
  const extra = earlier.extra === undefined ? laterExtra : new Map([...earlier.extra, ...(laterExtra ?? [])]);
  const special = earlier.special === undefined ? later.special : [...earlier.special, ...(later.special ?? [])];
  return { values, fills: fills.size === 0 ? undefined : fills, special, extra };
}
