import type { Bench, CaseReport } from '../bench.js';
import { runGrowth } from './growth.js';
import { runHybrid } from './hybrid.js';
import { runChange, runFirst } from './merge.js';
import { runOverhead } from './overhead.js';
import { runSame } from './same.js';
import { runSparse } from './sparse.js';

export interface Case {
  readonly name: string;
  readonly run: (bench: Bench) => Promise<CaseReport>;
  /** Whether it uses the records of the run, not its own. */
  readonly takesRecords: boolean;
  /** Whether all contestants take part. */
  readonly takesAll: boolean;
}

/** All cases, in execution order. */
export const cases: readonly Case[] = [
  { name: 'first', run: runFirst, takesRecords: true, takesAll: true },
  { name: 'change', run: runChange, takesRecords: true, takesAll: true },
  { name: 'same', run: runSame, takesRecords: true, takesAll: false },
  { name: 'sparse', run: runSparse, takesRecords: true, takesAll: false },
  { name: 'hybrid', run: runHybrid, takesRecords: false, takesAll: false },
  { name: 'growth', run: runGrowth, takesRecords: false, takesAll: false },
  { name: 'overhead', run: runOverhead, takesRecords: true, takesAll: false },
];
