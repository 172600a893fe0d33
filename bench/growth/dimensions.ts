import { GrowthTable, type TableShape } from './growth-table.js';
import type { Bench } from '../bench.js';
import { bigintKey, type KeyKind, keyKinds } from './keys.js';
import { Loaders } from './loaders.js';
import { measurePoint, type Meter, type Point } from './measure.js';

/** One thing that grows while the others stay as they are. */
export interface Dimension {
  /** Head of its column. */
  readonly name: string;
  readonly title: string;
  readonly points: readonly Point[];
}

/** Rows of a load, and of one whose batches vary. */
const ROWS = 20_000;
const ROWS_OF_BATCHES = 100_000;
const WIDTHS = [100, 1_000, 10_000];
const INDEXES = [0, 1, 3, 8];
const BATCH_SIZES = [200, 1_000, 5_000, 20_000, 50_000];
const LOADERS = [1, 2, 4, 8];
const PARTITIONS = [1, 10, 100, 1_000];

/** What holds where nothing else is said. */
const SHAPE: TableShape = { key: bigintKey, width: 200, numbers: 2, partitions: 0 };

/** Measures a dimension on a table of its own. */
class Plan {
  readonly points: Point[] = [];

  constructor(
    private readonly meter: Meter,
    /** Largest number of stored rows; fewer than a load has make the loads smaller, too. */
    readonly most: number,
  ) {}

  /** A hundredth of the largest table, as by default 50,000 rows. */
  get usual(): number {
    return part(this.most, 100);
  }

  async create(shape: Partial<TableShape>, stored = this.usual): Promise<GrowthTable> {
    const table = await GrowthTable.create(this.meter.client, { ...SHAPE, ...shape });
    await this.grow(table, stored);
    return table;
  }

  async grow(table: GrowthTable, stored: number): Promise<void> {
    this.meter.onProgress(`filling a table of ${stored.toLocaleString('en-US')} rows`);
    await table.grow(stored);
  }

  async measure(
    table: GrowthTable,
    value: number | string,
    { rows = ROWS, ...order }: { readonly rows?: number; readonly loaders?: number; readonly batchSize?: number } = {},
  ): Promise<void> {
    const smaller = Math.min(rows, this.most);
    this.points.push(await measurePoint(this.meter, table, { loaders: 1, ...order, value, rows: smaller }));
  }
}

type DimensionPlan = Omit<Dimension, 'points'> & { readonly measure: (plan: Plan) => Promise<void> };

/** Measures all dimensions, one after the other. */
export async function* measureDimensions(
  { url, signal, ...meter }: Omit<Meter, 'loaders'> & Pick<Bench, 'url' | 'signal'>,
  most: number,
): AsyncGenerator<Dimension> {
  for (const { name, title, measure } of [...keyKinds.map(storedBy), ...OTHERS]) {
    // Processes of its own, because they know only the largest peak of their life.
    const loaders = new Loaders({ url, signal });
    const plan = new Plan({ ...meter, loaders, onProgress: (text) => meter.onProgress(`${title}: ${text}`) }, most);
    try {
      await measure(plan);
    } finally {
      await loaders.close();
    }
    yield { name, title, points: plan.points };
  }
}

function storedBy(key: KeyKind): DimensionPlan {
  return {
    name: 'rows stored',
    title: `rows stored before, key ${key.name}`,
    measure: async (plan) => {
      const sizes = [500, 50, 5, 1].map((divisor) => part(plan.most, divisor));
      const table = await plan.create({ key }, sizes[0]);
      for (const size of sizes) {
        await plan.grow(table, size);
        await plan.measure(table, size);
      }
    },
  };
}

const OTHERS: readonly DimensionPlan[] = [
  {
    name: 'bytes',
    title: 'bytes of a row',
    measure: async (plan) => {
      for (const width of WIDTHS) {
        await plan.measure(await plan.create({ width }), width);
      }
    },
  },
  {
    name: 'indexes',
    title: 'indexes besides the key, on scattered numbers; a fifth of the rows stored before',
    measure: async (plan) => {
      const table = await plan.create({ numbers: Math.max(...INDEXES) }, part(plan.most, 5));
      for (const indexes of INDEXES) {
        await table.addIndexes(indexes);
        await plan.measure(table, indexes);
      }
    },
  },
  {
    name: 'batch size',
    title: 'records of a batch',
    measure: async (plan) => {
      const table = await plan.create({});
      for (const batchSize of BATCH_SIZES.filter((size) => size <= plan.most)) {
        await plan.measure(table, batchSize, { batchSize, rows: ROWS_OF_BATCHES });
      }
    },
  },
  {
    name: 'loaders',
    title: 'loaders at once, each a process with other keys',
    measure: async (plan) => {
      const table = await plan.create({});
      for (const loaders of LOADERS.filter((count) => count <= plan.usual)) {
        await plan.measure(table, loaders, { loaders });
      }
    },
  },
  {
    name: 'partitions',
    title: 'partitions by hash of the key; 0 is a plain table',
    measure: async (plan) => {
      for (const partitions of [0, ...PARTITIONS.filter((count) => count <= plan.usual)]) {
        await plan.measure(await plan.create({ partitions }), partitions);
      }
    },
  },
];

function part(rows: number, divisor: number): number {
  return Math.max(1, Math.round(rows / divisor));
}
