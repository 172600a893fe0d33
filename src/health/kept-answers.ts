/** An answer, or the question that is under way. */
interface Kept {
  readonly answer: Promise<unknown>;
  /** When it is asked again, by `performance.now()`. */
  until: number;
}

/** Answers to questions: callers at the same time share one, and it is kept for some time. Failures are not kept. */
export class KeptAnswers {
  private readonly kept = new Map<string, Kept>();

  /**
   * @param question - its name
   * @param waitMs - a question that takes longer is asked anew by the next caller
   * @param keepMs - for how long an answer is kept
   */
  async get<T>(question: string, ask: () => Promise<T>, waitMs: number, keepMs: number): Promise<T> {
    const now = performance.now();
    for (const [name, { until }] of this.kept) {
      if (until <= now) {
        this.kept.delete(name);
      }
    }
    const known = this.kept.get(question);
    if (known !== undefined) {
      return known.answer as Promise<T>;
    }
    const answer = ask();
    const asked: Kept = { answer, until: now + waitMs };
    this.kept.set(question, asked);
    try {
      await answer;
      asked.until = performance.now() + keepMs;
    } catch {
      asked.until = 0;
    }
    return answer;
  }
}
