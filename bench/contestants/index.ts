import { bareCopy } from './bare-copy.js';
import type { Contestant } from './contestant.js';
import { dltContestants } from './dlt.js';
import { floor } from './floor.js';
import { harbor } from './harbor.js';
import { queryBuilders } from './query-builders.js';
import { typeormByShape, typeormSave, typeormUpsert } from './typeorm.js';

export { bareCopy, harbor, typeormByShape };
export type { Contestant };

/** Contestants of the cases `first` and `change`, in this order. */
export const contestants: readonly Contestant[] = [
  harbor,
  floor,
  typeormUpsert,
  typeormSave,
  ...queryBuilders,
  ...dltContestants,
];

export const FLOOR = floor.name;
export const TYPEORM_UPSERT = typeormUpsert.name;
/** The goal compares with the best of these. */
export const OTHER_NODE_CONTESTANTS = [typeormUpsert, typeormSave, ...queryBuilders].map(({ name }) => name);
export const DLT_CONTESTANTS = dltContestants.map(({ name }) => name);
