// Preloaded into the process under measure: at its end, writes the most memory it ever held, in kilobytes.
import { writeFileSync } from 'node:fs';

process.on('exit', () => {
  writeFileSync(process.env.HARBOR_BENCH_PEAK_FILE, String(process.resourceUsage().maxRSS));
});
