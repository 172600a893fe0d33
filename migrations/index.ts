import { CreateStorageTables1764000000000 } from './1764000000000-create-storage-tables.js';
import { AddLoadAttempts1764100000000 } from './1764100000000-add-load-attempts.js';

/** The schema of this package, oldest first: what a DataSource of your own lists in `migrations`. */
export const storageMigrations = [CreateStorageTables1764000000000, AddLoadAttempts1764100000000];
