import type { OpportunityRecord } from './opportunity.record.js';
import type { ProfileRecord } from './profile.record.js';

/**
 * What comes in for both tables at once. With a `problem_description` it feeds `app_opportunities` and `submissions`,
 * without one only `submissions`. Keys may be property names or column names, and these fallback fields, first present wins:
 * core_functions ← function_list ← functions; monetization_score ← llm_monetization_score ← willingness_to_pay_score;
 * submission_id ← reddit_id; final_score ← opportunity_score ← total_score ← overall_score (fills an empty one only).
 */
export type HybridRecord = { [Field in keyof Fields]?: Fields[Field] | undefined };

type Fields = OpportunityRecord & ProfileRecord;
