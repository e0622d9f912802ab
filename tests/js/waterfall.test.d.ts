/** The waterfall: where rows and segments stand, and what is painted when. */
export {};
