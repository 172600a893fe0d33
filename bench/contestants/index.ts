import { bareCopy } from './bare-copy.js';
import type { Contestant } from './contestant.js';
import { dltContestants } from './dlt.js';
import { floor } from './floor.js';
import { harbor } from './harbor.js';
import { harborCli } from './harbor-cli.js';
import { queryBuilders } from './query-builders.js';
import { sling } from './sling.js';
import { typeormByShape, typeormSave, typeormUpsert } from './typeorm.js';

export { bareCopy, harbor, harborCli, typeormByShape };
export type { Contestant };

/** Contestants that can be chosen, in this order. */
export const contestants: readonly Contestant[] = [
  harbor,
  floor,
  typeormUpsert,
  typeormSave,
  ...queryBuilders,
  ...dltContestants,
  sling,
];

export const FLOOR = floor.name;
export const SLING = sling.name;
export const TYPEORM_UPSERT = typeormUpsert.name;
/** The goal compares with the best of these. */
export const OTHER_NODE_CONTESTANTS = [typeormUpsert, typeormSave, ...queryBuilders].map(({ name }) => name);
export const DLT_CONTESTANTS = dltContestants.map(({ name }) => name);
/** Beside this package where an upsert is enough to compare with. */
export const REFERENCES: ReadonlySet<string> = new Set([harbor.name, FLOOR, TYPEORM_UPSERT]);
