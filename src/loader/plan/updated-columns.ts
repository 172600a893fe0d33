import { InvalidOptionError } from '../../errors/index.js';
import { nearestName } from '../../errors/nearest-name.js';
import type { ResolvedLoadOptions } from '../model/load-options.js';
import type { Field, LoadPlan } from '../model/load-plan.js';

/** Columns as options of a load name them. */
interface NamedColumns {
  /** Their places in a row. */
  readonly places: ReadonlySet<number>;
  /** The extra column is one of them. */
  readonly extra: boolean;
}

const NONE: NamedColumns = { places: new Set(), extra: false };

/**
 * The plan with the columns that this load may change in stored rows: new rows take all. An insert is a merge that changes
 * none, so no row is too old for it.
 * @throws InvalidLoadError when the entity has no such column
 */
export function withUpdatedColumns(plan: LoadPlan, options: ResolvedLoadOptions): LoadPlan {
  const { disposition, updateColumns, keepColumns } = options;
  if (disposition === 'insert') {
    return { ...restrict(plan, NONE, true), newerBy: undefined };
  }
  if (updateColumns !== undefined) {
    return restrict(plan, findColumns(plan, 'updateColumns', updateColumns), true);
  }
  return keepColumns === undefined ? plan : restrict(plan, findColumns(plan, 'keepColumns', keepColumns), false);
}

/** @param areUpdated - the columns are the only ones that are updated; else all others are */
function restrict(plan: LoadPlan, { places, extra }: NamedColumns, areUpdated: boolean): LoadPlan {
  const columns = plan.columns.map((column) => ({
    ...column,
    updatable: column.updatable && places.has(column.index) === areUpdated,
  }));
  return { ...plan, columns, extraUpdatable: extra === areUpdated };
}

function findColumns(plan: LoadPlan, option: string, names: readonly string[]): NamedColumns {
  const places = new Set<number>();
  let extra = false;
  const add = (field: Field | undefined): boolean => {
    switch (field?.kind) {
      case 'column':
        places.add(field.column.index);
        return true;
      case 'relation':
        field.columns.forEach(({ index }) => places.add(index));
        return true;
      case 'embedded':
        return [...field.fields.values()].map(add).some(Boolean);
      case 'extra':
        extra = true;
        return true;
      default:
        return false;
    }
  };
  const nameable = [...plan.fields]
    .filter(([, { kind }]) => kind !== 'fallback' && kind !== 'ignored')
    .map(([name]) => name);
  for (const name of names) {
    // A column in an embedded class has a path for its property.
    const column = plan.columns.find(({ property }) => property === name);
    if (!add(plan.fields.get(name)) && !add(column && { kind: 'column', column })) {
      const nearest = nearestName(name, nameable);
      const advice = nearest === undefined ? '' : `. Did you mean ${nearest}?`;
      throw new InvalidOptionError(`${option}: ${plan.entityName} has no column ${name} that records fill${advice}`);
    }
  }
  return { places, extra };
}
