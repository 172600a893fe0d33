import type { OpportunityInput, ProfileInput } from './table-records.js';

/**
 * A record for both tables. With a `problem_description` it is stored in `app_opportunities` and `submissions`, otherwise
 * only in `submissions`. Keys may be property names or column names, or these fallback fields (the first present wins):
 * core_functions ← function_list ← functions; monetization_score ← llm_monetization_score ← willingness_to_pay_score;
 * submission_id ← reddit_id; final_score ← opportunity_score ← total_score ← overall_score (fills an empty one only).
 */
export interface HybridRecord extends OpportunityInput, ProfileInput {}
