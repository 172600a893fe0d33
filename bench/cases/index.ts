import type { Bench, CaseReport } from '../bench.js';
import { runFile } from './file.js';
import { runGrowth } from './growth.js';
import { runLength } from './length.js';
import { runChange, runFirst } from './merge.js';
import { runOverhead } from './overhead.js';
import { runPartitions } from './partitions.js';
import { runFifth, runRefresh } from './refresh.js';
import { runSame } from './same.js';
import { runSmall, runSmallDelayed } from './small.js';
import { runSparse } from './sparse.js';

export interface Case {
  readonly name: string;
  readonly run: (bench: Bench) => Promise<CaseReport>;
  /** Whether it uses the records of the run, not its own. */
  readonly takesRecords?: boolean;
  /** Which of the chosen contestants take part. */
  readonly contestants: 'all' | 'not the slow ones' | 'none';
  /** Whether it runs the built command line. */
  readonly needsBuild?: boolean;
  /** Its numbers when none are given, in place of those of the goals. */
  readonly own?: { readonly rows: number; readonly rounds?: number };
  /** Whether it runs only when it is named, because it is long. */
  readonly onlyByName?: boolean;
}

/** All cases, in execution order. */
export const cases: readonly Case[] = [
  { name: 'first', run: runFirst, takesRecords: true, contestants: 'all' },
  { name: 'change', run: runChange, takesRecords: true, contestants: 'not the slow ones' },
  { name: 'same', run: runSame, takesRecords: true, contestants: 'none' },
  { name: 'fifth', run: runFifth, takesRecords: true, contestants: 'not the slow ones' },
  { name: 'sparse', run: runSparse, takesRecords: true, contestants: 'none' },
  { name: 'small', run: runSmall, contestants: 'none' },
  { name: 'small-delayed', run: runSmallDelayed, contestants: 'none' },
  { name: 'length', run: runLength, contestants: 'none', needsBuild: true },
  { name: 'refresh', run: runRefresh, takesRecords: true, contestants: 'not the slow ones' },
  { name: 'file', run: runFile, takesRecords: true, contestants: 'not the slow ones', needsBuild: true },
  { name: 'overhead', run: runOverhead, takesRecords: true, contestants: 'none' },
  { name: 'partitions', run: runPartitions, contestants: 'none', own: { rows: 1_000_000 }, onlyByName: true },
  {
    name: 'growth',
    run: runGrowth,
    contestants: 'none',
    needsBuild: true,
    own: { rows: 5_000_000, rounds: 3 },
    onlyByName: true,
  },
];
