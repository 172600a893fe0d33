export { type FieldPromotion, promoteFields, returnFields } from './promote-fields.js';
export { narrowColumns, type TableWidening, widenColumns } from './widen-columns.js';
