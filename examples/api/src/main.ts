// The entry in production: `node dist/main.js`, with the environment variables of config.ts.
import 'reflect-metadata';

import { start } from './start.js';

await start();
