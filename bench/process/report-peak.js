// Preloaded into the measured process: at its end, writes its peak memory in kilobytes.
import { writeFileSync } from 'node:fs';

process.on('exit', () => {
  writeFileSync(process.env.HARBOR_BENCH_PEAK_FILE, String(process.resourceUsage().maxRSS));
});
