/**
 * Rules judged otherwise than by the oracle:
 * - mended by name, because the published expression contradicts its own text: app-4, bdl-8;
 * - the oracle takes `matches` for a search within the text, R4's tools for the whole: eld-*, sdf-19 and the `-0` rules;
 * - a comparison that cannot be made breaks no rule here, and is an empty answer there: per-1, inv-1, mdd-1, ras-2, rng-2.
 */
export const otherwise =
  /^(app-4|bdl-8|eld-3|eld-16|eld-19|eld-20|sdf-19|\w+-0|per-1|inv-1|mdd-1|ras-2|rng-2)$/
