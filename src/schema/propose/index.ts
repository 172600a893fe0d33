export { type FieldPromotion, type LeftInExtra, promoteFields, returnFields } from './promote-fields.js';
