// The words that the sources and the documentation avoid, because readers have to decode them.

/** Technical terms and quotations that contain one of the words. */
const TERMS = [/ECONNREFUSED/g, /connections? refused/gi, /pg_shadow/g, /no-shadow/g];

/** The word, and what to say instead. */
const WORDS = [
  [/refus(?:ed|es|e|al|ing)/i, 'reject'],
  [/(?<![a-z])mend(?:s|ed|ing)?(?![a-z])/i, 'fix'],
  [/shadow/i, 'staging table, or hide'],
  [/\bstage[- ]tables?\b/i, 'staging table'],
  [/\bstand(?:s|ing)?[- ]ins?\b|standIns?\b/i, 'fallback field'],
  [/\bh(?:e|o)ld(?:s|ing)? back\b|heldBack/i, 'blocked keys, or keep'],
  [/\b(?:go|goes|going|went) on\b/i, 'resume, or continue'],
  [/\bcuts? off\b|\bcut-off\b/i, 'interrupted, or truncated'],
  [/\bdone once\b|\bonce, and (?:on|goes)\b/i, 'idempotent'],
  [/\b(?:is|are|was|were) in(?=[.,;:)]| (?:already|after all|all the same|by now)\b)/i, 'committed'],
  [/\bnot known to be in\b|\bwhether .{1,40}\bis in\b(?! (?:a|an|the|its|another|one)\b)/i, 'commit outcome unknown'],
  [/\b(?:try|tries|tried|trying) (?:it )?again\b/i, 'retry'],
  [/\b(?:take|takes|took|taken|taking) (?:it )?back\b/i, 'roll back'],
  [/\bin the place of\b/i, 'instead of'],
  [/\bin the way\b/i, 'name what blocks it'],
  [/\bin hand\b/i, 'current'],
  [/\bdealt with\b/i, 'processed'],
  [/\bno column knows\b/i, 'fields without a column'],
  [/\bhow manieth\b/i, 'the number'],
  [/\bwithout a word\b/i, 'silently'],
  [/\bthe way out\b/i, 'what to do'],
  [/\bthe database does not fit\b/i, 'Database schema mismatch'],
  [/\bthe command cannot be right\b/i, 'Usage error; nothing was executed'],
  [/\bevery record was in\b/i, 'No changes: all records already up to date'],
  [/\bfor what can be given\b/i, 'Run with --help for usage'],
  [/\bnot tried: it has keys\b/i, 'Skipped: shares keys with a failed batch'],
  [/\bcannot be looked at\b/i, 'Could not read the table schema'],
  [/\bkept out of .{1,60} by a trigger\b|\bnothing tells\b/i, 'Rows suppressed by a trigger or rule'],
  [/\bno primary key a record could carry\b/i, 'Merge needs a unique key: set primaryKey'],
  [/\bfrom where it was\b/i, 'resume after the last committed batch'],
  [/\btell (?:its|the|two|their) \w+ apart\b/i, 'distinguish, or identify'],
];

/** The avoided words in a line. */
export function findWords(line) {
  const text = TERMS.reduce((rest, term) => rest.replace(term, ''), line);
  return WORDS.flatMap(([word, say]) => {
    const found = word.exec(text);
    return found === null ? [] : [{ word: found[0], say }];
  });
}
