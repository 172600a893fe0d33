/** Formats of the files that shards load. */
export type ShardFormat = 'jsonl' | 'json' | 'csv';

/** Of so many records one has a wrong type, one no key, and one is no record. */
const [WRONG_EVERY, KEYLESS_EVERY, BROKEN_EVERY] = [211, 307, 503];

/** A file of records whose keys repeat, with some that are rejected; one record a line. */
export function shardFile(format: ShardFormat, records: number): string {
  const keys = Math.ceil(records * 0.8);
  const lines = Array.from({ length: records }, (_, n) => {
    const id = n % KEYLESS_EVERY === 9 ? '' : `t3_${n % keys}`;
    const comments = n % WRONG_EVERY === 5 ? 'many' : String(n);
    if (format === 'csv') {
      return n % BROKEN_EVERY === 7 ? `${id},one cell too many,1,2` : `${id},"from line ${n}, grün",${comments}`;
    }
    if (n % BROKEN_EVERY === 7) {
      return format === 'json' ? String(n) : `{"submission_id": "${id}"`;
    }
    return JSON.stringify({
      submission_id: id,
      title: `from line ${n}`,
      num_comments: comments,
      [`extra ${n % 3}`]: n,
    });
  });
  switch (format) {
    case 'csv':
      return `submission_id,title,num_comments\n${lines.join('\n')}\n`;
    case 'json':
      return `[${lines.join(',\n')}]`;
    case 'jsonl':
      return `${lines.join('\n')}\n`;
  }
}

/** What a load has left behind, but for its ids and times: its rows, its rejected records, its counts. */
export const LEFT_BEHIND = `
  SELECT (SELECT md5(string_agg(ROW(submission_id, title, num_comments, extra)::text, ',' ORDER BY submission_id COLLATE "C"))
            FROM submissions) AS rows,
         (SELECT md5(string_agg(ROW(position, reason, column_name, record_key, raw)::text, ',' ORDER BY position))
            FROM storage_rejected_records) AS rejected,
         (SELECT count(*)::integer FROM storage_rejected_records) AS rejects,
         (SELECT count(*)::integer FROM submissions) AS keys,
         l.status, l.received::integer, l.inserted::integer, (l.updated + l.unchanged + l.duplicates)::integer AS again,
         l.rejected::integer AS "rejectedCount", l.failed::integer, l.unknown_fields AS unknown
    FROM storage_loads AS l`;
